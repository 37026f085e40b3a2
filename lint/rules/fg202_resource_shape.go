package rules

import (
	"maps"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
)

var resourceShape = lint.Rule{
	ID: "FG202", Slug: "iam-resource-shape", Severity: lint.Error, Since: "0.1",
	Summary: "an action on objects is granted on a bucket, or the reverse",
	Check: func(set *lint.Setup, report *lint.Reporter) {
		for _, p := range set.Permissions() {
			for _, s := range p.Statements() {
				checkShapes(report, s)
			}
		}
	},
}

// checkShapes reports the actions of a statement that none of its resources can be of, once for each type that they take.
func checkShapes(report *lint.Reporter, s lint.Statement) {
	wrong := misplaced(s)
	for _, want := range slices.Sorted(maps.Keys(wrong)) {
		var actions []string
		for _, n := range wrong[want] {
			actions = append(actions, n.Value)
		}
		at := s.Resources[0]
		f := report.At(at, shapeHint(want, at), "%s, but the statement's resource is %s: it does not grant %s",
			takes(english(actions), len(actions), want), english(known(s.Resources)), pronoun(actions))
		f.See(wrong[want][0], "the action")
		if len(wrong[want]) == len(s.Actions) && len(s.Resources) == 1 {
			f.Unsafe(reshape(at, want)...)
		}
	}
}

// misplaced are the actions of a statement that take none of its resources, by the type that they take.
func misplaced(s lint.Statement) map[string][]*lint.Node {
	shapes := map[string]bool{}
	for _, r := range s.Resources {
		for _, shape := range shapeOf(r) {
			shapes[shape] = true
		}
	}
	out := map[string][]*lint.Node{}
	if len(s.Resources) == 0 || shapes["any"] {
		return out
	}
	for _, n := range s.Actions {
		if want, ok := onlyType(n, shapes); ok {
			out[want] = append(out[want], n)
		}
	}
	return out
}

func takes(actions string, n int, want string) string {
	verb := "act"
	if n == 1 {
		verb = "acts"
	}
	if want == "*" {
		return actions + " " + verb + " on no resource of its own, only on *"
	}
	return actions + " " + verb + " on " + want + "s"
}

func pronoun(actions []string) string {
	if len(actions) == 1 {
		return "it"
	}
	return "them"
}

func shapeHint(want string, at *lint.Node) string {
	bucket, _, _ := strings.Cut(at.Value, "/")
	switch want {
	case "object":
		return "add " + bucket + "/*"
	case "bucket":
		return "add " + bucket
	case "key":
		return "name the key by its ARN; an alias is no key here"
	}
	return `grant it in a statement of its own with Resource "*"`
}

func reshape(at *lint.Node, want string) []lint.Edit {
	bucket, _, _ := strings.Cut(at.Value, "/")
	switch want {
	case "object":
		return replace(at, strings.TrimSuffix(at.Value, "/")+"/*")
	case "bucket":
		return replace(at, bucket)
	}
	return nil
}

// shapeOf are the resource types that a resource of a policy may be of.
func shapeOf(n *lint.Node) []string {
	v := arnPartition().ReplaceAllString(n.Value, ":")
	switch {
	case n.Unknown() || !strings.HasPrefix(n.Value, "arn:"):
		return []string{"any"} // FG214 reports what is no ARN
	case strings.HasPrefix(v, ":s3:::"):
		bucket, _, object := strings.Cut(v[len(":s3:::"):], "/")
		switch {
		case bucket == "*":
			return []string{"any"} // it stands for what takes no resource, too
		case object:
			return []string{"object"}
		case strings.Contains(bucket, "*"):
			return []string{"bucket", "object"} // * goes over the slash
		}
		return []string{"bucket"}
	case strings.HasPrefix(v, ":kms:"):
		if strings.Contains(v, ":alias/") {
			return []string{"alias"}
		}
		return []string{"key"}
	}
	return []string{"any"}
}

// onlyType is the one type that an action takes, where it takes none of the given ones. A wildcard that covers an action
// that fits is not judged.
func onlyType(n *lint.Node, shapes map[string]bool) (string, bool) {
	service, _, _ := strings.Cut(strings.ToLower(n.Value), ":")
	if !n.Known() || service != "s3" && service != "kms" {
		return "", false
	}
	want := ""
	for _, a := range facts.ActionsLike(n.Value, lint.MatchPattern) {
		switch {
		case a.Resources == nil || slices.ContainsFunc(a.Resources, func(r string) bool { return shapes[r] }):
			return "", false
		case len(a.Resources) == 0:
			want = "*"
		case slices.Contains(a.Resources, "object"):
			want = "object"
		case slices.Contains(a.Resources, "bucket"):
			want = "bucket"
		case slices.Contains(a.Resources, "key"):
			want = "key"
		default:
			return "", false
		}
	}
	return want, want != ""
}
