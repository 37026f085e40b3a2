package schema

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"cuelang.org/go/cue"

	"github.com/fusiongen/fusiongen/schema/evaluator"
	"github.com/fusiongen/fusiongen/schema/regex"
)

//go:embed workspace.cue
var workspaceCUE string

// Load reads, checks and completes one spec. The name's extension (.cue, .yaml, .yml, .json) says what src is; "-" is
// standard input, CUE or YAML. A spec that is wrong gives Diagnostics with everything that is wrong in it. Where
// environments are named, only these are checked and completed, so that one costs the same however many there are.
func Load(name string, src []byte, environments ...string) (*Workspace, error) {
	t, diags := parse(name, src)
	if diags != nil {
		return nil, diags
	}
	ctx := evaluator.New()
	constraint := ctx.CompileString(workspaceCUE, cue.Filename("workspace.cue")).LookupPath(cue.ParsePath("#Workspace"))
	if err := constraint.Err(); err != nil {
		return nil, fmt.Errorf("the embedded schema: %w", err)
	}
	v := validator{ctx: ctx, tree: t}
	v.value(constraint, t.data, "")
	if len(v.diags) > 0 && !v.environmentsReadable() {
		return nil, v.diags.sorted()
	}
	ws, diags, err := complete(constraint, t, v.diags)
	if err != nil {
		return nil, err
	}
	t.split()
	base := slices.Clone(diags) // what an environment inherits is not said again
	for _, name := range environmentNames(t) {
		if len(environments) > 0 && !slices.Contains(environments, name) {
			continue
		}
		env := t.environment(name)
		e := validator{ctx: ctx, tree: env}
		e.environmentName(name)
		e.value(constraint, env.data, "")
		sub, found, err := complete(constraint, env, e.diags)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			if base.has(d) {
				continue
			}
			if d.Path != "" {
				d.Path = join(join("environments", name), d.Path)
			}
			diags = append(diags, d)
		}
		if ws != nil && sub != nil {
			ws.Environments = append(ws.Environments, Environment{Name: name, Workspace: sub})
		}
	}
	if len(diags) == 0 {
		diags = append(diags, checkManagers(ws)...)
	}
	if len(diags) > 0 {
		return nil, diags.sorted()
	}
	return ws, nil
}

// environmentsReadable says whether the environments are blocks, so that their errors can be found in the same run.
func (v *validator) environmentsReadable() bool {
	all, given := v.tree.data["environments"]
	if !given {
		return true
	}
	blocks, ok := all.(map[string]any)
	for _, e := range blocks {
		_, isBlock := e.(map[string]any)
		ok = ok && isBlock
	}
	return ok
}

var environmentLabel = regex.Lazy(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

func (v *validator) environmentName(name string) {
	if !environmentLabel().MatchString(name) {
		v.report(v.tree.at(""), "", fmt.Sprintf("an environment's name is a DNS label of at most 32 characters, such as \"prod\"; this is %q", name), "")
	}
}

func environmentNames(t *tree) []string {
	blocks, _ := t.data["environments"].(map[string]any)
	return slices.Sorted(maps.Keys(blocks))
}

// complete fills in defaults, derives what follows from other fields, and checks fields against each other. It gives
// no workspace where diags already has an error.
func complete(constraint cue.Value, t *tree, diags Diagnostics) (*Workspace, Diagnostics, error) {
	if len(diags) > 0 {
		return nil, diags, nil
	}
	data := maps.Clone(t.data)
	delete(data, "environments")
	for _, block := range []string{"identity", "nextflow", "runtime", "fuse", "scratch", "nodes"} {
		if data[block] == nil {
			data[block] = map[string]any{}
		}
	}
	full, err := constraint.FillPath(cue.Path{}, data).MarshalJSON()
	if err != nil {
		return nil, nil, fmt.Errorf("the embedded schema: %w", err)
	}
	ws := &Workspace{Source: Source{File: t.file, Positions: t.values}}
	if err := json.Unmarshal(full, ws); err != nil {
		return nil, nil, fmt.Errorf("the embedded schema: %w", err)
	}
	derive(ws)
	return ws, check(ws), nil
}
