# The stack of ../../cloudformation/collector.yaml, whose head explains it. A variable that is null is left to the template.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "name" {
  description = "Name of the stack"
  type        = string
  default     = "rollcall-collector"
}

variable "vpc_id" {
  type = string
}

variable "subnet_id" {
  description = "A public subnet, from which packages and AWS are reached"
  type        = string
}

variable "availability_zone" {
  description = "The zone of that subnet"
  type        = string
}

variable "api_cidr" {
  description = "Addresses that may send records, such as 10.0.0.0/8"
  type        = string
}

variable "api_port" {
  description = "The port without TLS; with a certificate it is 443"
  type        = number
  default     = null
}

variable "tls_cert_parameter" {
  description = "Name of the String parameter with the certificate chain (PEM); empty for plain HTTP"
  type        = string
  default     = null
}

variable "tls_key_parameter" {
  description = "Name of the SecureString parameter with its private key (PEM)"
  type        = string
  default     = null
}

variable "ssh_cidr" {
  description = "Addresses that may use SSH; not all of the internet; empty for none"
  type        = string
  default     = null
}

variable "key_name" {
  description = "Name of an EC2 key pair; may be empty"
  type        = string
  default     = null
}

variable "image_id" {
  description = "Public parameter of an Ubuntu 24.04 or Debian 12 image, with its version as name:number"
  type        = string
}

variable "root_device" {
  description = "The image's root device - /dev/sda1 for Ubuntu, /dev/xvda for Debian"
  type        = string
  default     = null
  validation {
    condition     = var.root_device == null ? true : contains(["/dev/sda1", "/dev/xvda"], tostring(var.root_device))
    error_message = "Expected one of /dev/sda1, /dev/xvda."
  }
}

variable "ssm_agent_key_parameter" {
  description = "Name of a String parameter with the public key (PGP) of AWS's SSM agent; for Debian images; may be empty"
  type        = string
  default     = null
}

variable "instance_type" {
  description = "A Nitro type without an instance store, such as t3.small, or t4g.small for arm64"
  type        = string
  default     = null
}

variable "disk_gib" {
  description = "Size of the volume for the records; can grow, never shrink"
  type        = number
  default     = null
}

variable "keep_days" {
  description = "Days that records stay on the volume; 0 keeps all; never removed before they are in the bucket"
  type        = number
  default     = null
}

variable "keep_listing_days" {
  description = "Days that full process listings stay on the volume; 0 keeps all"
  type        = number
  default     = null
}

variable "key_arn" {
  description = "The key of an earlier stack; empty for a new one"
  type        = string
  default     = null
}

variable "bucket_name" {
  description = "The bucket of an earlier stack; empty for a new one"
  type        = string
  default     = null
}

variable "volume_id" {
  description = "The volume of an earlier stack, in AvailabilityZone; empty for a new one"
  type        = string
  default     = null
}

variable "package_url" {
  description = "rollcall-handler_…_amd64.deb (or arm64), https://"
  type        = string
}

variable "package_sha256" {
  description = "Its SHA-256, in hex"
  type        = string
}

variable "aws_package_url" {
  description = "rollcall-aws_…_amd64.deb (or arm64), which ships finished days to the bucket"
  type        = string
}

variable "aws_package_sha256" {
  description = "Its SHA-256, in hex"
  type        = string
}

variable "token_parameter" {
  description = "Name of the SecureString that the instance puts the agents' token into"
  type        = string
  default     = null
}

variable "policy" {
  description = "baseline, the policy of the package; or the name of a String parameter with one (JSON); empty for none"
  type        = string
  default     = null
}

variable "watch_parameter" {
  description = "Name of the SecureString with watch.json, whom rollcall-watch tells what is wrong; empty for nobody"
  type        = string
  default     = null
}

variable "alarm_email" {
  description = "Address that gets the alarms by e-mail; may be empty"
  type        = string
  default     = null
}

resource "aws_cloudformation_stack" "this" {
  name          = var.name
  template_body = file("${path.module}/../../cloudformation/collector.yaml")
  capabilities  = ["CAPABILITY_IAM"]
  parameters = { for name, value in {
    VpcId                = var.vpc_id
    SubnetId             = var.subnet_id
    AvailabilityZone     = var.availability_zone
    ApiCidr              = var.api_cidr
    ApiPort              = var.api_port
    TlsCertParameter     = var.tls_cert_parameter
    TlsKeyParameter      = var.tls_key_parameter
    SshCidr              = var.ssh_cidr
    KeyName              = var.key_name
    ImageId              = var.image_id
    RootDevice           = var.root_device
    SsmAgentKeyParameter = var.ssm_agent_key_parameter
    InstanceType         = var.instance_type
    DiskGiB              = var.disk_gib
    KeepDays             = var.keep_days
    KeepListingDays      = var.keep_listing_days
    KeyArn               = var.key_arn
    BucketName           = var.bucket_name
    VolumeId             = var.volume_id
    PackageUrl           = var.package_url
    PackageSha256        = var.package_sha256
    AwsPackageUrl        = var.aws_package_url
    AwsPackageSha256     = var.aws_package_sha256
    TokenParameter       = var.token_parameter
    Policy               = var.policy
    WatchParameter       = var.watch_parameter
    AlarmEmail           = var.alarm_email
  } : name => value if value != null }
}

output "url" {
  description = "The address that agents send to"
  value       = aws_cloudformation_stack.this.outputs["Url"]
}

output "curl" {
  description = "A first record, typed into bash; the token is on no command line"
  value       = aws_cloudformation_stack.this.outputs["Curl"]
}

output "bucket_name" {
  value = aws_cloudformation_stack.this.outputs["BucketName"]
}

output "volume_id" {
  value = aws_cloudformation_stack.this.outputs["VolumeId"]
}

output "token_parameter_name" {
  description = "The agents' token; fleet.yaml takes this name and the key below"
  value       = aws_cloudformation_stack.this.outputs["TokenParameterName"]
}

output "token_key_arn" {
  value = aws_cloudformation_stack.this.outputs["TokenKeyArn"]
}

output "group_name" {
  value = aws_cloudformation_stack.this.outputs["GroupName"]
}

output "shell" {
  description = "A shell on the collector, through Session Manager"
  value       = aws_cloudformation_stack.this.outputs["Shell"]
}

output "upgrade" {
  description = "Upgrades the packages in place; add the four parameters of the document"
  value       = aws_cloudformation_stack.this.outputs["Upgrade"]
}
