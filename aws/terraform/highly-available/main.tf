# The stack of ../../cloudformation/highly-available.yaml, whose head explains it. A variable that is null is left to the template.

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
  default     = "rollcall-highly-available"
}

variable "image" {
  description = "The image of lighttpd/Dockerfile, with tag or digest"
  type        = string
}

variable "certificate_arn" {
  description = "Certificate in ACM for the name that agents use"
  type        = string
}

variable "allowed_cidr" {
  description = "Addresses that may send records, such as 10.0.0.0/8; 0.0.0.0/0 for any (each agent needs a token)"
  type        = string
}

variable "scheme" {
  description = "internal - reached by peering or a transit gateway of yours; internet-facing - from the internet"
  type        = string
  default     = null
  validation {
    condition     = var.scheme == null ? true : contains(["internal", "internet-facing"], tostring(var.scheme))
    error_message = "Expected one of internal, internet-facing."
  }
}

variable "zones" {
  description = "How many zones; 2 for regions that have no third"
  type        = string
  default     = null
  validation {
    condition     = var.zones == null ? true : contains(["2", "3"], tostring(var.zones))
    error_message = "Expected one of 2, 3."
  }
}

variable "egress" {
  description = "How tasks reach AWS - by interface endpoints, or by NAT (for images outside this region's ECR)"
  type        = string
  default     = null
  validation {
    condition     = var.egress == null ? true : contains(["endpoints", "nat"], tostring(var.egress))
    error_message = "Expected one of endpoints, nat."
  }
}

variable "spot_share" {
  description = "Per cent of the tasks above the first two that run on FARGATE_SPOT"
  type        = string
  default     = null
  validation {
    condition     = var.spot_share == null ? true : contains(["0", "25", "50", "75"], tostring(var.spot_share))
    error_message = "Expected one of 0, 25, 50, 75."
  }
}

variable "tokens_parameter" {
  description = "Name of the SecureString with the contents of the tokens file"
  type        = string
  default     = null
}

variable "tokens_key_arn" {
  description = "The KMS key it is encrypted with; empty for the account's own aws/ssm key"
  type        = string
  default     = null
}

variable "vpc_prefix" {
  description = "The first two numbers of the new network, a /16"
  type        = string
  default     = null
}

variable "min_tasks" {
  type    = number
  default = null
}

variable "max_tasks" {
  type    = number
  default = null
}

variable "requests_per_task" {
  description = "Requests a minute for each task above which tasks are added"
  type        = number
  default     = null
}

variable "keep_days" {
  description = "Days that records stay on EFS; 0 keeps all; never removed before they are in the bucket"
  type        = number
  default     = null
}

variable "keep_listing_days" {
  description = "Days that full process listings stay on EFS; 0 keeps all"
  type        = number
  default     = null
}

variable "rate_limit" {
  description = "Requests from one address in five minutes; a NAT's address may stand for many hosts"
  type        = number
  default     = null
}

variable "log_days" {
  type    = number
  default = null
  validation {
    condition     = var.log_days == null ? true : contains(["7", "14", "30", "60", "90", "180", "365"], tostring(var.log_days))
    error_message = "Expected one of 7, 14, 30, 60, 90, 180, 365."
  }
}

variable "policy" {
  description = "baseline, the policy of the image; or the name of a parameter with one (JSON); empty for none"
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
  template_body = file("${path.module}/../../cloudformation/highly-available.yaml")
  capabilities  = ["CAPABILITY_IAM"]
  parameters = { for name, value in {
    Image           = var.image
    CertificateArn  = var.certificate_arn
    AllowedCidr     = var.allowed_cidr
    Scheme          = var.scheme
    Zones           = var.zones
    Egress          = var.egress
    SpotShare       = var.spot_share
    TokensParameter = var.tokens_parameter
    TokensKeyArn    = var.tokens_key_arn
    VpcPrefix       = var.vpc_prefix
    MinTasks        = var.min_tasks
    MaxTasks        = var.max_tasks
    RequestsPerTask = var.requests_per_task
    KeepDays        = var.keep_days
    KeepListingDays = var.keep_listing_days
    RateLimit       = var.rate_limit
    LogDays         = var.log_days
    Policy          = var.policy
    WatchParameter  = var.watch_parameter
    AlarmEmail      = var.alarm_email
  } : name => value if value != null }
}

output "url" {
  description = "The address that agents send to; they use the certificate's name, which must resolve to this one"
  value       = aws_cloudformation_stack.this.outputs["Url"]
}

output "balancer_name" {
  description = "For the DNS record of the certificate's name"
  value       = aws_cloudformation_stack.this.outputs["BalancerName"]
}

output "vpc_id" {
  description = "To be connected to the agents' networks by peering or a transit gateway, if Scheme is internal"
  value       = aws_cloudformation_stack.this.outputs["VpcId"]
}

output "route_tables" {
  description = "Each needs a route back to the agents' networks, if Scheme is internal"
  value       = aws_cloudformation_stack.this.outputs["RouteTables"]
}

output "run_in_task" {
  description = "Runs a command of the image over the records; its output is in the log"
  value       = aws_cloudformation_stack.this.outputs["RunInTask"]
}

output "log_group" {
  value = aws_cloudformation_stack.this.outputs["LogGroup"]
}

output "bucket_name" {
  value = aws_cloudformation_stack.this.outputs["BucketName"]
}

output "file_system_id" {
  value = aws_cloudformation_stack.this.outputs["FileSystemId"]
}
