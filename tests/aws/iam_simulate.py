"""iam_simulate TEMPLATE ROLE LOG ELSEWHERE [NAME=VALUE...]: the role's policies allow every call that the programs made.

LOG is what the stand-ins for AWS wrote: "call SERVICE OPERATION RESOURCE..." (ssm_server.py), or "METHOD PATH" of requests
to S3 (s3-proxy); or "services": the calls that ECS and EventBridge Scheduler make with the role for the resources in
TEMPLATE that name it; or "iam ACTION RESOURCE CONTEXT" and, for what must be refused, "never ACTION RESOURCE CONTEXT"
(waves/calls.js), where trust:AssumeRole asks the role's trust policy about a principal. Policies are those of ROLE in
TEMPLATE and the managed ones listed here, with NAMEs in ${...} replaced. Exits 1 and names each call that is denied, each
that must be refused and is not, and each action of the policies that no call used; ELSEWHERE has the actions, joined by
commas, that another test uses. TEMPLATE may be a man page (.8): ROLE is then -, the policy is its display with "Effect", and
each NAME, a text of the display, is replaced as it is.
"""
import fnmatch
import json
import re
import sys
import urllib.parse

import cfn_template

# What AWS's managed policies allow, as far as the programs rely on them.
MANAGED = {
    "AmazonSSMManagedInstanceCore": {"Effect": "Allow", "Action": ["ssm:GetParameter"], "Resource": "*"},
    "AmazonECSTaskExecutionRolePolicy": {"Effect": "Allow", "Resource": "*", "Action": [
        "ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage",
        "logs:CreateLogStream", "logs:PutLogEvents"]},
}
OPERATORS = {"StringEquals": lambda want, got: got in want, "ArnEquals": lambda want, got: got in want,
             "Bool": lambda want, got: got in want, "Null": lambda want, got: ("true" if got is None else "false") in want,
             "ArnLike": lambda want, got: any(fnmatch.fnmatchcase(got or "", one) for one in want),
             "StringLike": lambda want, got: got is not None and any(fnmatch.fnmatchcase(got, one) for one in want),
             "StringLikeIfExists": lambda want, got: got is None or any(fnmatch.fnmatchcase(got, one) for one in want),
             "ForAllValues:StringEquals": lambda want, got: all(one in want for one in got or [])}


def arn(names, service, rest):
    return f"arn:aws:{service}:{names['AWS::Region']}:{names['AWS::AccountId']}:{rest}"


def aws_calls(names, service, operation, resources):
    """The IAM actions of one logged call, each with its resource and condition keys (Service Authorization Reference)."""
    tag = {"aws:ResourceTag/rollcall-collector": names["AWS::StackName"]}
    if service == "ssm" and operation == "SendCommand":
        yield "ssm:SendCommand", arn(names, "ssm", "document/" + resources[0]), {}
        for target in resources[1:]:
            instance, _, own = target.partition(",")
            kind = ("ssm", "managed-instance/") if instance.startswith("mi-") else ("ec2", "instance/")
            yield "ssm:SendCommand", arn(names, kind[0], kind[1] + instance), {
                "ssm:resourceTag/" + key: value for key, value in (one.split("=", 1) for one in own.split(",") if one)}
    elif service == "ssm" and operation.startswith(("List", "Describe")):
        yield f"ssm:{operation}", "*", {}
    elif service == "ssm":
        parameter = arn(names, "ssm", "parameter" + resources[0])
        yield f"ssm:{operation}", parameter, {}
        if resources[0] in names["PLAIN"].split(","):
            return  # a String: not encrypted
        yield ("kms:Decrypt" if operation == "GetParameter" else "kms:Encrypt"), names["KEY"], {
            "kms:ViaService": f"ssm.{names['AWS::Region']}.amazonaws.com", "kms:EncryptionContext:PARAMETER_ARN": parameter}
    elif operation == "DescribeVolumes":
        yield "ec2:DescribeVolumes", "*", {}
    elif operation == "AttachVolume":
        yield "ec2:AttachVolume", arn(names, "ec2", f"volume/{resources[0]}"), {}
        yield "ec2:AttachVolume", arn(names, "ec2", f"instance/{resources[1]}"), tag
    elif operation == "AssociateAddress":
        yield "ec2:AssociateAddress", arn(names, "ec2", f"elastic-ip/{resources[0]}"), {}
        yield "ec2:AssociateAddress", arn(names, "ec2", f"instance/{resources[1]}"), tag
        yield "ec2:AssociateAddress", arn(names, "ec2", "network-interface/eni-1"), tag
    elif operation == "PutMetricData":
        yield "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": resources[0]}
    elif operation == "SignalResource":
        yield "cloudformation:SignalResource", arn(names, "cloudformation", f"stack/{resources[0]}/id"), {}
    else:
        yield f"{service}:{operation}", " ".join(resources), {}


def s3_calls(names, method, path):
    _, bucket, key = urllib.parse.unquote(path.partition("?")[0]).split("/", 2)
    query = path.partition("?")[2]
    if not key:
        asked = urllib.parse.parse_qs(query, keep_blank_values=True)
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": asked["prefix"][0]} if "prefix" in asked else {}
        return
    action = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject", "DELETE": "DeleteObject"}[method]
    if method == "DELETE" and "uploadId=" in query:
        action = "AbortMultipartUpload"
    yield f"s3:{action}", f"arn:aws:s3:::{bucket}/{key}", {}
    if method == "HEAD":  # "HeadObject", Permissions: a missing object is 404 only for those who may list, else 403
        yield "s3:ListBucket", f"arn:aws:s3:::{bucket}", {}
    # The bucket's default encryption; parts are read back with the key when an upload is completed.
    if action != "AbortMultipartUpload" and "KEY" in names:
        yield ("kms:Decrypt" if action == "GetObject" or query else "kms:GenerateDataKey"), names["KEY"], {}


def logged(path, names):
    with open(path, encoding="utf-8") as f:
        for line in f:
            if line.startswith("call "):
                _, service, operation, *resources = line.split()
                yield from aws_calls(names, service, operation, resources)
            elif re.match(r"(GET|HEAD|PUT|POST|DELETE) /", line):
                method, target = line.split()[:2]
                yield from s3_calls(names, method, target)
            elif line.startswith("iam "):
                yield written(line)


def written(line):
    _, action, resource, context = line.split(maxsplit=3)
    return action, resource, json.loads(context)


def never(path):
    """The calls that must be refused."""
    with open(path, encoding="utf-8") as f:
        return [written(line) for line in f if line.startswith("never ")]


def service_calls(resources, role, names):
    """What AWS's services do with the role: ECS before it starts a task, the scheduler when it starts one."""
    own = {"Fn::GetAtt": f"{role}.Arn"}
    for resource in resources.values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::ECS::TaskDefinition" and properties["ExecutionRoleArn"] == own:
            for container in properties["ContainerDefinitions"]:
                yield from container_calls(container, names)
        elif resource["Type"] == "AWS::Scheduler::Schedule" and properties["Target"]["RoleArn"] == own:
            target = properties["Target"]
            task = resources[target["EcsParameters"]["TaskDefinitionArn"]["Ref"]]["Properties"]
            family = cfn_template.text(task["Family"], names)
            yield "ecs:RunTask", arn(names, "ecs", f"task-definition/{family}:1"), {"ecs:cluster": cfn_template.text(target["Arn"], names)}
            for passed in "ExecutionRoleArn", "TaskRoleArn":
                yield "iam:PassRole", cfn_template.text(task[passed], names), {"iam:PassedToService": "ecs-tasks.amazonaws.com"}


def container_calls(container, names):
    for action in "GetAuthorizationToken", "BatchCheckLayerAvailability", "GetDownloadUrlForLayer", "BatchGetImage":
        yield f"ecr:{action}", "*", {}
    for action in "CreateLogStream", "PutLogEvents":
        group = cfn_template.text(container["LogConfiguration"]["Options"]["awslogs-group"], names)
        yield f"logs:{action}", arn(names, "logs", f"log-group:{group}:log-stream:1"), {}
    for secret in resolved(container.get("Secrets", []), names):
        yield "ssm:GetParameters", secret["ValueFrom"], {}
        yield "kms:Decrypt", names["KEY"], {"kms:ViaService": f"ssm.{names['AWS::Region']}.amazonaws.com"}


def listed(value):
    return value if isinstance(value, list) else [value]


class Names(dict):
    def __missing__(self, name):
        return f"<{name}>"


def resolved(value, names):
    """Text of a value with intrinsic functions; a list without AWS::NoValue."""
    if isinstance(value, list):
        return [one for one in (resolved(inner, names) for inner in value) if one is not None]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Fn::If"}:
        condition, yes, no = value["Fn::If"]
        return resolved(yes if names[condition] not in ("", "no") else no, names)
    if set(value) == {"Ref"}:
        return None if value["Ref"] == "AWS::NoValue" else names[value["Ref"]]
    if set(value) == {"Fn::Select"}:
        index, inner = value["Fn::Select"]
        return resolved(inner, names)[int(index)]
    if set(value) == {"Fn::Split"}:
        separator, inner = value["Fn::Split"]
        return resolved(inner, names).split(separator)
    if set(value) == {"Fn::Sub"} and isinstance(value["Fn::Sub"], list):
        text, own = value["Fn::Sub"]
        return cfn_template.text({"Fn::Sub": text}, Names(names | {key: resolved(one, names) for key, one in own.items()}))
    if len(value) == 1 and next(iter(value)).startswith("Fn::"):
        return cfn_template.text(value, names)
    return {key: resolved(inner, names) for key, inner in value.items()}


def statements(resource, names):
    properties = resource["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    if resource["Type"] == "AWS::IAM::ManagedPolicy":
        documents = [properties["PolicyDocument"]]
    for document in documents:
        for statement in resolved(document["Statement"], names):
            yield statement
    for arn in properties.get("ManagedPolicyArns", []):
        name = str(arn).rsplit("/", maxsplit=1)[-1].rstrip("'}")
        if name in MANAGED:
            yield MANAGED[name]


def page_statements(path, names):
    """The policy that a man page shows."""
    with open(path, encoding="utf-8") as f:
        displays = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed", f.read(), re.M | re.S)
    text = "".join(display for display in displays if '"Effect"' in display)
    for name, value in names.items():
        text = text.replace(name, value)
    return json.loads(f"[{text}]")


def trusts(resource, names):
    """The role's trust policy, as statements about principals."""
    for statement in resolved(resource["Properties"]["AssumeRolePolicyDocument"]["Statement"], names):
        yield statement | {"Action": "trust:AssumeRole", "Resource": [one for kind in statement["Principal"].values() for one in listed(kind)]}


def allowed(granted, call):
    """Something allows it, and nothing denies it."""
    effects = {one["Effect"] for one in granted if permits(one, *call)}
    return effects == {"Allow"}


def permits(statement, action, resource, context):
    if not any(fnmatch.fnmatchcase(action.lower(), one.lower()) for one in listed(statement["Action"])):
        return False
    if not any(fnmatch.fnmatchcase(resource, one.replace("[", "[[]")) for one in listed(statement["Resource"])):
        return False
    for operator, wanted in statement.get("Condition", {}).items():
        for key, values in wanted.items():
            if not OPERATORS[operator](listed(values), context.get(key)):
                return False
    return True


def main():
    path, role, log, elsewhere, *pairs = sys.argv[1:]
    names = Names(pair.split("=", 1) for pair in pairs)
    page = path.endswith(".8")
    resources = {} if page else cfn_template.load(path)["Resources"]
    granted = page_statements(path, names) if page else list(statements(resources[role], names))
    calls, bad = list(service_calls(resources, role, names) if log == "services" else logged(log, names)), []
    if not calls:
        bad.append(f"{log} has no call")
    if any(action.startswith("trust:") for action, _, _ in calls):
        granted += trusts(resources[role], names)
    bad += [f"denied: {action} {resource} {context}" for action, resource, context in calls if not allowed(granted, (action, resource, context))]
    if log != "services":
        bad += ["not refused: {} {} {}".format(*call) for call in never(log) if allowed(granted, call)]
    used = {action for action, _, _ in calls} | set(elsewhere.split(","))
    for statement in granted:
        if statement not in MANAGED.values():
            bad += [f"unused: {action}" for action in listed(statement["Action"]) if action not in used]
    print("\n".join(sorted(set(bad))))
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
