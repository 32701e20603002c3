"""workflow_check.py FILE...: our rules for GitHub workflows, against attacks by the supply chain. Exits 1."""
import re
import sys

import yaml


def problems(text):
    workflow = yaml.safe_load(text)
    if workflow.get("permissions") != {"contents": "read"}:
        yield "permissions of the workflow must be contents: read; a job that needs more says so itself"
    if re.search("pull_request_target|workflow_run", text):
        yield "a pull request must not run with the secrets of the repository"
    for name, job in workflow["jobs"].items():
        if "timeout-minutes" not in job:
            yield f"{name}: no timeout-minutes"
        if "write" in (job.get("permissions") or {}).values() and "environment" not in job:
            yield f"{name}: a job that may write needs an environment"
        for step in job["steps"]:
            uses = step.get("uses", "")
            if uses and not re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40}", uses):
                yield f"{name}: {uses} is not pinned to a commit"
            if uses.startswith("actions/checkout@") and (step.get("with") or {}).get("persist-credentials") is not False:
                yield f"{name}: checkout must not keep its token (persist-credentials: false)"
            if "${{" in step.get("run", ""):
                yield f"{name}: an expression inside a script; pass it in env"


def main():
    bad = False
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as file:
            for problem in problems(file.read()):
                print(f"{path}: {problem}")
                bad = True
    sys.exit(bad)


main()
