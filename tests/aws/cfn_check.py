"""cfn_check FILE...: checks that the CloudFormation validator does not make. One finding a line; exits 1.

Mistakes: SSM documents inside templates, schedule expressions, undeclared volumes of containers, IAM action names.
House rules: no access for everybody, no open SSH, instance metadata version 2 only, encryption at rest, private and
versioned buckets. What fails only on a real account is in cfn_account.py.
"""
import functools
import re
import sys

import botocore.session

import cfn_account
import cfn_template
import ssm_document

# IAM actions that are not names of API operations ("Actions, resources and condition keys" of each service).
ACTIONS = {
    "iam": {"PassRole"},
    "s3": {"ListBucket", "ListBucketMultipartUploads", "ListMultipartUploadParts", "GetObjectVersion", "DeleteObjectVersion",
           "ListBucketVersions", "GetBucketLocation", "AbortMultipartUpload", "GetObject", "PutObject", "DeleteObject"},
    "elasticfilesystem": {"ClientMount", "ClientWrite", "ClientRootAccess"},
    "ssmmessages": {"CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel"},
    "kms": {"*", "ReEncryptFrom", "ReEncryptTo"},
}
# Prefixes of IAM actions that differ from botocore's name of the service.
SERVICES = {"elasticfilesystem": "efs", "elasticloadbalancing": "elbv2", "monitoring": "cloudwatch", "states": "stepfunctions"}
RATE = re.compile(r"rate\((1 (minute|hour|day)|([2-9]|[1-9]\d+) (minutes|hours|days))\)|cron\(\S+ \S+ \S+ \S+ \S+ \S+\)|at\(\S+\)")


def operations(prefix):
    session = botocore.session.get_session()
    name = SERVICES.get(prefix, prefix)
    if name not in session.get_available_services():
        return None
    return set(session.get_service_model(name).operation_names)


def action_problems(action):
    prefix, _, name = action.partition(":")
    known = operations(prefix)
    if known is None and prefix not in ACTIONS:
        yield f"no service '{prefix}' in {action}"
        return
    names = (known or set()) | ACTIONS.get(prefix, set())
    if name == "*" and "*" in names:
        return
    pattern = re.escape(name).replace(r"\*", ".*")
    if not any(re.fullmatch(pattern, one) for one in names):
        yield f"no IAM action {action}"


def each(value, path=""):
    """Every mapping below value, with its path."""
    if isinstance(value, dict):
        yield path, value
        for key, inner in value.items():
            yield from each(inner, f"{path}/{key}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from each(inner, f"{path}/{index}")


def listed(value):
    return value if isinstance(value, list) else [value]


def statement_problems(statement):
    for action in listed(statement.get("Action", [])):
        if action == "*":
            yield "allows every action"
        elif isinstance(action, str):
            yield from action_problems(action)
    organisation = "aws:PrincipalOrgID" in statement.get("Condition", {}).get("StringEquals", {})
    if statement.get("Effect") == "Allow" and statement.get("Principal") in ("*", {"AWS": "*"}) and not organisation:
        yield "allows everybody"


def document_problems(resource):
    if resource["Properties"].get("DocumentType") == "Command":
        yield from ssm_document.problems(resource["Properties"]["Content"])


def schedule_problems(resource, template):
    text = resource["Properties"].get("ScheduleExpression")
    if isinstance(text, dict):
        text = template["Parameters"][text["Ref"]]["Default"]
    if text is not None and not RATE.fullmatch(text):
        yield f"no schedule: {text}"


def task_problems(resource):
    volumes = {volume["Name"] for volume in resource["Properties"].get("Volumes", [])}
    for container in resource["Properties"]["ContainerDefinitions"]:
        for mount in container.get("MountPoints", []):
            if mount["SourceVolume"] not in volumes:
                yield f"no volume {mount['SourceVolume']}"
        if not container.get("ReadonlyRootFilesystem"):
            yield f"container {container['Name']} may write to its root file system"


# A key of ours, which the template makes or takes.
KEYS = {"AWS::SNS::Topic": "KmsMasterKeyId", "AWS::EFS::FileSystem": "KmsKeyId", "AWS::Logs::LogGroup": "KmsKeyId"}


def key_problems(resource):
    key = KEYS.get(resource["Type"])
    if key and key not in resource["Properties"]:
        yield f"no {key}: it is not encrypted with a key of ours"


@functools.lru_cache
def config_words():
    shape = botocore.session.get_session().get_service_model("config").shape_for
    return {"RecordingFrequency": ["CONTINUOUS", "DAILY"], "DeliveryFrequency": shape("MaximumExecutionFrequency").enum,
            "Owner": shape("Owner").enum, "PolicyRuntime": ["guard-2.x.x"], "ResourceType": shape("ResourceType").enum}


def config_problems(value):
    """Words of AWS Config that the validators do not check."""
    for key, words in config_words().items():
        if key in value and value[key] not in words:
            yield f"{key} {value[key]}: none of {words}"
    for one in value.get("ResourceTypes", []) + value.get("ComplianceResourceTypes", []):
        if one not in config_words()["ResourceType"]:
            yield f"AWS Config does not record {one}"


def bucket_problems(resource):
    properties = resource["Properties"]
    if resource["Type"] != "AWS::S3::Bucket":
        return
    if "BucketEncryption" not in properties:
        yield "the bucket is not encrypted"
    if properties.get("VersioningConfiguration", {}).get("Status") != "Enabled":
        yield "the bucket does not keep versions"
    block = properties.get("PublicAccessBlockConfiguration", {})
    for name in ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"):
        if block.get(name) is not True:
            yield f"the bucket is not closed: {name}"


def file_system_problems(resource):
    if resource["Type"] == "AWS::EFS::FileSystem" and resource["Properties"].get("Encrypted") is not True:
        yield "the file system is not encrypted"


def open_problems(value):
    """A rule of a security group that opens SSH to all addresses."""
    everybody = value.get("CidrIp") == "0.0.0.0/0" or value.get("CidrIpv6") == "::/0"
    low, high = value.get("FromPort"), value.get("ToPort")
    if everybody and isinstance(low, int) and isinstance(high, int) and low <= 22 <= high:
        yield "SSH is open to everybody"


def metadata_problems(resource, template):
    """The metadata service of an instance must be version 2 only, by itself or by its launch template."""
    if resource["Type"] not in ("AWS::EC2::Instance", "AWS::EC2::LaunchTemplate"):
        return
    properties = resource["Properties"]
    reference = properties.get("LaunchTemplate", {}).get("LaunchTemplateId", {}).get("Ref")
    if reference:
        properties = template["Resources"][reference]["Properties"]
    options = properties.get("LaunchTemplateData", properties).get("MetadataOptions", {})
    if options.get("HttpTokens") != "required":
        yield "instance metadata must be version 2 only"


def disk_problems(value):
    if "Ebs" in value and isinstance(value["Ebs"], dict) and value["Ebs"].get("Encrypted") is not True:
        yield "a disk is not encrypted"


def problems(template):
    for name, resource in template["Resources"].items():
        kind = resource["Type"]
        resource.setdefault("Properties", {})
        found = []
        if kind == "AWS::SSM::Document":
            found += document_problems(resource)
        if kind == "AWS::ECS::TaskDefinition":
            found += task_problems(resource)
        found += key_problems(resource)
        found += metadata_problems(resource, template)
        found += bucket_problems(resource)
        found += file_system_problems(resource)
        found += schedule_problems(resource, template)
        for _, value in each(resource.get("Properties", {})):
            found += disk_problems(value)
            found += open_problems(value)
            if kind.startswith("AWS::Config::"):
                found += config_problems(value)
            if "Effect" in value:
                found += statement_problems(value)
        found += cfn_account.resource_problems(resource, template)
        for problem in found:
            yield f"{name}: {problem}"
    yield from cfn_account.template_problems(template)


def main():
    bad = 0
    for path in sys.argv[1:]:
        for problem in problems(cfn_template.load(path)):
            print(f"{path}: {problem}")
            bad += 1
        for problem in cfn_account.text_problems(path):
            print(f"{path}: {problem}")
            bad += 1
    sys.exit(1 if bad else 0)


main()
