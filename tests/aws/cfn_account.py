"""cfn_account: rules against templates that every validator accepts and that fail, or lose data, on a real account.

Each rule says in its docstring what AWS does; tests/aws/account.md has the pages.
"""
import re

import yaml

KEEP = "RetainExceptOnCreate"
STATEFUL = {"AWS::KMS::Key", "AWS::S3::Bucket", "AWS::EFS::FileSystem", "AWS::EC2::Volume"}
LONGEST = {"minutes": 44640, "hours": 744, "days": 31}
SERVER_KEEPS_OPEN = 75  # seconds: lighttpd's server.max-keep-alive-idle


def listed(value):
    return value if isinstance(value, list) else [value]


def each(value):
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for inner in value:
            yield from each(inner)


def services(statement):
    principal = statement.get("Principal")
    return listed(principal.get("Service", [])) if isinstance(principal, dict) else []


def eventbridge_problems(resource):
    """EventBridge sends neither aws:SourceAccount nor aws:SourceArn to KMS, and none to SNS: a condition is never met."""
    if resource["Type"] not in ("AWS::KMS::Key", "AWS::SNS::TopicPolicy"):
        return
    for value in each(resource["Properties"]):
        if "Effect" in value and "events.amazonaws.com" in services(value) and "Condition" in value:
            yield "a condition on events.amazonaws.com is never met: no event would be delivered"


def topic_problems(resource, template):
    """A topic with a key of ours needs that key's policy to admit the service that publishes."""
    if resource["Type"] != "AWS::Events::Rule":
        return
    for target in resource["Properties"].get("Targets", []):
        topic = template["Resources"].get(target["Arn"].get("Ref") if isinstance(target["Arn"], dict) else None, {})
        if topic.get("Type") != "AWS::SNS::Topic":
            continue
        text = yaml.safe_dump([one for one in template["Resources"].values() if one["Type"] in ("AWS::KMS::Key", "AWS::SNS::TopicPolicy")])
        if text.count("events.amazonaws.com") < 2:
            yield "the topic's policy and its key's policy must both admit events.amazonaws.com"
        if "Invocation" in str(resource["Properties"]["EventPattern"]) or "Instance" in str(resource["Properties"]["EventPattern"]["detail-type"]):
            yield "one message for each instance: count the events and raise an alarm"


def kept_problems(resource):
    """Retain keeps what a failed creation made, so the second creation fails; Delete loses records."""
    if resource["Type"] not in STATEFUL:
        return
    policy = resource.get("DeletionPolicy")
    if policy == "Retain" or (policy != KEEP and resource["Type"] != "AWS::KMS::Key"):
        yield f"DeletionPolicy must be {KEEP}"
    wanted = "Snapshot" if resource["Type"] == "AWS::EC2::Volume" else "Retain"
    if policy == KEEP and resource.get("UpdateReplacePolicy") != wanted:
        yield f"UpdateReplacePolicy must be {wanted}"


def instance_problems(resource):
    """A data disk among the instance's own is replaced with it. An instance store is empty after each stop."""
    data = resource["Properties"].get("LaunchTemplateData", resource["Properties"])
    if resource["Type"] in ("AWS::EC2::Instance", "AWS::EC2::LaunchTemplate") and len(data.get("BlockDeviceMappings", [])) > 1:
        yield "records on a disk of the instance are lost when it is replaced: use AWS::EC2::Volume"


def image_problems(template):
    """An update resolves a public parameter again: a newer image would replace the instance."""
    for name, parameter in template.get("Parameters", {}).items():
        pattern = parameter.get("AllowedPattern", "")
        if "EC2::Image::Id" in parameter["Type"] and ("Default" in parameter or not re.search(r":\[1-9\]\[0-9\]\{0,\d\}\$$", pattern)):
            yield f"{name}: the image must be pinned as name:version"
        if name == "InstanceType" and any(re.fullmatch(pattern, kind) for kind in ("t2.small", "m4.large", "m5d.large", "i3.large", "m6gd.large")):
            yield f"{name}: admits types without Nitro, or with an instance store"


def association_problems(resource, template):
    """State Manager refuses rates below 30 minutes and above 31 days."""
    if resource["Type"] != "AWS::SSM::Association":
        return
    reference = resource["Properties"].get("ScheduleExpression")
    if reference is None:
        return
    pattern = template["Parameters"][reference["Ref"]].get("AllowedPattern", ".*") if isinstance(reference, dict) else re.escape(reference)
    for unit, most in LONGEST.items():
        if re.fullmatch(pattern, f"rate({most + 1} {unit})"):
            yield f"State Manager refuses rate({most + 1} {unit})"
    if re.fullmatch(pattern, "rate(29 minutes)"):
        yield "State Manager refuses rate(29 minutes)"


def service_problems(resource, template):
    """DesiredCount beside scaling is set back at each update. ECS Exec does not support a read-only root file system."""
    if resource["Type"] != "AWS::ECS::Service":
        return
    properties = resource["Properties"]
    name = next(name for name, one in template["Resources"].items() if one is resource)
    scaled = [str(one["Properties"]) for one in template["Resources"].values() if one["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"]
    if "DesiredCount" in properties and any(f"{{{name}.Name}}" in one for one in scaled):
        yield "DesiredCount would undo the scaling at each update"
    task = template["Resources"][properties["TaskDefinition"]["Ref"]]["Properties"]
    if properties.get("EnableExecuteCommand") and any(one.get("ReadonlyRootFilesystem") for one in task["ContainerDefinitions"]):
        yield "ECS Exec does not support a read-only root file system"
    if "Network" not in listed(resource.get("DependsOn", [])):
        yield "the service must wait for its routes and endpoints"


def balancer_problems(resource):
    """The server must keep connections open for longer than the balancer, which answers 502 otherwise."""
    if resource["Type"] != "AWS::ElasticLoadBalancingV2::LoadBalancer":
        return
    if resource["Properties"].get("Scheme") == "internet-facing":
        yield "internet-facing must be a choice, not the rule"
    for attribute in resource["Properties"].get("LoadBalancerAttributes", []):
        if attribute["Key"] == "idle_timeout.timeout_seconds" and int(attribute["Value"]) >= SERVER_KEEPS_OPEN:
            yield f"the idle timeout must be below lighttpd's {SERVER_KEEPS_OPEN} s"


def firewall_problems(resource):
    """A plain Block answers 403, which an agent takes for a refused token."""
    if resource["Type"] != "AWS::WAFv2::WebACL":
        return
    for rule in resource["Properties"]["Rules"]:
        block = rule.get("Action", {}).get("Block")
        if block is not None and block.get("CustomResponse", {}).get("ResponseCode") != 429:
            yield f"rule {rule['Name']} must answer 429"


def cleanup_problems(template):
    """A store that nothing is removed from fills up."""
    stores = [one for one in template["Resources"].values() if one["Type"] in ("AWS::EC2::Volume", "AWS::EFS::FileSystem")]
    if stores and "KeepDays" not in template["Parameters"]:
        yield "no KeepDays: nothing would ever be removed"


def resource_problems(resource, template):
    for rule in (eventbridge_problems, kept_problems, instance_problems, balancer_problems, firewall_problems):
        yield from rule(resource)
    for rule in (topic_problems, association_problems, service_problems):
        yield from rule(resource, template)


def template_problems(template):
    yield from image_problems(template)
    yield from cleanup_problems(template)


def text_problems(path):
    """CloudFormation does not take YAML aliases."""
    with open(path, encoding="utf-8") as f:
        for token in yaml.scan(f):
            if isinstance(token, (yaml.AliasToken, yaml.AnchorToken)):
                yield f"line {token.start_mark.line + 1}: CloudFormation does not take YAML aliases"
