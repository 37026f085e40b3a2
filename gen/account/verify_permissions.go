package account

import (
	"context"
	"fmt"
	"strings"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// permissions asks all policies of a role together for each call that a run makes, and for what more they allow.
func (v *verifier) permissions(ctx context.Context, want gen.Role, have *Role, path string) {
	live, complete := v.policies(ctx, want, path)
	var docs []policy.Document
	for _, t := range live {
		if t.Err != nil {
			v.report("FG803", path, want.Name+" "+t.Name, "write it anew", "the policy %s of the role %s cannot be read: %v", t.Name, want.Name, t.Err)
			complete = false
			continue
		}
		docs = append(docs, t.Document)
	}
	boundary, known := v.boundary(ctx, want, have, path)
	said := map[string]bool{}
	for _, n := range gen.Needs(v.ws, want.Who) {
		for _, r := range n.Requests {
			if key := n.Who + n.Action + n.Place; !said[key] {
				said[key] = v.need(want, n, r, docs, boundary, complete, known, path)
			}
		}
	}
	_, extra := policy.Diff(docs, []policy.Document{want.Permissions})
	for _, line := range summary(extra) {
		v.report("FG804", path, want.Name+" "+line, "fusiongen iam plan shows what our policy loses; detach what others put there", "the role %s may do more than a run uses: %s", want.Name, line)
	}
}

// need checks one call; it says whether it has reported something. Where not all policies could be read, an implicit
// denial proves nothing.
func (v *verifier) need(want gen.Role, n gen.Need, r policy.Request, docs []policy.Document, boundary *Text, complete, known bool, path string) bool {
	decision := policy.Evaluate(r, docs...)
	switch {
	case decision.Verdict == policy.ExplicitlyDenied:
		v.report("FG803", path, want.Name+" "+n.Action, "take that statement away", "a policy of the role %s denies %s on %s explicitly: %s", want.Name, n.Action, n.Resource, n.Without)
	case decision.Verdict == policy.ImplicitlyDenied && complete:
		v.report("FG803", path, want.Name+" "+n.Action, "fusiongen iam plan shows the change, apply makes it", "the role %s may not %s on %s, which the %s needs for %s: %s", want.Name, n.Action, n.Resource+prefixes(n), n.Who, n.Call, n.Without)
	case boundary != nil && known && policy.Evaluate(r, boundary.Document).Verdict != policy.Allowed:
		v.report("FG807", path, want.Name+" "+n.Action, "let "+boundary.Name+" allow it", "the permissions boundary of the role %s does not let it %s on %s: %s", want.Name, n.Action, n.Resource+prefixes(n), n.Without)
	default:
		return false
	}
	return true
}

func prefixes(n gen.Need) string {
	if n.Prefixes == nil {
		return ""
	}
	return " (prefix " + strings.Join(n.Prefixes, ", ") + ")"
}

// policies reads the inline and attached policies of a role; complete says whether it could read all.
func (v *verifier) policies(ctx context.Context, want gen.Role, path string) (out []Text, complete bool) {
	complete = true
	inline, err := v.inline(ctx, want.Name)
	if err != nil {
		v.failed(err, path, want.Name+" inline", "what the inline policies of the role "+want.Name+" allow")
		complete = false
	}
	attached, err := v.attached(ctx, want.Name)
	if err != nil {
		v.failed(err, path, want.Name+" attached", "which managed policies the role "+want.Name+" has")
		complete = false
	}
	for _, arn := range attached {
		t, err := v.managed(ctx, arn)
		if err != nil {
			v.failed(err, path, want.Name+" "+arn, "what the attached policy "+arn+" allows")
			complete = false
			continue
		}
		inline = append(inline, t)
	}
	return inline, complete
}

// boundary reads the permissions boundary; nil where there is none, known is false where it could not be read.
func (v *verifier) boundary(ctx context.Context, want gen.Role, have *Role, path string) (boundary *Text, known bool) {
	if have == nil || have.Boundary == "" {
		return nil, have != nil
	}
	t, err := v.managed(ctx, have.Boundary)
	if err == nil {
		err = t.Err
	}
	if err != nil {
		v.failed(err, path, want.Name+" boundary", "whether the permissions boundary "+have.Boundary+" allows what is needed")
		return nil, false
	}
	return &t, true
}

// summary joins the extra grants of each resource into a line.
func summary(extra []policy.Grant) []string {
	const shown = 6 // actions in a line
	type group struct {
		first   policy.Grant
		actions []string
	}
	var groups []*group
	byKey := map[string]*group{}
	for _, g := range extra {
		if g.Effect == "Deny" {
			continue // it takes away
		}
		action, rest, _ := strings.Cut(strings.TrimPrefix(g.String(), "allow "), " on ")
		if byKey[rest] == nil {
			byKey[rest] = &group{first: g}
			groups = append(groups, byKey[rest])
		}
		byKey[rest].actions = append(byKey[rest].actions, action)
	}
	var out []string
	for _, g := range groups {
		actions := strings.Join(g.actions[:min(shown, len(g.actions))], ", ")
		if more := len(g.actions) - shown; more > 0 {
			actions += fmt.Sprintf(" and %d more", more)
		}
		_, rest, _ := strings.Cut(g.first.String(), " on ")
		out = append(out, actions+" on "+rest)
	}
	return out
}
