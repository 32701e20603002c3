// table: the table of waves.yaml in dynalite, which checks keys, expressions and conditions as DynamoDB does. It has no
// transactions: transactWriteItems makes single conditional updates, after one look at all conditions (checked by
// interpreter.js), so a test that needs all or none has it as long as nobody writes in between.
import { EventEmitter } from 'node:events';
import dynalite from 'dynalite';
import { Failure } from './asl.js';

const HEADERS = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-date': '20261127T000000Z',
    authorization: 'AWS4-HMAC-SHA256 Credential=x/20261127/x/dynamodb/aws4_request, SignedHeaders=host, Signature=x' };

// post: a request to the server without a socket, which is three times as fast.
function post(server, operation, body) {
    return new Promise(resolve => {
        const headers = { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${operation}` };
        const request = Object.assign(new EventEmitter(), { method: 'POST', url: '/', headers });
        const response = { setHeader() {}, end(text) { resolve({ status: this.statusCode, body: JSON.parse(text) }); } };
        server.emit('request', request, response);
        request.emit('data', Buffer.from(JSON.stringify(body)));
        request.emit('end');
    });
}

export class Table {
    // properties: of AWS::DynamoDB::Table in the template.
    static async start(properties) {
        const table = new Table();
        table.server = dynalite({ createTableMs: 0, deleteTableMs: 0 });
        await table.call('CreateTable', properties);
        await table.ready(properties.TableName);
        return table;
    }

    async ready(TableName) {
        while ((await this.call('DescribeTable', { TableName })).Table.TableStatus !== 'ACTIVE');
    }

    async call(operation, given) {
        const { status, body } = await post(this.server, operation, given);
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
}
