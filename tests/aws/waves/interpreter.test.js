// The interpreter does what AWS's pages say of JSONata in Step Functions ("Transforming data with JSONata", "Passing data
// between states with variables", "Handling errors", "Service quotas"), and the table what DynamoDB's say.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure, execute } from './asl.js';
import { Clock } from './clock.js';
import { SCHEMA } from './night.js';
import { Table } from './table.js';

const run = (states, input = {}, options = {}) =>
    execute({ StartAt: Object.keys(states)[0], States: states, ...options.machine }, input, { handlers: {}, clock: new Clock(0), ...options });
const passed = async (output, input, assign) => {
    const ended = await run({ First: { Type: 'Pass', Assign: assign, Next: 'Last' }, Last: { Type: 'Pass', Output: output, End: true } }, input);
    return ended.error ?? ended.output;
};

test('the page\'s sample: expressions inside {% %}, everything else is text', async () => {
    assert.deepEqual(await passed({ static: 'Hello', title: '{% $states.input.title %}', name: '{% $customerName %}', 'not-evaluated': '$customerName' },
        { title: 'Doctor' }, { customerName: 'María' }), { static: 'Hello', title: 'Doctor', name: 'María', 'not-evaluated': '$customerName' });
});

test('the functions that Step Functions adds', async () => {
    for (const [text, wanted] of [
        ['$partition([1,2,3,4], 2)', [[1, 2], [3, 4]]], ['$partition([1,2,3,4,5], 2)', [[1, 2], [3, 4], [5]]],
        ['$range(0, 10, 2)', [0, 2, 4, 6, 8, 10]], ['$range(5, 1, -2)', [5, 3, 1]],
        ['$hash("input data", "SHA-1")', 'aaff4a450a104cd177d28d18d74485e8cae074b7'],
        ['$parse("{\\"a\\":[1]}")', { a: [1] }], ['$random(7) = $random(7)', true], ['$random() < 1', true],
        ['$length($uuid())', 36], ['$millis()', 0], ['$now()', '1970-01-01T00:00:00.000Z'],
        ['$now("[Y0001]-[M01]")', '1970-01'], ['$eval("1")', 'States.QueryEvaluationError'],
        ['$hash("x", "CRC")', 'States.QueryEvaluationError'], ['$partition([1], 0)', 'States.QueryEvaluationError'],
    ])
        assert.deepEqual(await passed(`{% ${text} %}`), wanted, text);
});

test('an expression without a value is an error, and so is a bad one', async () => {
    for (const text of ['$states.input.none', '$nothing', 'function($x) { $x }', '1 + "a"'])
        assert.equal(await passed({ a: `{% ${text} %}` }), 'States.QueryEvaluationError', text);
    assert.equal(await passed('{% null %}'), null);
});

test('all of Assign is evaluated with the values of before', async () => {
    const ended = await run({ One: { Type: 'Pass', Assign: { x: 3, a: 6 }, Next: 'Two' },
        Two: { Type: 'Pass', Assign: { x: '{% $a %}', nextX: '{% $x %}' }, Next: 'Three' },
        Three: { Type: 'Pass', Output: '{% [$x, $nextX] %}', End: true } });
    assert.deepEqual(ended.output, [6, 3]);
});

const each = (inner, more) => ({ Type: 'Map', Items: '{% [1, 2, 3] %}', ItemProcessor: { StartAt: 'In', States: { In: inner } }, ...more });

test('a Map reads the variables around it, has its own, and cannot set those of outside', async () => {
    const first = { Type: 'Pass', Assign: { x: 10 }, Next: 'Each' };
    let ended = await run({ First: first, Each: each({ Type: 'Pass', Output: '{% $x + $states.input %}', End: true }, { End: true }) });
    assert.deepEqual(ended.output, [11, 12, 13]);
    ended = await run({ First: first, Each: each({ Type: 'Pass', Assign: { x: 1 }, End: true }, { End: true }) });
    assert.equal(ended.error, 'States.Runtime');
    ended = await run({ Each: each({ Type: 'Pass', Assign: { y: 1 }, End: true }, { Next: 'After' }), After: { Type: 'Pass', Output: '{% $y %}', End: true } });
    assert.equal(ended.error, 'States.QueryEvaluationError');
});

test('Choice takes the first that is true; Default has the state\'s Assign', async () => {
    const states = { C: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.n > 5 %}', Assign: { a: 'big' }, Next: 'E' }], Default: 'E', Assign: { a: 'small' } },
        E: { Type: 'Pass', Output: '{% $a %}', End: true } };
    assert.equal((await run(states, { n: 6 })).output, 'big');
    assert.equal((await run(states, { n: 5 })).output, 'small');
    delete states.C.Default;
    assert.equal((await run(states, { n: 5 })).error, 'States.NoChoiceMatched');
});

const failing = (errors, clock) => ({ clock, random: () => 1, handlers: { 'x:y': async () => {
    if (errors.length)
        throw new Failure(errors.shift(), 'why');
    return { ok: true };
} } });
const TASK = { Type: 'Task', Resource: 'arn:aws:states:::aws-sdk:x:y', End: true };

test('Retry: the first rule that names the error, with its own count and growing pauses', async () => {
    const clock = new Clock(0), rules = [{ ErrorEquals: ['A'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 3, MaxDelaySeconds: 3 }];
    assert.deepEqual((await run({ T: { ...TASK, Retry: rules } }, {}, failing(['B', 'B', 'B'], clock))).output, { ok: true });
    assert.equal(clock.now, (1 + 2 + 3) * 1000);
    assert.equal((await run({ T: { ...TASK, Retry: rules } }, {}, failing(['B', 'B', 'B', 'B'], new Clock(0)))).error, 'B');
    assert.equal((await run({ T: { ...TASK, Retry: rules } }, {}, failing(['A'], new Clock(0)))).error, 'A');
});

test('Catch has the error and its cause; States.ALL does not name States.DataLimitExceeded', async () => {
    const caught = { Catch: [{ ErrorEquals: ['States.ALL'], Output: '{% $states.errorOutput %}', Next: 'E' }] }, states = { T: { ...TASK, ...caught }, E: { Type: 'Succeed' } };
    assert.deepEqual((await run(states, {}, failing(['B'], new Clock(0)))).output, { Error: 'B', Cause: 'why' });
    assert.equal((await run(states, {}, failing(['States.DataLimitExceeded'], new Clock(0)))).error, 'States.DataLimitExceeded');
    assert.deepEqual((await run({ T: { ...TASK, ...caught, Arguments: '{% $none %}' }, E: { Type: 'Succeed', Output: 'e' } }, {}, failing([], new Clock(0)))).output, 'e');
});

test('limits: 256 KiB of payload, 25,000 events, TimeoutSeconds', async () => {
    assert.equal(await passed('{% $pad("", 262142) %}'), ' '.repeat(262142));
    assert.equal(await passed('{% $pad("", 262143) %}'), 'States.DataLimitExceeded');
    const loop = { L: { Type: 'Pass', Next: 'L' } };
    assert.match((await run(loop)).cause, /25000 events/);
    const wait = { W: { Type: 'Wait', Seconds: 4, Next: 'W' } };
    assert.equal((await run(wait, {}, { machine: { TimeoutSeconds: 10 } })).error, 'States.Timeout');
});

test('MaxConcurrency: side by side, in virtual time, and results in order', async () => {
    const clock = new Clock(0), wait = { Type: 'Wait', Seconds: '{% 4 - $states.input %}', End: true };
    const ended = await run({ M: each(wait, { MaxConcurrency: 2, End: true }) }, {}, { clock });
    assert.deepEqual([ended.output, clock.now], [[1, 2, 3], 3000]);
});

let table;

test('a transaction is all or none: a condition that fails leaves every item as it was', async () => {
    table = await Table.start({ TableName: 'table', ...SCHEMA });
    const update = (unit, seen, state) => ({ Update: { TableName: 'table', Key: { run: { S: 'r' }, unit: { S: unit } }, UpdateExpression: 'SET #s = :s',
        ...seen ? { ConditionExpression: '#s = :seen' } : {}, ExpressionAttributeNames: { '#s': 'state' },
        ExpressionAttributeValues: { ':s': { S: state }, ...seen ? { ':seen': { S: seen } } : {} } } });
    const states = async () => (await table.items('table', 'r')).map(item => item.state.S);
    await table.transaction({ TransactItems: [update('a', '', '1'), update('b', '', '1')] });
    await assert.rejects(table.transaction({ TransactItems: [update('a', '1', '2'), update('b', '9', '2')] }), { errorName: 'DynamoDb.TransactionCanceledException' });
    assert.deepEqual(await states(), ['1', '1']);
    await table.transaction({ TransactItems: [update('a', '1', '2'), update('b', '1', '2')] });
    assert.deepEqual(await states(), ['2', '2']);
    await assert.rejects(table.transaction({ TransactItems: [update('a', '', '3'), update('a', '', '4')] }), { errorName: 'DynamoDb.ValidationException' });
    await assert.rejects(table.transaction({ TransactItems: Array(101).fill(update('a', '', '3')) }), { errorName: 'DynamoDb.ValidationException' });
});
