// Whole nights: plan, waves and close over a table and an organisation. SEEDS nights with random accidents, then one
// night for each case that has a name.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { execute } from './asl.js';
import { Clock } from './clock.js';
import { VALUES, definition } from './definitions.js';
import { HOUR, MINUTE, Night, SCHEMA } from './night.js';
import { Table } from './table.js';

const SEEDS = Number(process.env.SEEDS ?? 30), FIRST = Number(process.env.FIRST_SEED ?? 1);
// An hour of window with 8 of 12 waves planned: enough for accidents, and short.
const SHORT = { Waves: '8', WindowSeconds: '3600' };
let table, made = 0;

before(async () => { table = await Table.start({ TableName: 'unused', ...SCHEMA }); });

async function night(options) {
    const name = `night${++made}`;
    await table.call('CreateTable', { TableName: name, ...SCHEMA });
    await table.ready(name);
    return new Night(table, name, options);
}

const counts = states => Object.fromEntries(Object.entries(states).map(([state, items]) => [state, items.length]));

// kept: what holds for every night, whatever happened.
function kept(one, window = 6 * HOUR) {
    const { organisation, opens } = one, seen = new Map();
    for (const { arn, at } of organisation.restarts) {
        assert.ok(at >= opens && at <= opens + window, `${arn} was restarted outside the window`);
        assert.ok(organisation.all.get(arn).planned ?? organisation.all.get(arn).tagged, `${arn} has no tag`);
        seen.set(arn, (seen.get(arn) ?? 0) + 1);
    }
    for (const [arn, count] of seen)
        assert.equal(count, 1, `${arn} was restarted ${count} times`);
    return seen;
}

// whole: and every service that should be is restarted, and nothing is left.
async function whole(one, window, run) {
    const seen = kept(one, window), states = await one.states(run);
    for (const { arn } of one.organisation.wanted().filter(one => !one.unknown))
        assert.ok(seen.has(arn), `${arn} was not restarted`);
    assert.equal(states.planned, undefined, 'units are still planned');
    assert.equal(states.begun, undefined, 'units are still begun');
    return counts(states);
}

// accidents: a tenth of the waves is lost, killed or doubled, and tags go.
function accidents(one) {
    const { organisation } = one;
    return async wave => {
        const luck = organisation.chance('wave', wave);
        if (wave === 1)
            for (const service of organisation.all.values())
                if (organisation.chance('untag', service.arn) < 0.05 && !organisation.restarts.some(({ arn }) => arn === service.arn))
                    Object.assign(service, { planned: false, tagged: false });
        if (wave >= 9)
            return {};
        return { lost: luck < 0.15, killAfter: luck > 0.6 ? Math.floor(organisation.chance('kill', wave) * 60) : undefined, doubled: luck > 0.4 && luck < 0.75 };
    };
}

test(`${SEEDS} nights: all tagged services once, in the window, no other, whatever waves are lost, killed or doubled`, async () => {
    for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
        const shape = { services: 8 + seed % 9, clusters: 1 + seed % 4, accounts: 1 + seed % 3, throttle: (seed % 4) / 10, slow: 20 + seed % 7 * 300 };
        const one = await night({ seed, shape, values: SHORT });
        try {
            const planned = await one.plan();
            if (seed % 5 === 0)
                assert.deepEqual([(await one.plan()).error, planned.error], [undefined, undefined]);
            const ended = await one.waves('ecs', { to: 60, before: accidents(one) });
            assert.deepEqual(ended.filter(wave => wave.error && !['Killed', 'States.Timeout'].includes(wave.error)).map(wave => wave.error + wave.cause), []);
            await whole(one, HOUR);
            const closed = await one.close('ecs', 130);
            assert.equal(closed.error, undefined, closed.cause);
            assert.equal(closed.output.settled, one.organisation.restarts.length);
        } catch (error) {
            error.message = `seed ${seed}: ${error.message}`;
            throw error;
        }
        await table.call('DeleteTable', { TableName: one.name });
    }
});

test('waves are even, and a plan that is run again changes nothing and tells nobody twice', async () => {
    const one = await night({ shape: { services: 330, clusters: 30, accounts: 5 } });
    await one.plan();
    const first = await table.items(one.name, 'ecs#2026-11-27'), waves = {};
    for (const item of first.filter(item => item.state.S.startsWith('planned#')))
        waves[item.state.S] = (waves[item.state.S] ?? 0) + 1;
    assert.ok(Math.max(...Object.values(waves)) - Math.min(...Object.values(waves)) <= 1);
    assert.equal(Object.keys(waves).length, 60);
    const told = one.organisation.messages.map(message => message.MessageAttributes.account.StringValue);
    assert.deepEqual([...told].sort(), [...new Set(told)].sort());
    const untagged = [...one.organisation.all.values()].filter(service => !service.tagged);
    assert.deepEqual(new Set(told), new Set(untagged.map(service => service.account)));
    for (const message of one.organisation.messages)
        assert.deepEqual(message.Message.split('\n').slice(1).sort(), untagged.filter(service =>
            service.account === message.MessageAttributes.account.StringValue).map(service => service.arn).sort());
    await one.plan();
    assert.deepEqual((await table.items(one.name, 'ecs#2026-11-27')).map(item => item.state), first.map(item => item.state));
    assert.equal(one.organisation.messages.length, told.length);
});

test('30 waves killed in a row: the later ones take everything', async () => {
    const one = await night({ shape: { services: 60 } });
    await one.plan();
    await one.waves('ecs', { before: wave => wave < 30 ? { killAfter: 8 + wave * 2 } : {} });
    await whole(one);
});

test('a dry run at 20:00 touches nothing and does not cancel the night', async () => {
    const one = await night({ values: { WindowSeconds: '21600' } }), evening = one.opens - 4 * HOUR;
    one.clock.now = evening;
    await one.plan('dry', { opens: new Date(evening).toISOString(), seconds: 3600, waves: 4 });
    await one.waves('dry', { from: -240, to: -180 });
    assert.deepEqual(one.organisation.restarts, []);
    const dry = counts(await one.states('dry#2026-11-27'));
    assert.equal(dry.dry, one.organisation.wanted().length);
    await one.plan();
    await one.waves();
    await whole(one);
});

test('a window over midnight is one night', async () => {
    const one = await night({ opens: Date.UTC(2026, 10, 26, 22), values: { OpensHour: '22' }, shape: { services: 30 } });
    await one.plan();
    await one.waves();
    await whole(one, 6 * HOUR, 'ecs#2026-11-26');
});

test('the night that has an hour less: everything is due an hour before the end', async () => {
    const one = await night({ opens: Date.UTC(2026, 2, 29), shape: { services: 61 } });
    await one.plan();
    await one.waves('ecs', { to: 300 });
    await whole(one, 5 * HOUR, 'ecs#2026-03-29');
});

const formats = new Map();

// shown: what a zone's clock shows, as if it were UTC.
function shown(zone, at) {
    if (!formats.has(zone))
        formats.set(zone, new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric',
            day: 'numeric', hour: 'numeric', minute: 'numeric' }));
    const parts = Object.fromEntries(formats.get(zone).formatToParts(at).map(part => [part.type, Number(part.value)]));
    return Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute);
}

// local: a time of a zone's clock, in UTC. Asked twice, since the offset itself depends on the time.
function local(zone, wanted) {
    let at = wanted;
    for (let i = 0; i < 2; i++)
        at += wanted - shown(zone, at);
    return at;
}

// Other names of zones west of -9:30, which Intl does not list.
const ALIASES = ['America/Atka', 'US/Aleutian', 'US/Hawaii', 'US/Samoa', 'Pacific/Samoa', 'Pacific/Johnston', 'HST', 'Etc/GMT+10',
    'Etc/GMT+11', 'Etc/GMT+12', 'Etc/GMT-10', 'Etc/GMT-11', 'Etc/GMT-12', 'Etc/GMT-13', 'Etc/GMT-14', 'UTC'];

test('the key of a night is the local date of its begin, in every zone, beside every change of the clocks', async () => {
    const DAY = 24 * HOUR, zones = [...Intl.supportedValuesOf('timeZone'), ...ALIASES];
    assert.ok(zones.length > 400);
    for (const zone of zones)
        for (let day = Date.UTC(2026, 0, 1); day < Date.UTC(2027, 0, 1); day += DAY) {
            const offset = at => shown(zone, at) - at, changes = offset(day - DAY) !== offset(day + 2 * DAY);
            if (!changes && day % (90 * DAY))
                continue;
            for (const hour of changes ? [0, 3, 22] : [0, 22]) {
                const { Begin, Name } = definition('plan', { OpensHour: String(hour), TimeZone: zone }).States;
                const machine = { StartAt: 'Begin', States: { Begin, Name: { ...Name, Next: 'Show' }, Show: { Type: 'Succeed', Output: '{% $run %}' } } };
                // The scheduler starts the plan by the local clock, two hours ahead.
                const at = local(zone, day + (hour - 2) * HOUR);
                const ended = await execute(machine, { kind: 'ecs', at: new Date(at).toISOString() }, { handlers: {}, clock: new Clock(at) });
                assert.equal(ended.output, `ecs#${new Date(day).toISOString().slice(0, 10)}`, `${zone} ${hour}:00`);
            }
        }
});

test('an account without the role fails and is told; the others are restarted', async () => {
    const one = await night({ shape: { services: 48 }, values: { MaxFailures: '30' } });
    one.organisation.denied.add('100000000002');
    await one.plan();
    await one.waves();
    const states = await whole(one);
    assert.equal(states.failed, [...one.organisation.all.values()].filter(service => service.account === '100000000002' && service.tagged).length);
    const closed = await one.close();
    assert.equal(closed.output.failed, states.failed);
    assert.match(one.organisation.messages.at(-1).Message, /service\/c1\/s\d+: States.TaskFailed: not authorized to perform: sts:AssumeRole/);
    assert.deepEqual(one.organisation.metrics.find(metric => metric.MetricName === 'Failed'),
        { MetricName: 'Failed', Value: states.failed, Unit: 'Count', Dimensions: [{ Name: 'Kind', Value: 'ecs' }] });
});

for (const budget of [0, 3])
    test(`a budget of ${budget}: nothing is started after ${budget + 1} failures; raised, the night goes on`, async () => {
        const one = await night({ shape: { services: 40, odd: 0 }, values: { MaxFailures: String(budget) } });
        one.organisation.denied.add('100000000002');
        await one.plan();
        const ended = await one.waves('ecs', { to: 300 });
        assert.equal((await one.states()).failed.length, budget + 1);
        const halted = ended.findIndex(wave => wave.error === 'TooManyFailures');
        assert.ok(halted >= 0 && ended.slice(halted).every(wave => wave.error === 'TooManyFailures'));
        const before = one.organisation.restarts.length;
        assert.ok(before < one.organisation.wanted().length);
        one.machines.wave = definition('wave', { Table: one.name, MaxFailures: '40' });
        await one.waves('ecs', { from: 300 });
        await whole(one);
    });

test('deployments that fail or hang for an hour are failures, and stop the night', async () => {
    const one = await night({ shape: { services: 120, odd: 0, broken: 0.1, hanging: 0.1 }, values: { MaxFailures: '5' } });
    await one.plan();
    const ended = await one.waves();
    assert.equal(ended.at(-1).error, 'TooManyFailures');
    kept(one);
    await one.close();
    const why = new Set((await one.states()).failed.map(item => item.why.S));
    assert.deepEqual(why, new Set(['the deployment failed', 'no steady state after an hour']));
});

test('a region that answers slowly: waves end in time, and the next ones take the rest', async () => {
    const one = await night({ shape: { services: 80, slow: 12000, throttle: 0.2 } });
    await one.plan();
    const ended = await one.waves('ecs', { before: () => { one.began = one.clock.now; } });
    for (const wave of ended)
        assert.ok(wave.error === undefined || wave.error === 'States.Timeout', wave.error);
    await whole(one);
});

test('Config three hours behind: what was deleted, untagged or emptied since is left alone, each with its reason', async () => {
    const one = await night({ shape: { services: 40, untagged: 0, odd: 0 } });
    const [gone, forgotten, bare, empty, fresh] = one.organisation.all.values();
    gone.status = undefined;
    forgotten.status = 'INACTIVE';
    bare.tagged = false;
    empty.desired = 0;
    // Younger than what Config knows.
    one.organisation.known = one.organisation.known.filter(text => !text.includes(`"${fresh.arn}"`));
    fresh.unknown = true;
    await one.plan();
    await one.waves();
    await whole(one);
    const why = Object.fromEntries((await table.items(one.name, 'ecs#2026-11-27')).map(item => [item.unit.S, `${item.state.S.split('#')[0]} ${item.why?.S}`]));
    assert.deepEqual([gone, forgotten, bare, empty, fresh].map(service => why[service.arn]), ['skipped it was deleted', 'skipped it was deleted',
        'untagged the tag was removed after the plan', 'skipped its desired count is 0', undefined]);
});

test('two runs of one day: the second finds nothing to do; with a key of its own it restarts all again', async () => {
    const one = await night({ shape: { services: 20 } });
    await one.plan();
    await one.waves('ecs', { to: 320 });
    const count = one.organisation.restarts.length;
    await one.plan();
    await one.waves('ecs', { from: 320, to: 340 });
    assert.equal(one.organisation.restarts.length, count);
    await whole(one);
    one.organisation.restarts.length = 0;
    await one.plan('ecs', { run: 'ecs#2026-11-27b', opens: new Date(one.opens).toISOString() });
    assert.equal((await one.run('wave', { kind: 'ecs', run: 'ecs#2026-11-27b' })).error, undefined);
    assert.equal(one.organisation.restarts.length, one.organisation.wanted().length);
    await whole(one, 6 * HOUR, 'ecs#2026-11-27b');
});

test('outside the window a wave does nothing; close says when no night was planned', async () => {
    const one = await night({ shape: { services: 10 } });
    assert.deepEqual((await one.run('wave', { kind: 'ecs' })).output, { result: 'closed' });
    assert.equal((await one.run('close', { kind: 'ecs' })).error, 'NoRun');
    await one.plan();
    await one.until(one.opens - MINUTE);
    assert.deepEqual((await one.run('wave', { kind: 'ecs' })).output, { result: 'closed' });
    await one.until(one.opens + 6 * HOUR);
    assert.deepEqual((await one.run('wave', { kind: 'ecs' })).output, { result: 'closed' });
    const closed = await one.close();
    assert.deepEqual([closed.error, closed.output.planned > 0], [undefined, true]);
    await one.until(one.opens + 31 * HOUR);
    assert.equal((await one.run('close', { kind: 'ecs' })).error, 'NoRun');
});

test('the roll call: one command for each account, and its counts', async () => {
    const one = await night({ shape: { accounts: 9, broken: 0.3 } });
    await one.plan('ssm');
    await one.waves('ssm', { before: wave => wave === 3 ? { doubled: true } : {} });
    const closed = await one.close('ssm'), states = await one.states('ssm#2026-11-27');
    assert.equal(one.organisation.commands.size, 9);
    for (const { given } of one.organisation.commands.values())
        assert.deepEqual([given.DocumentName, given.Targets, given.MaxConcurrency, given.MaxErrors], ['rollcall-run', [{ Key: 'tag:rollcall', Values: ['on'] }], '10%', '20%']);
    assert.deepEqual([closed.output.settled + closed.output.failed, one.organisation.restarts], [9, []]);
    for (const item of [...states.settled, ...states.failed ?? []])
        assert.deepEqual([item.targets.N, item.failures.N], ['2000', item.state.S.startsWith('failed') ? '900' : '3']);
});
