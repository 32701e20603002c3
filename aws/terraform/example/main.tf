# An example root: a collector, and a fleet that sends to it. Copy it, and set what is marked.
#
#     terraform init
#     terraform plan -out plan
#     terraform apply plan

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region = var.region
}

variable "region" {
  type    = string
  default = "eu-central-1"
}

variable "vpc_id" {
  description = "Set this"
  type        = string
}

variable "subnet_id" {
  description = "Set this: a public subnet"
  type        = string
}

variable "availability_zone" {
  description = "Set this: the zone of that subnet"
  type        = string
}

variable "image_id" {
  description = "Set this: public parameter of an Ubuntu 24.04 or Debian 12 image, as name:number"
  type        = string
}

variable "release_url" {
  description = "Set this: where the folder of scripts/release was uploaded, https://, without a slash at its end"
  type        = string
}

variable "release_version" {
  type    = string
  default = "0.2.0"
}

variable "sums" {
  description = "Set this: the hashes of SHA256SUMS; the key SHA256SUMS has the hash of the file itself"
  type        = map(string)
}

locals {
  handler = "rollcall-handler_${var.release_version}_amd64.deb"
  aws     = "rollcall-aws_${var.release_version}_amd64.deb"
}

module "collector" {
  source             = "../collector"
  vpc_id             = var.vpc_id
  subnet_id          = var.subnet_id
  availability_zone  = var.availability_zone
  image_id           = var.image_id
  api_cidr           = "10.0.0.0/8"
  package_url        = "${var.release_url}/${local.handler}"
  package_sha256     = var.sums[local.handler]
  aws_package_url    = "${var.release_url}/${local.aws}"
  aws_package_sha256 = var.sums[local.aws]
}

module "fleet" {
  source          = "../fleet"
  base_url        = var.release_url
  agent_version   = var.release_version
  sums_sha256     = var.sums["SHA256SUMS"]
  collector_url   = module.collector.url
  token_parameter = module.collector.token_parameter_name
  token_key_arn   = module.collector.token_key_arn
}

output "collector_url" {
  value = module.collector.url
}
