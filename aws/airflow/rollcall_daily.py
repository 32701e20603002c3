"""rollcall_daily: checks, ships and loads one finished day, then reports on it and cleans up.

    verify -> archive -> catalogue -> load -> report -> cleanup

A task that fails stops those after it: a day that does not verify is not shipped, and nothing is removed. Every
task can be repeated, so a day can be cleared and run again. A backfill brings days that were missed; these are the 20th
to the 26th, because the run for a day is dated half past midnight of that day:

    airflow dags backfill rollcall_daily --start-date 2026-11-20 --end-date 2026-11-27

This is for sites that run their pipelines in Airflow. It does not replace the timers of the packages: use one or the
other. Worker and records must be on the same machine, or the records on a shared file system. The tasks run as
the worker's account, which needs to read the records, and to write archived/ and remove days.

Airflow variables, all optional: rollcall_config (/etc/rollcall/handler.json), rollcall_records (/var/lib/rollcall),
rollcall_questions (/usr/local/share/rollcall/postgresql). PostgreSQL is named by PGHOST and the other variables of
libpq, S3 by the credentials that rollcall-archive finds, both in the worker's environment.
"""
import datetime

from airflow.models import Variable
from airflow.operators.bash import BashOperator

from airflow import DAG

CONFIG = Variable.get("rollcall_config", default_var="/etc/rollcall/handler.json")
RECORDS = Variable.get("rollcall_records", default_var="/var/lib/rollcall")
QUESTIONS = Variable.get("rollcall_questions", default_var="/usr/local/share/rollcall/postgresql")
DEADLINE = datetime.timedelta(hours=6)


def alert_deadline(dag, task_list, blocking_task_list, slas, blocking_tis):
    """Called when a day is not done in time: the log is what an alerting system reads."""
    dag.log.error("rollcall_daily: not done within %s: %s", DEADLINE, task_list)


def step(name, command, **more):
    return BashOperator(
        task_id=name,
        bash_command="set -eu\n" + command,
        env={"ROLLCALL_CONFIG": CONFIG, "RECORDS": RECORDS, "QUESTIONS": QUESTIONS, "DAY": "{{ ds }}"},
        append_env=True,
        **more,
    )


with DAG(
    dag_id="rollcall_daily",
    description="verify, archive, catalogue, load, report and clean up a day of records",
    doc_md=__doc__,
    schedule="30 0 * * *",  # half an hour after the day has ended, in UTC; ds is that day
    start_date=datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc),
    catchup=False,
    max_active_runs=1,
    sla_miss_callback=alert_deadline,
    default_args={
        "retries": 3,
        "retry_delay": datetime.timedelta(minutes=5),
        "retry_exponential_backoff": True,
        "execution_timeout": DEADLINE,
        "sla": DEADLINE,
    },
) as dag:
    verify = step("verify", 'rollcall-verify "$RECORDS/data/$DAY"', retries=0)  # a bad file stays bad
    archive = step("archive", 'rollcall-archive --quiet "$DAY"')
    catalogue = step("catalogue", 'rollcall-archive --catalogue --quiet "$DAY"')
    load = step("load", 'rollcall-load --quiet "$RECORDS" "$DAY"')
    report = step(
        "report",
        "for question in roll-call silent first-seen; do\n"
        '    echo "== $question"\n'
        '    psql -X -v ON_ERROR_STOP=1 -v day="$DAY" -f "$QUESTIONS/$question.sql"\n'
        "done",
    )
    cleanup = step("cleanup", "rollcall-cleanup")
    verify >> archive >> catalogue >> load >> report >> cleanup
