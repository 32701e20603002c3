#!/usr/bin/env bats
# aws/terraform: the modules are formatted, parse, and have what the templates have; broken copies are refused.

load ../lib/helper

TERRAFORM=$REPO/aws/terraform

setup() {
    rollcall_setup
    python_packages
    mkdir "$T/aws"
    cp -R "$TERRAFORM" "$REPO/aws/cloudformation" "$T/aws/"
}
teardown() { rollcall_teardown; }

check() { "$VENV_PYTHON" "$REPO/tests/aws/terraform.py" "$T/aws/terraform"; }

# finds TEXT SED MODULE: a copy that is broken by SED has this finding.
finds() {
    rm -rf "$T/aws/terraform"
    cp -R "$TERRAFORM" "$T/aws/"
    sed -i "$2" "$T/aws/terraform/$3/main.tf"
    ! cmp -s "$T/aws/terraform/$3/main.tf" "$TERRAFORM/$3/main.tf" || fail "nothing was broken: $2"
    run check
    [ "$status" = 1 ] || fail "accepted: $2"
    [[ $output == *"$1"* ]] || fail "$output"
}

@test "terraform: every stack has a module with its parameters and outputs, and the example fits" {
    check
}

@test "terraform: the modules are formatted as hclfmt does" {
    "$REPO/tests/tools" go >&2
    local file
    for file in "$TERRAFORM"/*/main.tf; do
        "$REPO/build/go/bin/hclfmt" "$file" >"$T/formatted"
        diff "$file" "$T/formatted"
    done
}

@test "terraform: broken copies are refused" {
    finds 'no variable api_cidr' 's/"api_cidr"/"api_cidrs"/' collector
    finds 'api_port is string' '/"api_port"/,/}/s/= number/= string/' collector
    finds 'only one of them has a default' '/"api_cidr"/,/}/s/type .*/type = string\n default = null/' collector
    finds 'ApiCidr is not given' '/^    ApiCidr /d' collector
    finds 'output urls is none of the template' 's/output "url"/output "urls"/' collector
    finds 'url is not read from the stack' 's/outputs\["Url"\]/outputs["Curl"]/' collector
    finds 'reads another template' 's,cloudformation/waves.yaml,cloudformation/fleet.yaml,' waves
    finds 'Terraform reserves the name version' 's/agent_version/version/' fleet
    finds 'collector needs vpc_id' '/^  vpc_id /d' example
    finds 'collector has no variable colour' 's/^  vpc_id .*/&\n  colour = "red"/' example
    finds 'collector has no output urls' 's/module\.collector\.url$/module.collector.urls/' example
    rm -rf "$T/aws/terraform/waves"
    run check
    [[ $output == *"waves: no module"* ]]
}
