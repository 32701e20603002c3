"""transpile.py DIALECT DIRECTORY FILE...: writes questions of aws/athena, which are in Athena's SQL, in another one.

sqlglot stands in for the engine: a question that it cannot parse, or that means something else to the other
engine, is found by comparing the answers.
"""
import os
import sys

import sqlglot

for path in sys.argv[3:]:
    with open(path, encoding="utf-8") as file:
        statements = sqlglot.transpile(file.read(), read="athena", write=sys.argv[1], unsupported_level=sqlglot.ErrorLevel.RAISE)
    with open(os.path.join(sys.argv[2], os.path.basename(path)), "w", encoding="utf-8") as out:
        out.write("".join(statement + ";\n" for statement in statements))
