"""emulate FOLDER: makes the stacks of our templates in moto, an emulator of AWS, and looks at how they are wired.

The emulator does not know the image's public parameter, nor all types of resources: those it passes over.
"""
import os
import pathlib
import sys
import warnings

import boto3
from moto import mock_aws

HASH = "0" * 64
IMAGE = "/aws/service/debian/release/12/latest/amd64"
KNOWN_IMAGE = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2"
os.environ.update(AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x", AWS_DEFAULT_REGION="us-east-1")
warnings.simplefilter("ignore")


def stack(folder, name, **parameters):
    """The stack's outputs."""
    cloudformation = boto3.client("cloudformation")
    body = (pathlib.Path(folder) / f"{name}.yaml").read_text(encoding="utf-8").replace(IMAGE, KNOWN_IMAGE)
    cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"], Parameters=[
        {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()])
    made = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    assert made["StackStatus"] == "CREATE_COMPLETE", made["StackStatus"]
    return {one["OutputKey"]: one["OutputValue"] for one in made["Outputs"]}


def open_ports(description):
    groups = boto3.client("ec2").describe_security_groups(Filters=[{"Name": "description", "Values": [description]}])
    rules = groups["SecurityGroups"][0]["IpPermissions"]
    return {(rule["FromPort"], address["CidrIp"]) for rule in rules for address in rule["IpRanges"]}


def collector(folder):
    ec2 = boto3.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]
    outputs = stack(folder, "collector", VpcId=subnet["VpcId"], SubnetId=subnet["SubnetId"], ApiCidr="10.0.0.0/8",
                    SshCidr="10.9.0.0/16", PackageUrl="https://example.com/rollcall-handler_0.1.0_amd64.deb", PackageSha256=HASH)
    ec2.describe_instances(InstanceIds=[outputs["InstanceId"]])
    found = open_ports("rollcall collector")
    assert found == {(7000, "10.0.0.0/8"), (22, "10.9.0.0/16")}, found
    boto3.client("s3").head_bucket(Bucket=outputs["BucketName"])


def fleet(folder):
    stack(folder, "fleet", BaseUrl="https://example.com/r", Version="0.1.0", SumsSha256=HASH,
          CollectorUrl="https://example.com/data")
    for name in ("rollcall-install", "rollcall-run"):
        document = boto3.client("ssm").get_document(Name=name)
        assert "aws:runShellScript" in document["Content"], document


def highly_available(folder):
    certificate = boto3.client("acm").request_certificate(DomainName="example.com")["CertificateArn"]
    stack(folder, "highly-available", Image="x.example.com/rollcall:1", CertificateArn=certificate, AllowedCidr="10.0.0.0/8")
    zones = {target["AvailabilityZoneName"] for target in boto3.client("efs").describe_mount_targets(
        FileSystemId=boto3.client("efs").describe_file_systems()["FileSystems"][0]["FileSystemId"])["MountTargets"]}
    assert len(zones) == 3, zones


def main():
    for check in (collector, fleet, highly_available):
        with mock_aws():
            check(sys.argv[1])
        print(check.__name__)


main()
