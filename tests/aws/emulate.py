"""emulate FOLDER: creates the stacks of our templates in moto, an emulator of AWS, and checks how they are wired.

Each parameter takes each of its edge values in some stack: the shortest and longest that its AllowedPattern and limits
admit, or each of AllowedValues. moto does not know all resource types and conditions; it ignores those.
"""
import os
import pathlib
import re
import sys
import warnings

import boto3
from moto import mock_aws
from moto.cloudformation import parsing

import cfn_template

HASH = "0" * 64
IMAGE = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"  # one that moto has
KEY = "arn:aws:kms:us-east-1:123456789012:key/" + "a" * 36
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/" + "a" * 36
URL = "https://" + "a" * 396 + ".deb"
os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
warnings.simplefilter("ignore")

# Edge values of text parameters. The patterns must admit them, and refuse those of REFUSED.
NAMES = ["/a", "/" + "/".join(["a" * 60] * 15)]
EDGES = {
    "ApiCidr": ["0.0.0.0/0", "255.255.255.255/32"], "AllowedCidr": ["0.0.0.0/0", "255.255.255.255/32"],
    "SshCidr": ["", "10.0.0.0/8", "255.255.255.255/32"], "TlsCertParameter": [""], "TlsKeyParameter": [""],
    "KeyName": ["", "k" * 255], "SsmAgentKeyParameter": ["", *NAMES], "InstanceType": ["t3a.nano", "c7i-flex.8xlarge", "t4g.small"],
    "KeyArn": ["", KEY], "BucketName": ["", "a.b", "a" * 63], "VolumeId": ["", "vol-" + "0" * 17],
    "PackageUrl": ["https://a.deb", URL], "AwsPackageUrl": ["https://a.deb", URL],
    "PackageSha256": [HASH], "AwsPackageSha256": [HASH], "SumsSha256": [HASH], "TokenParameter": NAMES, "TokensParameter": NAMES,
    "AlarmEmail": ["", "a@b", "a" * 64 + "@" + "b" * 190], "Image": ["ab", "a" * 401], "CertificateArn": [CERTIFICATE],
    "TokensKeyArn": ["", KEY], "TokenKeyArn": ["", KEY], "VpcPrefix": ["10.0", "172.31", "192.168"],
    "BaseUrl": ["https://a", "s3://bucket/folder", "https://" + "a" * 401], "Version": ["0", "1." + "2" * 30],
    "CollectorUrl": ["http://a", "https://" + "a" * 251], "CaParameter": ["", *NAMES], "TagKey": ["a", "b" * 128],
    "TagValue": ["a", "b" * 256], "Rate": ["rate(30 minutes)", "rate(1 hour)", "rate(99 hours)", "rate(31 days)"],
    "MaxConcurrency": ["1", "9999999", "100%"], "MaxErrors": ["1", "9999999", "100%"],
    "Policy": ["", "baseline", *NAMES], "WatchParameter": ["", *NAMES],
    "InstanceRoles": ["", "a", "r" * 64 + "," + "s" * 64], "ImageId": [IMAGE],
}
REFUSED = {
    "ApiCidr": ["10.0.0.0", "10.0.0.0/33"], "SshCidr": ["0.0.0.0/0"], "InstanceType": ["t2.micro", "m5d.large", "i4i.large", "t3"],
    "ImageId": ["/aws/service/debian/release/12/latest/amd64", "ami-1:1", "/aws/service/debian/x:0"],
    "VolumeId": ["vol-xyz"], "BucketName": ["A", "ab", "-a-"], "TokenParameter": ["rollcall", "/a//b", "/a/"],
    "PackageUrl": ["http://a.deb", "https://a'.deb", "https://a.rpm"], "PackageSha256": ["0" * 63, "A" * 64],
    "BaseUrl": ["ftp://a", "s3://bucket/", "https://a'b"], "Rate": ["rate(29 minutes)", "rate(32 days)", "rate(1 hours)", "cron(0 0 * * ? *)"],
    "MaxErrors": ["0", "101%", "0%"], "VpcPrefix": ["11.0", "172.15", "10.256"], "Image": ["A", "a b"], "AlarmEmail": ["a", "a b@c"],
}


def without_no_value(clean):
    """CloudFormation leaves AWS::NoValue out of lists; moto leaves None."""
    def cleaned(value, resources):
        made = clean(value, resources)
        return [one for one in made if one is not None] if isinstance(made, list) else made
    return cleaned


parsing.clean_json = without_no_value(parsing.clean_json)


def pattern_problems(template):
    for name, parameter in template["Parameters"].items():
        pattern = parameter.get("AllowedPattern")
        if pattern is None:
            continue
        if name not in EDGES:
            yield f"{name}: no edge values"
        for value in EDGES.get(name, []):
            if name != "ImageId" and not re.fullmatch(pattern, value):
                yield f"{name}: refuses {value[:80]}"
        for value in REFUSED.get(name, []):
            if re.fullmatch(pattern, value):
                yield f"{name}: admits {value[:80]}"


def edges(template, name):
    parameter = template["Parameters"][name]
    if "AllowedValues" in parameter:
        return [str(value) for value in parameter["AllowedValues"]]
    if parameter["Type"] == "Number":
        return [str(parameter[limit]) for limit in ("MinValue", "MaxValue")]
    return EDGES.get(name, [])


def stack(folder, name, **parameters):
    """Creates the stack; returns its outputs."""
    cloudformation = boto3.client("cloudformation")
    body = (pathlib.Path(folder) / f"{name}.yaml").read_text(encoding="utf-8")
    cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"], Parameters=[
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()])
    made = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    assert made["StackStatus"] == "CREATE_COMPLETE", made["StackStatus"]
    return {one["OutputKey"]: one["OutputValue"] for one in made["Outputs"]}


def open_ports(description):
    groups = boto3.client("ec2").describe_security_groups(Filters=[{"Name": "description", "Values": [description]}])
    rules = groups["SecurityGroups"][0]["IpPermissions"]
    return {(rule["FromPort"], address["CidrIp"]) for rule in rules for address in rule["IpRanges"]}


def collector(folder, **given):
    subnet = boto3.client("ec2").describe_subnets()["Subnets"][0]
    values = {"VpcId": subnet["VpcId"], "SubnetId": subnet["SubnetId"], "AvailabilityZone": subnet["AvailabilityZone"],
              "ApiCidr": "10.0.0.0/8", "SshCidr": "10.9.0.0/16", "ImageId": IMAGE, "PackageSha256": HASH, "AwsPackageSha256": HASH,
              "PackageUrl": "https://example.com/rollcall-handler_0.1.0_amd64.deb",
              "AwsPackageUrl": "https://example.com/rollcall-aws_0.1.0_amd64.deb"} | given
    outputs = stack(folder, "collector", **values)
    groups = boto3.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[outputs["GroupName"]])["AutoScalingGroups"]
    assert (groups[0]["MinSize"], groups[0]["MaxSize"]) == (1, 1), groups
    found = open_ports("rollcall collector")
    assert (int(values.get("ApiPort", 7000)), values["ApiCidr"]) in found, found
    assert (len(found) == 2) == (values["SshCidr"] != ""), found
    if not given.get("BucketName"):
        boto3.client("s3").head_bucket(Bucket=outputs["BucketName"])


def fleet(folder, **given):
    for role in filter(None, given.get("InstanceRoles", "").split(",")):
        boto3.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    stack(folder, "fleet", **{"BaseUrl": "https://example.com/r", "Version": "0.1.0", "SumsSha256": HASH,
                              "CollectorUrl": "https://example.com/data"} | given)
    for name in ("rollcall-install", "rollcall-run"):
        document = boto3.client("ssm").get_document(Name=name)
        assert "aws:runShellScript" in document["Content"], document
    rules = {rule["Name"]: rule for rule in boto3.client("events").list_rules()["Rules"]}
    assert len(rules) == 2, rules


def highly_available(folder, **given):
    certificate = boto3.client("acm").request_certificate(DomainName="example.com")["CertificateArn"]
    outputs = stack(folder, "highly-available", **{"Image": "x.example.com/rollcall:1", "AllowedCidr": "10.0.0.0/8"} | given |
                    {"CertificateArn": certificate})
    targets = boto3.client("efs").describe_mount_targets(FileSystemId=outputs["FileSystemId"])["MountTargets"]
    assert len({target["AvailabilityZoneName"] for target in targets}) == int(given.get("Zones", 3)), targets
    gateways = boto3.client("ec2").describe_nat_gateways()["NatGateways"]
    assert bool(gateways) == (given.get("Egress") == "nat"), gateways
    balancer = boto3.client("elbv2").describe_load_balancers()["LoadBalancers"][0]
    assert balancer["Scheme"] == given.get("Scheme", "internal"), balancer["Scheme"]


def main():
    bad = []
    for check, name in ((collector, "collector"), (fleet, "fleet"), (highly_available, "highly-available")):
        template = cfn_template.load(pathlib.Path(sys.argv[1]) / f"{name}.yaml")
        bad += [f"{name}: {problem}" for problem in pattern_problems(template)]
        all_edges = {parameter: edges(template, parameter) for parameter in template["Parameters"]}
        count = max(len(values) for values in all_edges.values())
        cases = [{}] + [{parameter: values[i % len(values)] for parameter, values in all_edges.items() if values} for i in range(count)]
        for case in cases:
            try:
                with mock_aws():
                    check(sys.argv[1], **case)
            except Exception as error:  # pylint: disable=broad-except
                bad.append(f"{name} with {str(case)[:600]}: {type(error).__name__}: {str(error)[:300]}")
        print(f"{name}: {len(cases)} stacks")
    print("\n".join(bad))
    sys.exit(1 if bad else 0)


main()
