# The stack of ../../cloudformation/fleet.yaml, whose head explains it. A variable that is null is left to the template.

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
  default     = "rollcall-fleet"
}

variable "base_url" {
  description = "The folder of packages that scripts/release made, https:// or s3://, without a slash at its end"
  type        = string
}

variable "agent_version" {
  description = "Version of the agent"
  type        = string
}

variable "sums_sha256" {
  description = "SHA-256 of the file SHA256SUMS at BaseUrl"
  type        = string
}

variable "collector_url" {
  description = "The address that agents send to, such as https://rollcall.example.com/data"
  type        = string
}

variable "token_parameter" {
  description = "Name of the SecureString in Parameter Store that holds the token; begins with a slash"
  type        = string
  default     = null
}

variable "token_key_arn" {
  description = "The KMS key that the token is encrypted with; empty for the account's own aws/ssm key"
  type        = string
  default     = null
}

variable "ca_parameter" {
  description = "Name of the String parameter that holds the collector's certificate authority (PEM); empty for the system's own"
  type        = string
  default     = null
}

variable "tag_key" {
  description = "Instances with this tag are the fleet"
  type        = string
  default     = null
}

variable "tag_value" {
  type    = string
  default = null
}

variable "rate" {
  description = "How often the installation is checked, every 30 minutes to every 31 days"
  type        = string
  default     = null
}

variable "max_concurrency" {
  description = "Instances at a time, a number or per cent"
  type        = string
  default     = null
}

variable "max_errors" {
  description = "Failures after which no more instances are started, a number or per cent"
  type        = string
  default     = null
}

variable "instance_roles" {
  description = "Names of the instances' roles that get AgentPolicy, joined by commas; may be empty"
  type        = string
  default     = null
}

variable "alarm_email" {
  description = "Address that gets the alarms by e-mail; may be empty"
  type        = string
  default     = null
}

variable "alarm_failures" {
  description = "Failed checks of the installation within an hour, over all instances, that raise the alarm"
  type        = number
  default     = null
}

resource "aws_cloudformation_stack" "this" {
  name          = var.name
  template_body = file("${path.module}/../../cloudformation/fleet.yaml")
  capabilities  = ["CAPABILITY_IAM"]
  parameters = { for name, value in {
    BaseUrl        = var.base_url
    Version        = var.agent_version
    SumsSha256     = var.sums_sha256
    CollectorUrl   = var.collector_url
    TokenParameter = var.token_parameter
    TokenKeyArn    = var.token_key_arn
    CaParameter    = var.ca_parameter
    TagKey         = var.tag_key
    TagValue       = var.tag_value
    Rate           = var.rate
    MaxConcurrency = var.max_concurrency
    MaxErrors      = var.max_errors
    InstanceRoles  = var.instance_roles
    AlarmEmail     = var.alarm_email
    AlarmFailures  = var.alarm_failures
  } : name => value if value != null }
}

output "agent_policy_arn" {
  description = "Attach it to the roles of the instances, with AmazonSSMManagedInstanceCore"
  value       = aws_cloudformation_stack.this.outputs["AgentPolicyArn"]
}

output "alarms_topic_arn" {
  description = "The topic of the alarms"
  value       = aws_cloudformation_stack.this.outputs["AlarmsTopicArn"]
}

output "run_now" {
  description = "Gets a record from each instance now"
  value       = aws_cloudformation_stack.this.outputs["RunNow"]
}
