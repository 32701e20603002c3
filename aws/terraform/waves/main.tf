# The stack of ../../cloudformation/waves.yaml, whose head explains it. A variable that is null is left to the template.

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
  default     = "rollcall-waves"
}

variable "organization_id" {
  type = string
}

variable "aggregator" {
  description = "Name of AWS Config's aggregator"
  type        = string
}

variable "time_zone" {
  description = "Such as Europe/Berlin"
  type        = string
  default     = null
}

variable "plan_schedule" {
  description = "LeadSeconds before the window"
  type        = string
  default     = null
}

variable "wave_schedule" {
  description = "Every five minutes of the window"
  type        = string
  default     = null
}

variable "close_schedule" {
  description = "An hour after the window"
  type        = string
  default     = null
}

variable "opens_hour" {
  description = "The hour at which the window opens"
  type        = number
  default     = null
}

variable "lead_seconds" {
  description = "From the plan to the window"
  type        = number
  default     = null
}

variable "window_seconds" {
  type    = number
  default = null
}

variable "waves" {
  description = "Waves that units are planned for"
  type        = number
  default     = null
}

variable "max_failures" {
  description = "More failures than this stop the night"
  type        = number
  default     = null
}

variable "mode" {
  description = "dry restarts nothing"
  type        = string
  default     = null
  validation {
    condition     = var.mode == null ? true : contains(["ecs", "dry"], tostring(var.mode))
    error_message = "Expected one of ecs, dry."
  }
}

variable "roll_call" {
  description = "Whether the roll is called, too"
  type        = string
  default     = null
  validation {
    condition     = var.roll_call == null ? true : contains(["yes", "no"], tostring(var.roll_call))
    error_message = "Expected one of yes, no."
  }
}

variable "state" {
  description = "DISABLED halts"
  type        = string
  default     = null
  validation {
    condition     = var.state == null ? true : contains(["ENABLED", "DISABLED"], tostring(var.state))
    error_message = "Expected one of ENABLED, DISABLED."
  }
}

variable "alarm_email" {
  description = "Gets summaries and alarms; may be empty"
  type        = string
  default     = null
}

resource "aws_cloudformation_stack" "this" {
  name          = var.name
  template_body = file("${path.module}/../../cloudformation/waves.yaml")
  capabilities  = ["CAPABILITY_NAMED_IAM"]
  parameters = { for name, value in {
    OrganizationId = var.organization_id
    Aggregator     = var.aggregator
    TimeZone       = var.time_zone
    PlanSchedule   = var.plan_schedule
    WaveSchedule   = var.wave_schedule
    CloseSchedule  = var.close_schedule
    OpensHour      = var.opens_hour
    LeadSeconds    = var.lead_seconds
    WindowSeconds  = var.window_seconds
    Waves          = var.waves
    MaxFailures    = var.max_failures
    Mode           = var.mode
    RollCall       = var.roll_call
    State          = var.state
    AlarmEmail     = var.alarm_email
  } : name => value if value != null }
}

output "plan_arn" {
  value = aws_cloudformation_stack.this.outputs["PlanArn"]
}

output "wave_arn" {
  value = aws_cloudformation_stack.this.outputs["WaveArn"]
}

output "owners_topic_arn" {
  description = "Owners subscribe with the filter {\"account\":[\"…\"]}"
  value       = aws_cloudformation_stack.this.outputs["OwnersTopicArn"]
}

output "table_name" {
  value = aws_cloudformation_stack.this.outputs["TableName"]
}
