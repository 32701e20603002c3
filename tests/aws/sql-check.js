// sql-check.js FILE...: each parsed by the grammar of what will read it in Athena: Hive's for CREATE EXTERNAL TABLE,
// Trino's for a question and for CREATE VIEW. Says what is wrong, and exits 1. Bundled by esbuild first: the parser's modules
// import directories, which node alone does not.
import { readFileSync } from 'node:fs';
import { HiveSQL, TrinoSQL } from 'dt-sql-parser';

let bad = 0;
for (const file of process.argv.slice(2)) {
    const statements = readFileSync(file, 'utf8').replace(/^--.*$/gm, '').split(/;\s*$/m).map((s) => s.trim()).filter(Boolean);
    for (const text of statements) {
        const errors = /^CREATE EXTERNAL/.test(text) ? new HiveSQL().validate(`${text};`) : new TrinoSQL().validate(text);
        for (const error of errors)
            console.log(`${file}:${error.startLine}: ${error.message}`);
        bad += errors.length;
    }
}
process.exitCode = bad ? 1 : 0;
