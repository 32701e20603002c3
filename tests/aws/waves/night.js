// night: the three machines over one table and one organisation, at times of a virtual clock.
import { execute } from './asl.js';
import { Clock } from './clock.js';
import { definition } from './definitions.js';
import { Organisation } from './organisation.js';

export const MINUTE = 60000, HOUR = 60 * MINUTE;

export class Night {
    constructor(table, name, { seed = 1, shape = {}, opens = Date.UTC(2026, 10, 27), values = {} } = {}) {
        Object.assign(this, { table, name, opens, values: { ...values, Table: name }, largest: 0, events: 0, runs: 0, transitions: 0, most: {} });
        this.clock = new Clock(opens - 2 * HOUR);
        this.organisation = new Organisation(seed, shape, this.clock);
        this.machines = Object.fromEntries(['plan', 'wave', 'close'].map(one => [one, definition(one, this.values)]));
        this.handlers = { ...table.handlers(), ...this.organisation.handlers() };
    }

    async run(name, input, killAfter) {
        const run = await execute(this.machines[name], input, { handlers: this.handlers, clock: this.clock, killAfter,
            random: () => this.organisation.chance('jitter') });
        this.largest = Math.max(this.largest, run.largest);
        this.events = Math.max(this.events, run.events);
        this.transitions += run.states;
        this.runs++;
        this.most[name] = Math.max(this.most[name] ?? 0, run.events);
        return run;
    }

    plan(kind = 'ecs', more = {}) {
        return this.run('plan', { kind, at: new Date(this.opens - 2 * HOUR).toISOString(), ...more });
    }

    // until: the clock goes on to a time, unless it is later.
    async until(time) {
        if (time > this.clock.now)
            await this.clock.sleep(time - this.clock.now);
    }

    // waves: one every five minutes from a minute of the window to another. before(n) may say { killAfter, lost, doubled }.
    async waves(kind = 'ecs', { from = 0, to = 360, before = () => ({}) } = {}) {
        const ended = [];
        for (let minute = from; minute < to; minute += 5) {
            await this.until(this.opens + minute * MINUTE);
            const { killAfter, lost, doubled } = await before(minute / 5) ?? {};
            if (lost)
                continue;
            const one = async () => { ended.push(await this.run('wave', { kind }, killAfter)); };
            await this.clock.forked(doubled ? [one, one] : [one]);
        }
        return ended;
    }

    async close(kind = 'ecs', minute = 425) {
        await this.until(this.opens + minute * MINUTE);
        return this.run('close', { kind });
    }

    async states(run = 'ecs#2026-11-27') {
        const found = {};
        for (const item of await this.table.items(this.name, run))
            (found[item.state.S.split('#')[0]] ??= []).push(item);
        return found;
    }
}

export const SCHEMA = {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['run', 'unit', 'state'].map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [{ AttributeName: 'run', KeyType: 'HASH' }, { AttributeName: 'unit', KeyType: 'RANGE' }],
    LocalSecondaryIndexes: [{ IndexName: 'by-state', KeySchema: [{ AttributeName: 'run', KeyType: 'HASH' }, { AttributeName: 'state', KeyType: 'RANGE' }],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['cluster', 'ref', 'why'] } }],
};
