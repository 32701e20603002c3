"""cfn_template: reads a CloudFormation template; as a program, prints an instance's user data.

    python3 cfn_template.py FILE RESOURCE [NAME=VALUE...]    names as they appear in ${…}
"""
import re
import sys

import yaml


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms; a tag becomes {"Ref": …} or {"Fn::…": …}."""


def tagged(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", tagged)


def load(path):
    with open(path, encoding="utf-8") as f:
        return yaml.load(f, Loader)


def text(value, names):
    """What Fn::Join and Fn::Sub make of it; a name without a value is an error."""
    if isinstance(value, str):
        return value
    (function, argument), = value.items()
    if function == "Fn::Join":
        return argument[0].join(text(part, names) for part in argument[1])
    if function == "Fn::Sub":
        return re.sub(r"\$\{([^!][^}]*)\}", lambda found: names[found[1]], argument)
    if function == "Fn::If":  # the condition is given as a name, too: any value but "" is true
        return text(argument[1 if names[argument[0]] else 2], names)
    if function == "Ref":
        return names[argument]
    if function == "Fn::GetAtt":
        return names[argument]
    raise ValueError(f"{function} is not known here")


def main():
    path, resource, *pairs = sys.argv[1:]
    names = dict(pair.split("=", 1) for pair in pairs)
    properties = load(path)["Resources"][resource]["Properties"]
    data = properties.get("LaunchTemplateData", properties)["UserData"]["Fn::Base64"]
    sys.stdout.write(text(data, names))


if __name__ == "__main__":
    main()
