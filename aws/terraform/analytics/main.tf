# The stack of ../../cloudformation/analytics.yaml, whose head explains it. A variable that is null is left to the template.

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
  default     = "rollcall-analytics"
}

variable "archive_bucket" {
  description = "The bucket that rollcall-archive writes to."
  type        = string
}

variable "archive_prefix" {
  description = "The s3.prefix of handler.json without slashes at its ends."
  type        = string
  default     = null
}

variable "first_day" {
  description = "The first day in the archive."
  type        = string
  default     = null
}

variable "scan_limit_bytes" {
  description = "A query that reads more is ended. The default is 100 GiB."
  type        = number
  default     = null
}

variable "monthly_budget" {
  description = "US dollars a month for Athena, Glue, EMR Serverless and RDS; 80 % of it sends a mail."
  type        = number
  default     = null
}

variable "alarm_email" {
  description = "The address that the budget alarm is sent to."
  type        = string
}

variable "vpc_id" {
  description = "For PostgreSQL on RDS, the VPC. Empty makes no database."
  type        = string
  default     = null
}

variable "database_subnet_ids" {
  description = "For PostgreSQL, private subnets in two availability zones."
  type        = list(string)
  default     = null
}

variable "client_security_group_id" {
  description = "For PostgreSQL, the security group of the machines that may connect, such as the collector. sg-00000000 stands for none."
  type        = string
  default     = null
}

variable "database_class" {
  type    = string
  default = null
}

variable "database_gib" {
  type    = number
  default = null
}

variable "read_replica" {
  description = "yes makes a replica for questions that take long."
  type        = string
  default     = null
  validation {
    condition     = var.read_replica == null ? true : contains(["yes", "no"], tostring(var.read_replica))
    error_message = "Expected one of yes, no."
  }
}

resource "aws_cloudformation_stack" "this" {
  name          = var.name
  template_body = file("${path.module}/../../cloudformation/analytics.yaml")
  capabilities  = ["CAPABILITY_IAM"]
  parameters = { for name, value in {
    ArchiveBucket         = var.archive_bucket
    ArchivePrefix         = var.archive_prefix
    FirstDay              = var.first_day
    ScanLimitBytes        = var.scan_limit_bytes
    MonthlyBudget         = var.monthly_budget
    AlarmEmail            = var.alarm_email
    VpcId                 = var.vpc_id
    DatabaseSubnetIds     = var.database_subnet_ids == null ? null : join(",", var.database_subnet_ids)
    ClientSecurityGroupId = var.client_security_group_id
    DatabaseClass         = var.database_class
    DatabaseGiB           = var.database_gib
    ReadReplica           = var.read_replica
  } : name => value if value != null }
}

output "work_group" {
  description = "aws athena start-query-execution --work-group"
  value       = aws_cloudformation_stack.this.outputs["WorkGroup"]
}

output "spark_application" {
  description = "aws emr-serverless start-job-run --application-id"
  value       = aws_cloudformation_stack.this.outputs["SparkApplication"]
}

output "job_role" {
  description = "aws emr-serverless start-job-run --execution-role-arn"
  value       = aws_cloudformation_stack.this.outputs["JobRole"]
}

output "results_bucket" {
  description = "Where ask.py, sqlglot's wheel and the answers go"
  value       = aws_cloudformation_stack.this.outputs["ResultsBucket"]
}

output "database_host" {
  description = "PGHOST of rollcall-load"
  value       = lookup(aws_cloudformation_stack.this.outputs, "DatabaseHost", null)
}

output "database_secret" {
  description = "The secret with the password of the account rollcall"
  value       = lookup(aws_cloudformation_stack.this.outputs, "DatabaseSecret", null)
}
