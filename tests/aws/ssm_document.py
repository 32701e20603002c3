"""ssm_document: reads an SSM Command document (schemaVersion 2.2), says what is wrong with it, and runs its
aws:runShellScript steps in a root file system, as the SSM agent does on an instance.

Documented in "SSM Command document plugin reference" and "Command document schema 2.2"; there is no offline
schema for these, so problems() has the rules that matter here, and house rules against injection.

    python3 ssm_document.py check FILE...              problems, one a line; exits 1
    python3 ssm_document.py scripts FILE FOLDER        each step's script, parameters unfilled, for shellcheck
    python3 ssm_document.py run FILE ROOT [NAME=VALUE...] [-- COMMAND-PREFIX...]
"""
import os
import re
import subprocess
import sys

import yaml

TYPES = {"String": str, "StringList": list, "Boolean": bool, "Integer": int, "MapList": list, "StringMap": dict}
PARAMETER_KEYS = {"type", "default", "allowedValues", "allowedPattern", "description", "displayType",
                  "minItems", "maxItems", "minChars", "maxChars", "interpolationType"}
STEP_KEYS = {"action", "name", "inputs", "precondition", "onFailure", "onSuccess", "isEnd", "isCritical", "timeoutSeconds",
             "finallyStep"}
INPUT_KEYS = {"runCommand", "timeoutSeconds", "workingDirectory"}
REFERENCE = re.compile(r"\{\{\s*([\w:.-]+)\s*\}\}")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Refused(Exception):
    """What SendCommand answers InvalidParameters to."""


def load(path):
    with open(path, encoding="utf-8") as f:
        return yaml.safe_load(f)


def parameter_problems(name, parameter):
    if not re.fullmatch(r"[A-Za-z0-9]{1,100}", name):
        yield f"parameter '{name}': not a name"
    if parameter.get("type") not in TYPES:
        yield f"parameter {name}: no such type '{parameter.get('type')}'"
    for key in set(parameter) - PARAMETER_KEYS:
        yield f"parameter {name}: no such key '{key}'"
    pattern = parameter.get("allowedPattern")
    if pattern is not None and not (pattern.startswith("^") and pattern.endswith("$")):
        yield f"parameter {name}: allowedPattern is not anchored"
    if "allowedPattern" not in parameter and "allowedValues" not in parameter:
        yield f"parameter {name}: neither allowedPattern nor allowedValues"
    if "default" in parameter:
        try:
            check_value(name, parameter, parameter["default"])
        except Refused as why:
            yield f"its own default: {why}"
    if re.search("token|secret|password", name, re.I) and not name.endswith("Parameter"):
        yield f"parameter {name}: a secret has no place in a parameter"


def step_problems(step, parameters):
    name = step.get("name", "?")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name):
        yield f"step '{name}': not a name"
    if step.get("action") != "aws:runShellScript":
        yield f"step {name}: no such action '{step.get('action')}'"
    for key in set(step) - STEP_KEYS:
        yield f"step {name}: no such key '{key}'"
    for key in ("onFailure", "onSuccess"):
        if step.get(key, "exit") != "exit":
            yield f"step {name}: {key} can only be exit"
    if "StringEquals" not in step.get("precondition", {}):
        yield f"step {name}: no precondition platformType"
    inputs = step.get("inputs", {})
    for key in set(inputs) - INPUT_KEYS:
        yield f"step {name}: no such input '{key}'"
    if not re.fullmatch(r"[1-9]\d{0,5}", str(inputs.get("timeoutSeconds", ""))):
        yield f"step {name}: timeoutSeconds is not a number"
    commands = inputs.get("runCommand")
    if not isinstance(commands, list) or not all(isinstance(line, str) for line in commands):
        yield f"step {name}: runCommand is not a list of strings"
        return
    for reference in REFERENCE.findall("\n".join(commands)):
        if reference not in parameters:
            yield f"step {name}: {{{{ {reference} }}}} is not a parameter"


def problems(document):
    parameters = document.get("parameters", {})
    if document.get("schemaVersion") != "2.2":
        yield f"schemaVersion is '{document.get('schemaVersion')}', should be \"2.2\""
    for key in set(document) - {"schemaVersion", "description", "parameters", "mainSteps"}:
        yield f"no such key '{key}'"
    for name, parameter in parameters.items():
        yield from parameter_problems(name, parameter)
    steps = document.get("mainSteps") or []
    if not steps:
        yield "no mainSteps"
    names = [step.get("name") for step in steps]
    if len(names) != len(set(names)):
        yield "two steps have one name"
    for step in steps:
        yield from step_problems(step, parameters)
    text = str(steps)
    for name in parameters:
        if name not in REFERENCE.findall(text):
            yield f"parameter {name} is used nowhere"


def check_value(name, parameter, value):
    if not isinstance(value, TYPES[parameter["type"]]):
        raise Refused(f"{name} is no {parameter['type']}")
    if "allowedValues" in parameter and value not in parameter["allowedValues"]:
        raise Refused(f"{name} is not among {parameter['allowedValues']}")
    # Java's matches(): the whole of it, and a final newline is not forgiven.
    pattern = parameter.get("allowedPattern")
    if pattern and not re.fullmatch(pattern.removeprefix("^").removesuffix("$"), value):
        raise Refused(f"{name} does not match {pattern}")


def values(document, given):
    declared = document.get("parameters", {})
    for name in given:
        if name not in declared:
            raise Refused(f"no parameter {name}")
    result = {}
    for name, parameter in declared.items():
        if name not in given and "default" not in parameter:
            raise Refused(f"{name} is missing")
        result[name] = given.get(name, parameter.get("default"))
        check_value(name, parameter, result[name])
    return result


def fill(text, filled):
    return REFERENCE.sub(lambda m: str(filled.get(m.group(1), m.group(0))), text)


def runs_here(step, filled):
    left, right = step.get("precondition", {}).get("StringEquals", ["", ""])
    meaning = {"platformType": "Linux"}
    return meaning.get(left, fill(left, filled)) == meaning.get(right, fill(right, filled))


def run_step(step, filled, root, prefix):
    """(status, exit code, output): the script lies in the root file system, as the agent's does."""
    script = "\n".join(fill(line, filled) for line in step["inputs"]["runCommand"]) + "\n"
    where = f"/var/lib/amazon/ssm/orchestration/{step['name']}"
    os.makedirs(root + where, mode=0o700, exist_ok=True)
    with open(f"{root}{where}/_script.sh", "w", encoding="utf-8") as f:
        f.write(script)
    command = [*prefix, "chroot", root, "/usr/bin/env", "-i", f"PATH={PATH}", "HOME=/root",
               "sh", "-c", 'cd "$0" && exec sh -- _script.sh', where]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=int(step["inputs"]["timeoutSeconds"]), check=False)
    except subprocess.TimeoutExpired as late:
        return "TimedOut", -1, (late.stdout or b"").decode(errors="replace")
    return "Success" if done.returncode == 0 else "Failed", done.returncode, done.stdout.decode(errors="replace")


def run(document, root, given, prefix=(), show=lambda *_: None):
    """Runs all steps; the status and exit code of the whole: those of the last step that did not do."""
    filled = values(document, given)
    overall, code, outputs = "Success", 0, []
    for step in document["mainSteps"]:
        if not runs_here(step, filled):
            continue
        status, exit_code, output = run_step(step, filled, root, list(prefix))
        show(step["name"], status, exit_code, output)
        outputs.append(output)
        if status != "Success":
            overall, code = status, exit_code
        if step.get("onFailure" if status != "Success" else "onSuccess") == "exit":
            break
    return overall, code, "".join(outputs)


def main():
    verb, *arguments = sys.argv[1:]
    if verb == "check":
        found = [f"{path}: {problem}" for path in arguments for problem in problems(load(path))]
        print("\n".join(found), end="\n" if found else "")
        return bool(found)
    if verb == "scripts":
        for step in load(arguments[0])["mainSteps"]:
            with open(os.path.join(arguments[1], step["name"] + ".sh"), "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\n" + "\n".join(step["inputs"]["runCommand"]) + "\n")
        return 0
    if verb == "run":
        at = arguments.index("--") if "--" in arguments else len(arguments)
        given = dict(pair.split("=", 1) for pair in arguments[2:at])
        try:
            overall, code, _ = run(load(arguments[0]), arguments[1], given, arguments[at + 1:],
                                   lambda name, status, exit_code, output: print(f"--- {name}: {status} ({exit_code})\n{output}"))
        except Refused as why:
            print(f"InvalidParameters: {why}")
            return 2
        print(overall)
        return code if overall == "Failed" else int(overall != "Success")
    sys.exit(__doc__)


if __name__ == "__main__":
    sys.exit(main())
