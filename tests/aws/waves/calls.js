// calls CENTRAL MEMBER: runs a night of services and one of the roll call, and writes what the central role and the
// member role must be allowed to do for it, and what they must not, for iam_simulate.py:
//   iam ACTION RESOURCE CONTEXT        must be allowed; the context is the condition keys, in JSON
//   never ACTION RESOURCE CONTEXT      must be refused
// Actions, resources and keys are those of the Service Authorization Reference; a transaction needs the actions of its
// items ("Amazon DynamoDB Transactions: IAM").
import { writeFileSync } from 'node:fs';
import { VALUES } from './definitions.js';
import { Night, SCHEMA } from './night.js';
import { Table } from './table.js';

const CENTRAL = '100000000000', MEMBER = '100000000001', KEY = `arn:aws:kms:${VALUES.Region}:${CENTRAL}:key/k`;
const TABLE = `arn:aws:dynamodb:${VALUES.Region}:${CENTRAL}:table/waves`;
const ITEM = { Update: 'UpdateItem', Put: 'PutItem', Delete: 'DeleteItem', ConditionCheck: 'ConditionCheckItem' };
const instance = `arn:aws:ec2:${VALUES.Region}:${MEMBER}:instance/i-1`, called = name => `arn:aws:ssm:${VALUES.Region}:${MEMBER}:document/${name}`;
const decrypt = ['kms:Decrypt', KEY, {}];
const lines = { central: new Set(), member: new Set() };

const write = (whose, verb, [action, resource, context]) => lines[whose].add(`${verb} ${action} ${resource} ${JSON.stringify(context)}`);

// Of each call, by its name in a state machine: the actions, each with resource and context.
const NEEDS = {
    'dynamodb:query': ({ IndexName }) => [['dynamodb:Query', IndexName ? `${TABLE}/index/${IndexName}` : TABLE, {}], decrypt],
    'dynamodb:getItem': () => [['dynamodb:GetItem', TABLE, {}], decrypt],
    'dynamodb:updateItem': () => [['dynamodb:UpdateItem', TABLE, {}], decrypt],
    'dynamodb:transactWriteItems': ({ TransactItems }) => [...TransactItems.map(item => [`dynamodb:${ITEM[Object.keys(item)[0]]}`, TABLE, {}]), decrypt],
    'config:selectAggregateResourceConfig': () => [[
        'config:SelectAggregateResourceConfig', `arn:aws:config:${VALUES.Region}:${CENTRAL}:config-aggregator/x`, {}]],
    'sns:publish': ({ TopicArn }) => [['sns:Publish', TopicArn, {}], ['kms:GenerateDataKey', KEY, {}], decrypt],
    'cloudwatch:putMetricData': ({ Namespace }) => [['cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': Namespace }]],
    'ecs:describeServices': ({ Services }) => Services.map(arn => ['ecs:DescribeServices', arn, {}]),
    'ecs:updateService': given => [['ecs:UpdateService', given.Service, { [`aws:ResourceTag/${VALUES.TagKey}`]: 'never',
        ...'EnableExecuteCommand' in given ? { 'ecs:enable-execute-command': String(given.EnableExecuteCommand) } : {} }]],
    'ecs:tagResource': ({ ResourceArn, Tags }) => [['ecs:TagResource', ResourceArn,
        { [`aws:ResourceTag/${VALUES.TagKey}`]: 'never', 'aws:TagKeys': Tags.map(tag => tag.Key) }]],
    'ssm:sendCommand': ({ DocumentName, Targets }) => [['ssm:SendCommand', called(DocumentName), {}],
        ['ssm:SendCommand', instance, Object.fromEntries(Targets.map(one => [one.Key.replace('tag:', 'ssm:resourceTag/'), one.Values[0]]))]],
    'ssm:listCommands': () => [['ssm:ListCommands', '*', {}]],
};

function watched(handlers) {
    return Object.fromEntries(Object.entries(handlers).map(([name, handler]) => [name, async (given, role) => {
        for (const need of NEEDS[name](given))
            write(role ? 'member' : 'central', 'iam', need);
        if (role)
            write('central', 'iam', ['sts:AssumeRole', role, {}]);
        return handler(given, role);
    }]));
}

async function nights() {
    const table = await Table.start({ TableName: 'waves', ...SCHEMA });
    const one = new Night(table, 'waves', { shape: { services: 20, accounts: 1, clusters: 2, untagged: 0.3, throttle: 0 }, values: { Waves: '1' } });
    one.handlers = watched(one.handlers);
    await one.plan('ecs');
    await one.plan('ssm');
    const ended = [...await one.waves('ecs', { to: 15 }), ...await one.waves('ssm', { from: 15, to: 30 }), await one.close('ecs'), await one.close('ssm')];
    if (ended.some(run => run.error) || one.organisation.restarts.length === 0 || one.organisation.commands.size !== 1)
        throw new Error(`the nights failed: ${JSON.stringify(ended.map(run => run.error))}`);
    return one.organisation;
}

const { all } = await nights(), { arn } = [...all.values()].find(service => service.tagged), tag = { [`aws:ResourceTag/${VALUES.TagKey}`]: 'never' };
const role = name => `arn:aws:iam::${CENTRAL}:role/${name}`;
const of = (name, organisation) => ({ 'aws:PrincipalArn': role(name), 'aws:PrincipalOrgID': organisation });
for (const refused of [['sts:AssumeRole', `arn:aws:iam::${MEMBER}:role/Admin`, {}], ['dynamodb:DeleteItem', TABLE, {}],
    ['dynamodb:GetItem', `${TABLE}2`, {}], ['cloudwatch:PutMetricData', '*', { 'cloudwatch:namespace': 'AWS/EC2' }], ['ecs:UpdateService', arn, tag]])
    write('central', 'never', refused);
write('member', 'iam', ['trust:AssumeRole', `arn:aws:iam::${CENTRAL}:root`, of(`rollcall-waves-${VALUES.Region}`, 'o-ours')]);
for (const refused of [['ecs:UpdateService', arn, {}], ['ecs:UpdateService', arn, { ...tag, 'ecs:enable-execute-command': 'true' }],
    ['ecs:TagResource', arn, { 'aws:TagKeys': [VALUES.TagKey] }], ['ecs:TagResource', arn, { ...tag, 'aws:TagKeys': [VALUES.TagKey, 'owner'] }],
    ['ssm:SendCommand', called('AWS-RunShellScript'), {}], ['ssm:SendCommand', instance, {}],
    ['ssm:SendCommand', instance, { 'ssm:resourceTag/rollcall': 'off' }],
    ['iam:PassRole', role('any'), {}], ['trust:AssumeRole', `arn:aws:iam::${CENTRAL}:root`, of('Admin', 'o-ours')],
    ['trust:AssumeRole', `arn:aws:iam::${CENTRAL}:root`, of(`rollcall-waves-${VALUES.Region}`, 'o-other')],
    ['trust:AssumeRole', 'arn:aws:iam::999999999999:root', of(`rollcall-waves-${VALUES.Region}`, 'o-ours')]])
    write('member', 'never', refused);
for (const [whose, path] of [['central', process.argv[2]], ['member', process.argv[3]]])
    writeFileSync(path, `${[...lines[whose]].join('\n')}\n`);
