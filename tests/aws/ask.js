// ask.js FILE|STATEMENT...: runs them in one DuckDB, as the duckdb shell's .read and -c would, and prints the rows
// of the last statement: a JSON array a row, so that a test can compare lines.
import { readFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

const connection = await (await DuckDBInstance.create()).connect();
let rows = [];
for (const argument of process.argv.slice(2)) {
    const text = argument.endsWith('.sql') ? readFileSync(argument, 'utf8') : argument;
    const statements = await connection.extractStatements(text);
    for (let i = 0; i < statements.count; i++)
        rows = (await (await statements.prepare(i)).runAndReadAll()).getRowsJson();
}
for (const row of rows)
    console.log(JSON.stringify(row));
