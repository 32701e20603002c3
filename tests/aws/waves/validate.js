// validate: the definitions pass asl-validator. A broken copy of each does not, or the validator would prove nothing.
import validate from 'asl-validator';
import { definition } from './definitions.js';

const check = validate.default ?? validate;
const breaks = [machine => { machine.StartAt = 'Nowhere'; }, machine => { machine.States.Begin.Next = 'Nowhere'; },
    machine => { machine.States.Begin.Type = 'Pas'; }, machine => { machine.States.Begin.Assign.kind = '{% $states.( %}'; }];
let bad = 0;
for (const name of ['plan', 'wave', 'close']) {
    const found = check(definition(name)).errors;
    bad += found.length;
    console.log(name, found);
    for (const one of breaks) {
        const copy = definition(name);
        one(copy);
        if (check(copy).isValid) {
            console.log(`${name}: not refused: ${one}`);
            bad++;
        }
    }
}
process.exitCode = bad ? 1 : 0;
