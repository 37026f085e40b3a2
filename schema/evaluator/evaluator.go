// Package evaluator gives contexts to evaluate CUE in.
package evaluator

import "cuelang.org/go/cue"

// New is a context without CUE's standard library: neither the schema nor the templates import anything, and a spec must not.
// cuecontext.New links all of it, with its decoders of protobuf, XML and OpenAPI, a tenth of the program.
func New() *cue.Context {
	//lint:ignore SA1019 its successor is cuecontext.New
	r := new(cue.Runtime)
	//lint:ignore SA1019 a runtime is made ready by its first use
	_, _ = r.Compile("", "")
	return (*cue.Context)(r)
}
