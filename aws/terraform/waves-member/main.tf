# The stack of ../../cloudformation/waves-member.yaml, whose head explains it. A variable that is null is left to the template.

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
  default     = "rollcall-waves-member"
}

variable "central_account" {
  description = "The account with waves.yaml"
  type        = string
}

variable "organization_id" {
  type = string
}

resource "aws_cloudformation_stack" "this" {
  name          = var.name
  template_body = file("${path.module}/../../cloudformation/waves-member.yaml")
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  parameters = { for name, value in {
    CentralAccount = var.central_account
    OrganizationId = var.organization_id
  } : name => value if value != null }
}

output "role_arn" {
  value = aws_cloudformation_stack.this.outputs["RoleArn"]
}
