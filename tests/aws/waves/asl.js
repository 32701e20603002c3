// asl: runs a state machine written in JSONata as Step Functions does, with the real expressions, against handlers.
//
//     const run = await execute(definition, input, { handlers, clock, context, killAfter });
//     run.output, or run.error and run.cause; run.events, run.calls, run.largest
//
// handlers['dynamodb:query'](arguments, roleArn) returns the result of a call, or throws a Failure. What AWS's pages
// say, and many stand-ins do not: an expression without a value is an error, all of Assign is evaluated before any of it
// is assigned, a Map can read the variables around it and not set them, and payloads and history have limits.
import { createHash, randomUUID } from 'node:crypto';
import jsonata from 'jsonata';

export class Failure extends Error {
    constructor(name, cause) {
        super(cause);
        this.errorName = name;
    }
}

// Service quotas of standard workflows.
const PAYLOAD = 256 * 1024, HISTORY = 25000;
// An error that no Retry and no Catch names with States.ALL or States.TaskFailed.
const TERMINAL = ['States.DataLimitExceeded', 'States.Runtime'];

function range(first, last, step) {
    const count = Math.floor((last - first) / step) + 1;
    if (!(count <= 1000))
        throw new Error('$range gives at most 1,000 values');
    return Array.from({ length: Math.max(0, count) }, (_, i) => first + i * step);
}

function parted(list, size) {
    if (!(size > 0) || !Number.isInteger(size))
        throw new Error('$partition needs a whole number above 0');
    return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

function hash(text, name = 'SHA-256') {
    const node = { 'MD5': 'md5', 'SHA-1': 'sha1', 'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512' }[name];
    if (!node)
        throw new Error(`$hash knows no ${name}`);
    return createHash(node).update(text).digest('hex');
}

// random: with a seed the same number each time.
const random = seed => seed === undefined ? Math.random() : parseInt(hash(String(seed)).slice(0, 8), 16) / 2 ** 32;

const FUNCTIONS = {
    partition: [parted, '<an:a>'], range: [range, '<nnn:a<n>>'], hash: [hash, '<ss?:s>'],
    random: [random, '<n?:n>'], uuid: [() => randomUUID(), '<:s>'], parse: [text => JSON.parse(text), '<s:x>'],
    eval: [() => { throw new Error('$eval is not supported'); }, '<sx?:x>'],
};

const compiled = new Map();

function expression(text) {
    if (!compiled.has(text)) {
        const made = jsonata(text);
        for (const [name, [code, signature]] of Object.entries(FUNCTIONS))
            made.registerFunction(name, code, signature);
        compiled.set(text, made);
    }
    return compiled.get(text);
}

async function value(text, states, scope, run) {
    const time = { millis: () => run.clock.now, now: (...given) => run.nowText(...given) };
    let result;
    try {
        result = await expression(text).evaluate(undefined, { states, ...scope.all(), ...time });
    } catch (error) {
        throw new Failure('States.QueryEvaluationError', `${text}: ${error.message}`);
    }
    if (result === undefined || typeof result === 'function' || result?._jsonata_lambda)
        throw new Failure('States.QueryEvaluationError', `${text}: no value`);
    return JSON.parse(JSON.stringify(result));
}

// evaluated: a field of a state, with the expressions in it replaced.
async function evaluated(field, states, scope, run) {
    if (typeof field === 'string' && field.startsWith('{%') && field.endsWith('%}'))
        return value(field.slice(2, -2).trim(), states, scope, run);
    if (field === null || typeof field !== 'object')
        return field;
    const made = Array.isArray(field) ? [] : {};
    for (const [key, inner] of Object.entries(field))
        made[key] = await evaluated(inner, states, scope, run);
    return made;
}

class Scope {
    constructor(outer) {
        Object.assign(this, { outer, own: {} });
    }

    all() {
        return { ...this.outer?.all(), ...this.own };
    }

    assign(made) {
        for (const name of Object.keys(made))
            if (this.outer && name in this.outer.all())
                throw new Failure('States.Runtime', `variable ${name} is one of the scope around this one`);
        Object.assign(this.own, made);
    }
}

function bounded(made, what, run) {
    const size = Buffer.byteLength(JSON.stringify(made) ?? '');
    run.largest = Math.max(run.largest, size);
    if (size > PAYLOAD)
        throw new Failure('States.DataLimitExceeded', `${what} has ${size} bytes`);
    return made;
}

function happened(run, count) {
    run.events += count;
    if (run.events > HISTORY)
        run.ended ??= new Failure('States.Runtime', `more than ${HISTORY} events in the history`);
    if (run.clock.now > run.deadline)
        run.ended ??= new Failure('States.Timeout', 'TimeoutSeconds of the execution');
    if (run.ended)
        throw run.ended;
}

function matches(rule, error) {
    return rule.ErrorEquals.some(name => name === error.errorName || (!TERMINAL.includes(error.errorName) &&
        (name === 'States.ALL' || (name === 'States.TaskFailed' && error.errorName !== 'States.Timeout'))));
}

async function task(state, states, scope, run) {
    const given = bounded(await evaluated(state.Arguments ?? {}, states, scope, run), 'Arguments', run);
    const role = state.Credentials && (await evaluated(state.Credentials, states, scope, run)).RoleArn;
    const name = state.Resource.replace(/^arn:aws:states:::(aws-sdk:)?/, '');
    happened(run, 2);
    run.calls[name] = (run.calls[name] ?? 0) + 1;
    if (!run.handlers[name])
        throw new Failure('States.Runtime', `no such resource: ${name}`);
    const result = await run.handlers[name](given, role);
    happened(run, 1);
    return bounded(JSON.parse(JSON.stringify(result ?? {})), `the result of ${name}`, run);
}

async function map(state, states, scope, run) {
    const items = state.Items === undefined ? states.input : await evaluated(state.Items, states, scope, run);
    if (!Array.isArray(items))
        throw new Failure('States.Runtime', 'Items is not an array');
    const results = new Array(items.length);
    let next = 0;
    happened(run, 1);
    const lane = async () => {
        while (next < items.length) {
            const index = next++;
            happened(run, 2);
            const context = { ...states.context, Map: { Item: { Index: index, Value: items[index] } } };
            const input = state.ItemSelector === undefined ? items[index] :
                await evaluated(state.ItemSelector, { ...states, context }, scope, run);
            results[index] = await walk(state.ItemProcessor, input, new Scope(scope), run);
        }
    };
    await run.clock.forked(new Array(Math.min(state.MaxConcurrency || 40, items.length)).fill(lane));
    happened(run, 1);
    return results;
}

// acted: what a state does, with its Retry rules.
async function acted(state, states, scope, run) {
    const act = { Task: task, Map: map }[state.Type];
    const tries = new Map();
    for (;;) {
        try {
            return act && await act(state, states, scope, run);
        } catch (error) {
            const rule = error instanceof Failure && !run.ended && (state.Retry ?? []).find(one => matches(one, error));
            const count = tries.get(rule) ?? 0;
            if (!rule || count >= (rule.MaxAttempts ?? 3))
                throw error;
            tries.set(rule, count + 1);
            happened(run, 1);
            const longest = Math.min(rule.MaxDelaySeconds ?? Infinity, (rule.IntervalSeconds ?? 1) * (rule.BackoffRate ?? 2) ** count);
            await run.clock.sleep(1000 * longest * (rule.JitterStrategy === 'FULL' ? run.random() : 1));
        }
    }
}

async function chosen(state, states, scope, run) {
    for (const one of state.Choices)
        if (await evaluated(one.Condition, states, scope, run) === true)
            return one;
    if (!state.Default)
        throw new Failure('States.NoChoiceMatched', 'no choice matched');
    return { Next: state.Default, Assign: state.Assign, Output: state.Output };
}

// step: one state. Returns its output and the next state's name, none at the end.
async function step(state, input, scope, run) {
    let states = { input, context: run.context }, rule = state;
    try {
        const result = await acted(state, states, scope, run);
        if (result !== undefined)
            states = { ...states, result };
    } catch (error) {
        rule = error instanceof Failure && !run.ended && (state.Catch ?? []).find(one => matches(one, error));
        if (!rule)
            throw error;
        states = { ...states, errorOutput: { Error: error.errorName, Cause: error.message } };
    }
    if (state.Type === 'Choice')
        rule = await chosen(state, states, scope, run);
    if (state.Type === 'Wait')
        await run.clock.sleep(1000 * await evaluated(state.Seconds, states, scope, run));
    if (state.Type === 'Fail')
        throw new Failure(await evaluated(state.Error, states, scope, run), await evaluated(state.Cause ?? '', states, scope, run));
    const assigned = await evaluated(rule.Assign ?? {}, states, scope, run);
    const made = rule.Output !== undefined ? await evaluated(rule.Output, states, scope, run) :
        states.result ?? states.errorOutput ?? input;
    for (const [name, one] of Object.entries(assigned))
        bounded(one, `variable ${name}`, run);
    scope.assign(assigned);
    return { output: bounded(made, 'the output', run), next: rule === state && (state.End || state.Type === 'Succeed') ? undefined : rule.Next };
}

async function walk(machine, input, scope, run) {
    for (let name = machine.StartAt; ;) {
        const state = machine.States[name];
        happened(run, 2);
        if (++run.states > run.killAfter)
            throw run.ended = new Failure('Killed', name);
        const { output, next } = await step(state, input, scope, run);
        if (next === undefined)
            return output;
        [name, input] = [next, output];
    }
}

export async function execute(machine, input, { handlers, clock, context = {}, killAfter = Infinity, random = Math.random }) {
    const run = { handlers, clock, context, killAfter, random, events: 1, states: 0, largest: 0, calls: {} };
    run.deadline = clock.now + 1000 * (machine.TimeoutSeconds ?? Infinity);
    run.nowText = (...given) => given.length && given[0] !== undefined ?
        jsonata('$fromMillis($at, $picture, $zone)').evaluate(undefined, { at: clock.now, picture: given[0], zone: given[1] }) :
        new Date(clock.now).toISOString();
    try {
        run.output = await walk(machine, bounded(input, 'the input', run), new Scope(), run);
    } catch (error) {
        if (!(error instanceof Failure))
            throw error;
        // Lanes that were stopped in their midst end with other errors.
        const { errorName, message } = run.ended ?? error;
        Object.assign(run, { error: errorName, cause: message });
    }
    return run;
}
