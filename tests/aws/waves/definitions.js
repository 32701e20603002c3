// definitions: the state machines with the values that a template puts into them.
import { readFileSync } from 'node:fs';

const FOLDER = new URL('../../../aws/waves/', import.meta.url);

export const VALUES = {
    Table: 'waves', Aggregator: 'organisation', Region: 'eu-central-1', Partition: 'aws', MemberRole: 'rollcall-waves-member',
    TagKey: 'ecs_task_daily_restart', InstanceTag: 'rollcall=on', InstanceTagKey: 'rollcall', InstanceTagValue: 'on',
    Document: 'rollcall-run', Topic: 'arn:aws:sns:eu-central-1:100000000000:waves', OwnersTopic: 'arn:aws:sns:eu-central-1:100000000000:owners',
    MaxFailures: '20', Waves: '60', WindowSeconds: '21600', LeadSeconds: '7200', OpensHour: '0', TimeZone: 'UTC',
};

export function definition(name, values = {}) {
    const all = { ...VALUES, ...values };
    const text = readFileSync(new URL(`${name}.asl.json`, FOLDER), 'utf8');
    return JSON.parse(text.replace(/\$\{(\w+)\}/g, (_, key) => {
        if (all[key] === undefined)
            throw new Error(`${name}.asl.json uses \${${key}}, which no template gives`);
        return all[key];
    }));
}
