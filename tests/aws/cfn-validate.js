// cfn-validate.js RULES.guard FILE...: CloudFormation's own validator, with our rules beside its own. Each finding
// is a line; exits 1 for errors, for what our rules refuse, and for a wrong enum value (W3030), which the validator
// only warns of.
import { RegoEngine, RuleFile, TemplateFile } from '@aws/cloudformation-validate';

const [rules, ...files] = process.argv.slice(2);
const engine = new RegoEngine({ guardRules: [new RuleFile(rules)] });
let bad = 0;
for (const file of files) {
    for (const found of engine.validateStandard(new TemplateFile(file)).diagnostics) {
        const wrong = ['FATAL', 'ERROR'].includes(found.severity) || found.ruleId === 'W3030' || found.source === 'GUARD';
        if (found.severity === 'INFO' && !wrong)
            continue;
        console.log(`${file}: ${found.severity} ${found.ruleId} ${found.entity?.logicalId ?? ''} ${found.message}`);
        bad += wrong;
    }
}
process.exitCode = bad ? 1 : 0;
