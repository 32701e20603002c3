// table: the table of waves.yaml in dynalite, which checks keys, expressions and conditions as DynamoDB does. It has no
// transactions: transactWriteItems makes single conditional updates, after one look at all conditions (checked by
// interpreter.js), so a test that needs all or none has it as long as nobody writes in between.
import http from 'node:http';
import dynalite from 'dynalite';
import { Failure } from './asl.js';

const agent = new http.Agent({ keepAlive: true, maxSockets: 32 });
const SIGNED = 'AWS4-HMAC-SHA256 Credential=x/20261127/x/dynamodb/aws4_request, SignedHeaders=host, Signature=x';

function post(port, operation, body) {
    return new Promise((resolve, reject) => {
        const headers = { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': `DynamoDB_20120810.${operation}`,
            'X-Amz-Date': '20261127T000000Z', Authorization: SIGNED };
        const request = http.request({ host: '127.0.0.1', port, method: 'POST', headers, agent }, response => {
            const parts = [];
            response.on('data', part => parts.push(part));
            response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(parts)) }));
        });
        request.on('error', reject);
        request.end(JSON.stringify(body));
    });
}

export class Table {
    // properties: of AWS::DynamoDB::Table in the template.
    static async start(properties) {
        const table = new Table();
        table.server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
        // Idle connections stay: one that the server closes as a request arrives would be an error.
        table.server.keepAliveTimeout = 0;
        await new Promise(ready => table.server.listen(0, '127.0.0.1', ready));
        table.port = table.server.address().port;
        await table.call('CreateTable', properties);
        await table.ready(properties.TableName);
        return table;
    }

    async ready(TableName) {
        while ((await this.call('DescribeTable', { TableName })).Table.TableStatus !== 'ACTIVE');
    }

    async call(operation, given) {
        const { status, body } = await post(this.port, operation, given);
        if (status === 200)
            return body;
        throw new Failure(`DynamoDb.${body.__type.split('#')[1]}`, body.message ?? body.Message ?? '');
    }

    async transaction({ TransactItems }) {
        if (TransactItems.length > 100)
            throw new Failure('DynamoDb.ValidationException', 'more than 100 items');
        const keys = TransactItems.map(({ Update }) => JSON.stringify(Update.Key));
        if (new Set(keys).size < keys.length)
            throw new Failure('DynamoDb.ValidationException', 'Transaction request cannot include multiple operations on one item');
        for (const { Update } of TransactItems)
            if (Update.ConditionExpression && !await this.holds(Update))
                throw new Failure('DynamoDb.TransactionCanceledException', 'ConditionalCheckFailed');
        for (const { Update } of TransactItems)
            await this.call('UpdateItem', Update);
    }

    // holds: the conditions used here are all "#s = :seen".
    async holds({ TableName, Key, ConditionExpression, ExpressionAttributeValues }) {
        if (ConditionExpression !== '#s = :seen')
            throw new Error(`table: cannot check ${ConditionExpression}`);
        const { Item } = await this.call('GetItem', { TableName, Key, ConsistentRead: true });
        return Item?.state?.S === ExpressionAttributeValues[':seen'].S;
    }

    async items(name, run) {
        const found = [];
        for (let from; ;) {
            const page = await this.call('Query', { TableName: name, KeyConditionExpression: 'run = :r', ExclusiveStartKey: from,
                ConsistentRead: true, ExpressionAttributeValues: { ':r': { S: run } } });
            found.push(...page.Items);
            from = page.LastEvaluatedKey;
            if (!from)
                return found;
        }
    }

    handlers() {
        const handler = name => given => this.call(name, given);
        return { 'dynamodb:query': handler('Query'), 'dynamodb:getItem': handler('GetItem'), 'dynamodb:putItem': handler('PutItem'),
            'dynamodb:updateItem': handler('UpdateItem'), 'dynamodb:transactWriteItems': given => this.transaction(given) };
    }

    stop() {
        agent.destroy();
        return new Promise(done => this.server.close(done));
    }
}
