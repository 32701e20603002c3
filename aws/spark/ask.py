#!/usr/bin/env python3
"""ask.py --archive URL [--day DATE] [--out URL] QUESTION...: asks the archive questions with Spark.

QUESTION is a file of aws/athena, such as kernels.sql. Its text is Athena's; sqlglot, which must be importable,
translates it. URL is where rollcall-archive writes: s3://bucket/prefix/ on EMR, s3a://bucket/prefix/ with
another Spark, or a directory. --day replaces the day in the question's text (2026-11-20) and the day before it.

Each row of an answer is a line of JSON on standard output, or below --out, in a directory named after the question.

    spark-submit --py-files sqlglot.whl ask.py --archive s3://example-records/fleet/ --day 2026-11-26 kernels.sql
"""
import argparse
import datetime
import json
import os
import sys
import time

import sqlglot
from pyspark.sql import SparkSession
from pyspark.sql.types import IntegerType, LongType, StringType, StructField, StructType

RECORD = (
    "id collected_at hostname machine_id boot_id instance_id processor cores arch memory_bytes boot_time os_name os_ver "
    "os_version os_pretty_name users processes"
).split()
PROCESS = "received_at client_ip hostname processor os_name os_ver users pid ppid user cpu mem rss state start cmd".split()
EXAMPLE_DAY = datetime.date(2026, 11, 20)


def text_columns(names):
    return [StructField(name, StringType()) for name in names]


OWN = StructType(
    text_columns(["received_at", "client_ip"])
    + [StructField("process_count", IntegerType()), StructField("user_count", IntegerType()), StructField("seq", LongType())]
    + text_columns(["chain"])
)
FILE = StructType(
    text_columns(["url", "kind", "client_ip"])
    + [StructField("size", LongType()), StructField("gzip_size", LongType())]
    + text_columns(["sha256"])
    + [StructField("seq", LongType())]
    + text_columns(["chain"])
)


def session():
    """Names keep their case, and a day is text, as in Athena. A value that is not of its type is NULL."""
    return (
        SparkSession.builder.appName("rollcall")
        .config("spark.sql.caseSensitive", "true")
        .config("spark.sql.sources.partitionColumnTypeInference.enabled", "false")
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .getOrCreate()
    )


def make_tables(spark, archive):
    """A line that is not JSON, as a torn end, is no record."""
    archive = archive.rstrip("/")
    days = StructField("date", StringType())
    records = StructType(text_columns(RECORD) + [StructField("rollcall", OWN), days])
    spark.read.schema(records).json(f"{archive}/json/").where("rollcall.chain IS NOT NULL").createOrReplaceTempView("records")
    rows = spark.read.schema(StructType(text_columns(PROCESS) + [days]))
    rows = rows.options(header="true", quote='"', escape='"', encoding="UTF-8", nullValue="\0", emptyValue="", maxCharsPerColumn="-1")
    rows.csv(f"{archive}/csv/").where("received_at IS NOT NULL").createOrReplaceTempView("processes")
    try:
        files = spark.read.schema(StructType(FILE.fields + [days])).json(f"{archive}/catalogue/")
    except Exception:  # an archive of a version without a catalogue
        files = spark.createDataFrame([], StructType(FILE.fields + [days]))
    files.createOrReplaceTempView("files")


def translate(path, day):
    """The question in Spark's words, with its days moved to `day`."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for back in range(0, 3):
        text = text.replace(str(EXAMPLE_DAY - datetime.timedelta(back)), f"\0{back}\0")
    for back in range(0, 3):
        text = text.replace(f"\0{back}\0", str(day - datetime.timedelta(back)))
    return sqlglot.transpile(text, read="athena", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]


def options(arguments):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--archive", required=True, metavar="URL")
    parser.add_argument("--day", type=datetime.date.fromisoformat, metavar="DATE", help="default yesterday, in UTC")
    parser.add_argument("--out", metavar="URL")
    parser.add_argument("questions", nargs="+", metavar="QUESTION")
    chosen = parser.parse_args(arguments)
    chosen.day = chosen.day or datetime.datetime.now(datetime.timezone.utc).date() - datetime.timedelta(1)
    return chosen


def main(arguments):
    chosen = options(arguments)
    spark = session()
    make_tables(spark, chosen.archive)
    for path in chosen.questions:
        name = os.path.splitext(os.path.basename(path))[0]
        started = time.monotonic()
        answer = spark.sql(translate(path, chosen.day))
        if chosen.out:
            answer.coalesce(1).write.mode("overwrite").json(f"{chosen.out.rstrip('/')}/{name}")
        else:
            for row in answer.collect():
                print(json.dumps({"question": name, **row.asDict(recursive=True)}, ensure_ascii=False, default=str))
        print(f"{name}: {time.monotonic() - started:.1f} s", file=sys.stderr)
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
