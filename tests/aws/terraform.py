"""terraform.py FOLDER: compares the modules of aws/terraform with the CloudFormation templates. One finding a line; exits 1."""
import os
import re
import sys

import hcl2
import yaml

TYPES = {"Number": "number", "CommaDelimitedList": "list(string)"}
RESERVED = {"source", "version", "providers", "count", "for_each", "lifecycle", "depends_on", "locals"}


class Loader(yaml.SafeLoader):
    """CloudFormation's short forms (!Ref, !Sub, ...) are not looked at."""


Loader.add_multi_constructor("!", lambda loader, suffix, node: suffix)


def plain(value):
    """Some releases of python-hcl2 keep quotes and ${} around expressions."""
    return re.sub(r'^"(.*)"$', r"\1", re.sub(r"^\$\{(.*)\}$", r"\1", str(value), flags=re.S), flags=re.S)


def blocks(document, kind):
    return {plain(name): body for block in document.get(kind, []) for name, body in block.items() if not name.startswith("__")}


def snake(name):
    lower = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name.replace("GiB", "Gib")).lower()
    return "agent_version" if lower == "version" else lower


def read(path):
    with open(path, encoding="utf-8") as f:
        return hcl2.load(f)


def check_module(folder, name, template):
    module = read(os.path.join(folder, name, "main.tf"))
    variables, outputs = blocks(module, "variable"), blocks(module, "output")
    with open(os.path.join(folder, name, "main.tf"), encoding="utf-8") as f:
        text = f.read()
    expected = {"name"}
    for parameter, about in template["Parameters"].items():
        variable = snake(parameter)
        expected.add(variable)
        if variable not in variables:
            yield f"{name}: no variable {variable} for the parameter {parameter}"
            continue
        if plain(variables[variable]["type"]) != TYPES.get(about["Type"], "string"):
            yield f"{name}: {variable} is {variables[variable]['type']}; the parameter is a {about['Type']}"
        if ("default" in variables[variable]) != ("Default" in about):
            yield f"{name}: {variable} and {parameter}: only one of them has a default"
        if not re.search(rf"^    {parameter} += .*\bvar\.{variable}\b", text, re.M):
            yield f"{name}: {parameter} is not given to the stack"
    yield from (f"{name}: variable {v} is no parameter" for v in variables if v not in expected)
    yield from (f"{name}: Terraform reserves the name {v}" for v in variables if v in RESERVED)
    names = {snake(o): o for o in template.get("Outputs", {})}
    yield from (f"{name}: no output {o}" for o in names if o not in outputs)
    yield from (f"{name}: output {o} is none of the template" for o in outputs if o not in names)
    yield from (f"{name}: {o} is not read from the stack" for o in names if o in outputs and f'"{names[o]}"' not in plain(outputs[o]["value"]))
    if f"/../../cloudformation/{name}.yaml" not in text:
        yield f"{name}: reads another template"


def check_example(folder):
    """Each argument of a module is one of its variables, and each that must be set is."""
    for label, body in blocks(read(os.path.join(folder, "example", "main.tf")), "module").items():
        module = read(os.path.join(folder, "example", plain(body["source"]), "main.tf"))
        variables = blocks(module, "variable")
        given = {k for k in body if k != "source" and not k.startswith("__")}
        yield from (f"example: {label} has no variable {v}" for v in given - set(variables))
        yield from (f"example: {label} needs {v}" for v, about in variables.items() if "default" not in about and v not in given)
        with open(os.path.join(folder, "example", "main.tf"), encoding="utf-8") as f:
            used = re.findall(rf"\bmodule\.{label}\.(\w+)", f.read())
        yield from (f"example: {label} has no output {o}" for o in used if o not in blocks(module, "output"))


def main(folder):
    templates = os.path.join(folder, "../cloudformation")
    found = []
    names = sorted(f[:-5] for f in os.listdir(templates) if f.endswith(".yaml"))
    for name in names:
        if not os.path.exists(os.path.join(folder, name, "main.tf")):
            found.append(f"{name}: no module")
            continue
        with open(os.path.join(templates, name + ".yaml"), encoding="utf-8") as f:
            found += check_module(folder, name, yaml.load(f, Loader))
    found += check_example(folder)
    print("\n".join(found))
    sys.exit(bool(found))


main(sys.argv[1])
