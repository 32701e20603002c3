// cfn-validate.js FILE...: CloudFormation's own validator. Each finding is a line; exits 1 for errors, and for a wrong
// enum value (W3030), which the validator only warns of.
import { RegoEngine, TemplateFile } from '@aws/cloudformation-validate';

const engine = new RegoEngine({});
let bad = 0;
for (const file of process.argv.slice(2)) {
    for (const found of engine.validateStandard(new TemplateFile(file)).diagnostics) {
        const wrong = ['FATAL', 'ERROR'].includes(found.severity) || found.ruleId === 'W3030';
        if (found.severity === 'INFO')
            continue;
        console.log(`${file}: ${found.severity} ${found.ruleId} ${found.entity?.logicalId ?? ''} ${found.message}`);
        bad += wrong;
    }
}
process.exitCode = bad ? 1 : 0;
