//go:build tools

// Package tools names the Go programs that the tests use; go.sum has their checksums.
package tools

import _ "github.com/hashicorp/hcl/v2/cmd/hclfmt"
