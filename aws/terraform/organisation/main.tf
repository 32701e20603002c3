# The stack of ../../cloudformation/organisation.yaml, whose head explains it. A variable that is null is left to the template.

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
  default     = "rollcall-organisation"
}

variable "part" {
  description = "central has the aggregator and the bucket, too"
  type        = string
  validation {
    condition     = contains(["central", "member"], tostring(var.part))
    error_message = "Expected one of central, member."
  }
}

variable "organization_id" {
  type = string
}

variable "bucket_name" {
  description = "Where Config puts its files; created by the central part"
  type        = string
}

variable "recorder" {
  description = "existing leaves the recorder of the account as it is"
  type        = string
  default     = null
  validation {
    condition     = var.recorder == null ? true : contains(["create", "existing"], tostring(var.recorder))
    error_message = "Expected one of create, existing."
  }
}

variable "security_hub" {
  type    = string
  default = null
  validation {
    condition     = var.security_hub == null ? true : contains(["yes", "no"], tostring(var.security_hub))
    error_message = "Expected one of yes, no."
  }
}

variable "guard_duty" {
  type    = string
  default = null
  validation {
    condition     = var.guard_duty == null ? true : contains(["yes", "no"], tostring(var.guard_duty))
    error_message = "Expected one of yes, no."
  }
}

resource "aws_cloudformation_stack" "this" {
  name          = var.name
  template_body = file("${path.module}/../../cloudformation/organisation.yaml")
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  parameters = { for name, value in {
    Part           = var.part
    OrganizationId = var.organization_id
    BucketName     = var.bucket_name
    Recorder       = var.recorder
    SecurityHub    = var.security_hub
    GuardDuty      = var.guard_duty
  } : name => value if value != null }
}

output "aggregator_name" {
  description = "The parameter Aggregator of waves.yaml"
  value       = lookup(aws_cloudformation_stack.this.outputs, "AggregatorName", null)
}
