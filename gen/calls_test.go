package gen_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
	"github.com/fusiongen/fusiongen/schema/schematest/calls"
)

// recorded is the workspace of the recordings; nested is the one of the case with a work directory further down.
func recorded(t *testing.T, nested bool) *schema.Workspace {
	t.Helper()
	work := "s3://bucket/work"
	if nested {
		work = "s3://bucket/team-a/x/work"
	}
	ws, err := schema.Load("spec.cue", []byte(`name: "demo"
cluster: {name: "r", account: "123456789012", region: "us-east-1", oidc: "EXAMPLED539D4633E53DE1B71EXAMPLE"}
storage: {
	work: "`+work+`", inputs: ["s3://inputs"], publish: ["s3://results", "s3://bucket/cache"]
	kms: "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
}`))
	if err != nil {
		t.Fatal(err)
	}
	return ws
}

// denied are the requests of a call that the policy does not allow.
func denied(c calls.Call, d policy.Document) []policy.Request {
	return slices.DeleteFunc(c.Requests(), func(r policy.Request) bool { return policy.Evaluate(r, d).Verdict == policy.Allowed })
}

// TestRecordedCalls: the generated policies allow every call of a real head and of the runtime, and not those that
// are harmless when denied.
func TestRecordedCalls(t *testing.T) {
	head, nested, task := gen.Permissions(recorded(t, false), "head"), gen.Permissions(recorded(t, true), "head"), gen.Permissions(recorded(t, false), "task")
	for _, c := range calls.Head() {
		d := head
		if slices.Contains(c.Cases, "10-nested") && !slices.Contains(c.Cases, "1-hello") {
			d = nested
		}
		var actions []string
		for _, r := range denied(c, d) {
			actions = append(actions, r.Action)
		}
		got, want := strings.Join(actions, " "), ""
		switch {
		case c.Op == "ListBuckets":
			want = "s3:ListAllMyBuckets"
		case c.Op == "GetBucketAcl":
			want = "s3:GetBucketAcl"
		case c.ACL():
			want = "s3:PutObjectAcl" // no generated configuration sets an ACL
		}
		if got != want {
			t.Errorf("%s %s/%s %v: denied %q, want %q", c.Op, c.Bucket, c.Key, c.Query, got, want)
		}
	}
	for _, c := range calls.Task() {
		if d := denied(c, task); len(d) > 0 {
			t.Errorf("%s %s/%s %v: denied %+v", c.Op, c.Bucket, c.Key, c.Query, d)
		}
	}
}

// TestMatrix takes each action on each resource away, one at a time: some call is denied, which is shown in
// docs/iam.md. An action that nothing misses would be one too many. UPDATE=1 rewrites the table.
func TestMatrix(t *testing.T) {
	ws := recorded(t, false)
	var out strings.Builder
	out.WriteString("| role | without | on | denied calls | what a run shows |\n|---|---|---|---|---|\n")
	for who, all := range map[string][]calls.Call{"head": calls.Head(), "task": calls.Task()} {
		for _, s := range gen.Permissions(ws, who).Statements {
			for _, a := range s.Action {
				for _, r := range s.Resource {
					if ops := misses(without(gen.Permissions(ws, who), a, r), all); len(ops) == 0 && !(who == "task" && strings.HasPrefix(a, "kms:")) && !slices.Contains(unrecorded(), who+" "+a+" "+r) {
						t.Errorf("%s: nothing misses %s on %s", who, a, r)
					}
				}
			}
		}
	}
	for _, who := range []string{"head", "task"} {
		all := calls.Head()
		if who == "task" {
			all = calls.Task()
		}
		for _, n := range gen.Needs(ws, who) {
			if n.On == "key" && who == "task" || n.Place == "s3://bucket/cache" {
				continue
			}
			ops := misses(without(gen.Permissions(ws, who), n.Action, n.Resource), all)
			fmt.Fprintf(&out, "| %s | `%s` | %s | %s | %s |\n", who, n.Action, n.Where, strings.Join(ops, ", "), n.Without)
		}
	}
	const begin, end = "<!-- matrix -->\n", "<!-- end of matrix -->\n"
	page, err := os.ReadFile("../docs/iam.md")
	if err != nil {
		t.Fatal(err)
	}
	before, rest, _ := strings.Cut(string(page), begin)
	have, after, ok := strings.Cut(rest, end)
	if !ok {
		t.Fatal("docs/iam.md has no place for the matrix")
	}
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile("../docs/iam.md", []byte(before+begin+out.String()+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if have != out.String() {
		t.Errorf("the matrix of docs/iam.md is another one; UPDATE=1 rewrites it")
	}
}

// unrecorded are grants that the recordings did not exercise, because the cloud cache stands for a place to publish to.
func unrecorded() []string {
	const cache = "arn:aws:s3:::bucket/cache/*"
	return []string{"head s3:AbortMultipartUpload " + cache, "head s3:DeleteObject " + cache, "head s3:PutObjectTagging " + cache}
}

// misses are the operations of which some call is denied that was allowed.
func misses(d policy.Document, all []calls.Call) []string {
	ops := map[string]bool{}
	for _, c := range all {
		if !c.Harmless() && !c.ACL() && !slices.Contains(c.Cases, "10-nested") && len(denied(c, d)) > 0 {
			ops[c.Op] = true
		}
	}
	return slices.Sorted(maps.Keys(ops))
}
