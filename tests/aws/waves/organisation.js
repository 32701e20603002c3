// organisation: accounts with ECS services and instances that answer as AWS does, and badly: throttled, slow, without the
// role, with deployments that fail or hang. What happens depends on the seed and the name of the call only, so a seed
// gives the same organisation each time.
import { createHash } from 'node:crypto';
import { Failure } from './asl.js';
import { VALUES } from './definitions.js';

export class Organisation {
    // shape: accounts, clusters, services (each of all), untagged throttle broken hanging odd (rates), slow (ms a call)
    constructor(seed, shape, clock) {
        const usual = { accounts: 4, clusters: 8, services: 40, untagged: 0.1, throttle: 0.1, broken: 0, hanging: 0, odd: 0.1, slow: 60 };
        Object.assign(this, { seed, clock, ...usual, ...shape });
        Object.assign(this, { tries: new Map(), restarts: [], tags: [], messages: [], metrics: [], commands: new Map(), denied: new Set(), log: [] });
        this.all = new Map(Array.from({ length: this.services }, (_, i) => this.service(i)).map(one => [one.arn, one]));
        // What the aggregator knows, until Config is told of a change.
        this.known = [...this.all.values()].map(one => JSON.stringify(this.item(one)));
    }

    // chance: of 0 to 1, decided by the seed and these words, and by how often it was asked.
    chance(...words) {
        const text = words.join(' '), count = this.tries.get(text) ?? 0;
        this.tries.set(text, count + 1);
        return createHash('md5').update(`${this.seed} ${text} ${count}`).digest().readUInt32BE(0) / 2 ** 32;
    }

    service(i) {
        const cluster = i % this.clusters, account = String(100000000001 + cluster % this.accounts), odd = this.chance('odd', i);
        const arn = `arn:aws:ecs:${VALUES.Region}:${account}:service/c${cluster}/s${i}`;
        const behaves = this.chance('behaves', i);
        return { arn, account, cluster: `c${cluster}`, tagged: this.chance('tag', i) >= this.untagged, status: 'ACTIVE',
            desired: odd < this.odd / 2 ? 0 : 2, controller: odd > 1 - this.odd / 2 ? 'CODE_DEPLOY' : 'ECS',
            ends: behaves < this.broken ? 'FAILED' : behaves < this.broken + this.hanging ? 'never' : 'COMPLETED',
            deployments: [{ Id: `ecs-svc/old${i}`, Status: 'PRIMARY', RolloutState: 'COMPLETED', CreatedAt: new Date(0).toISOString() }] };
    }

    item(one) {
        return { arn: one.arn, accountId: one.account, configuration: { Cluster: `arn:aws:ecs:${VALUES.Region}:${one.account}:cluster/${one.cluster}` },
            tags: [{ key: 'owner', value: 'x' }, ...one.tagged ? [{ key: VALUES.TagKey, value: 'never' }] : []] };
    }

    // wanted: the services that a night must restart.
    wanted() {
        return [...this.all.values()].filter(one => one.tagged && one.status === 'ACTIVE' && one.desired > 0 && one.controller === 'ECS' &&
            !this.denied.has(one.account));
    }

    // reached: a call to a member's account: its role, the time it takes, the throttle.
    async reached(service, operation, account, role, what) {
        await this.clock.sleep(this.slow * (0.5 + this.chance('time', operation, what)));
        this.log.push([service, operation, account, what]);
        if (role !== `arn:aws:iam::${account}:role/${VALUES.MemberRole}` || this.denied.has(account))
            throw new Failure('States.TaskFailed', `not authorized to perform: sts:AssumeRole on ${role}`);
        if (this.chance('throttle', operation, what) < this.throttle)
            throw new Failure(`${service}.${this.chance('name', what) < 0.5 ? 'ThrottlingException' : `${service}Exception`}`, 'Rate exceeded');
    }

    async describeServices(given, role) {
        const account = given.Services[0].split(':')[4], found = given.Services.map(arn => this.all.get(arn)).filter(one => one.status);
        if (given.Services.length > 10 || given.Services.some(arn => arn.split(':')[4] !== account || this.all.get(arn).cluster !== given.Cluster))
            throw new Failure('Ecs.InvalidParameterException', 'of one cluster, 10 at most');
        await this.reached('Ecs', 'describeServices', account, role, given.Services[0]);
        return { Services: found.map(one => ({ ServiceArn: one.arn, Status: one.status, DesiredCount: one.desired,
            DeploymentController: one.controller === 'ECS' ? undefined : { Type: one.controller }, Deployments: one.deployments.map(d => this.state(one, d)),
            ...given.Include ? { Tags: one.tagged ? [{ Key: VALUES.TagKey, Value: 'never' }] : [] } : {} })), Failures: [] };
    }

    state(one, deployment) {
        const age = this.clock.now - Date.parse(deployment.CreatedAt), ended = age > 240000 && one.ends !== 'never';
        return { ...deployment, RolloutState: deployment.RolloutState ?? (ended ? one.ends : 'IN_PROGRESS') };
    }

    async updateService(given, role) {
        const one = this.all.get(given.Service);
        await this.reached('Ecs', 'updateService', one.account, role, one.arn);
        if (!given.ForceNewDeployment || given.EnableExecuteCommand || Object.keys(given).length !== 3 || !one.tagged)
            throw new Failure('Ecs.AccessDeniedException', 'the policy of the role');
        if (one.status !== 'ACTIVE' || one.controller !== 'ECS')
            throw new Failure('Ecs.ServiceNotActiveException', one.status);
        this.restarts.push({ arn: one.arn, at: this.clock.now });
        one.deployments = [{ Id: `ecs-svc/${this.restarts.length}`, Status: 'PRIMARY', CreatedAt: new Date(this.clock.now).toISOString() }];
        return { Service: { ServiceArn: one.arn, Deployments: one.deployments } };
    }

    async tagResource({ ResourceArn, Tags }, role) {
        const one = this.all.get(ResourceArn);
        await this.reached('Ecs', 'tagResource', one.account, role, ResourceArn);
        if (!one.tagged || Tags.length !== 1 || Tags[0].Key !== VALUES.TagKey)
            throw new Failure('Ecs.AccessDeniedException', 'the policy of the role');
        this.tags.push({ arn: ResourceArn, at: Date.parse(Tags[0].Value) });
    }

    async selectAggregateResourceConfig({ Expression, Limit, NextToken }) {
        await this.clock.sleep(this.slow);
        const rows = Expression.includes('GROUP BY accountId') ?
            Array.from({ length: this.accounts }, (_, i) => JSON.stringify({ accountId: String(100000000001 + i), 'COUNT(*)': 2000 })) : this.known;
        const from = Number(NextToken ?? 0), to = from + Limit;
        return { Results: rows.slice(from, to), ...to < rows.length ? { NextToken: String(to) } : {} };
    }

    async sendCommand(given, role) {
        const account = role.split(':')[4];
        await this.reached('Ssm', 'sendCommand', account, role, account);
        const id = createHash('md5').update(`${account} ${this.commands.size}`).digest('hex');
        this.commands.set(id, { account, at: this.clock.now, given });
        return { Command: { CommandId: id } };
    }

    async listCommands({ CommandId }, role) {
        const command = this.commands.get(CommandId), ended = this.clock.now - command.at > 200000;
        await this.reached('Ssm', 'listCommands', command.account, role, command.account);
        const failed = this.chance('instances', command.account) < this.broken ? 900 : 3;
        return { Commands: [{ CommandId, Status: ended ? failed ? 'Failed' : 'Success' : 'InProgress', TargetCount: 2000,
            CompletedCount: ended ? 2000 : 500, ErrorCount: ended ? failed : 0 }] };
    }

    handlers() {
        const own = name => (given, role) => this[name](given, role);
        return { 'config:selectAggregateResourceConfig': own('selectAggregateResourceConfig'), 'ecs:describeServices': own('describeServices'),
            'ecs:updateService': own('updateService'), 'ecs:tagResource': own('tagResource'), 'ssm:sendCommand': own('sendCommand'),
            'ssm:listCommands': own('listCommands'), 'sns:publish': async given => { this.messages.push(given); },
            'cloudwatch:putMetricData': async given => { this.metrics.push(...given.MetricData); } };
    }
}
