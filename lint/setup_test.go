package lint_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/lint"
)

const config = "process.executor = 'k8s'\nk8s { namespace = 'demo' }\n"

// TestSetups: workspaces side by side are set-ups of their own, and share what lies beside them; a Markdown page and a stdin text
// are one each.
func TestSetups(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		want  []string // NAME: objects, configurations
	}{
		{"one tree", map[string]string{"nextflow.config": config, "base/sa.yaml": saBase, "base/role.yaml": roleBase}, []string{".: 2 1"}},
		{"two workspaces and the nodes", map[string]string{
			"a/nextflow.config": config, "a/sa.yaml": saBase, "b/nextflow.config": config, "b/sa.yaml": saBase, "nodes/role.yaml": roleBase,
		}, []string{"a: 2 1", "b: 2 1"}},
		{"a page beside a tree", map[string]string{"sa.yaml": saBase, "setup.md": "# Set-up\n\n```yaml\n" + saBase + "---\n" + roleBase + "```\n\n```groovy\n" + config + "```\n"}, []string{".: 1 0", "setup.md: 2 1"}},
		{"nothing of ours", map[string]string{"values.yaml": "replicas: 3\n", "app.json": "{}"}, nil},
		{"a configuration in a ConfigMap", map[string]string{"map.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: nextflow}\ndata:\n  nextflow.config: |\n    process.executor = 'k8s'\n"}, []string{".: 1 1"}},
		{"a List", map[string]string{"list.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ServiceAccount, metadata: {name: nextflow}}\n- {apiVersion: v1, kind: ServiceAccount, metadata: {name: tower}}\n"}, []string{".: 2 0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, set := range setups(t, test.files) {
				got = append(got, set.Name+": "+strconv.Itoa(len(set.Objects))+" "+strconv.Itoa(len(set.Configs)))
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// missingRole is a rule over two documents: an account without a Role in its set-up.
var missingRole = lint.Rule{ID: "FG998", Slug: "no-role", Severity: lint.Error, Check: func(set *lint.Setup, report *lint.Reporter) {
	for _, sa := range set.Kind("ServiceAccount") {
		if len(set.Kind("Role")) == 0 {
			report.At(sa.NameNode(), "add a Role", "%s has no Role", sa.Name).NotGiven()
		}
	}
	for _, r := range set.Kind("Role") {
		report.At(r.NameNode(), "-", "%s is here", r.Name)
	}
}}

// TestWith: what --with names is joined, and nothing in it is reported.
func TestWith(t *testing.T) {
	tree := fstest.MapFS{"work/sa.yaml": {Data: []byte(saBase)}, "cluster/role.yaml": {Data: []byte(roleBase)}}
	run := func(with ...string) []lint.Finding {
		found, err := lint.Run(lint.Input{Tree: lint.FromFS(tree), Paths: []string{"work"}, With: with}, []lint.Rule{missingRole}, lint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	alone := run()
	if len(alone) != 1 || alone[0].Severity != lint.Hint || !alone[0].Absent || !strings.Contains(alone[0].Hint, "--with DIR") {
		t.Errorf("alone: %+v", alone)
	}
	if found := run("cluster"); len(found) != 0 {
		t.Errorf("with the other part: %+v", found)
	}
}

// TestArguments: an argument that does not exist is a failure, and each argument is a set-up of its own.
func TestArguments(t *testing.T) {
	tree := lint.FromFS(fstest.MapFS{"a/sa.yaml": {Data: []byte(saBase)}, "b/role.yaml": {Data: []byte(roleBase)}})
	if _, err := lint.Run(lint.Input{Tree: tree, Paths: []string{"c"}}, nil, lint.Options{}); err == nil || !strings.Contains(err.Error(), "c: file does not exist") {
		t.Errorf("got %v", err)
	}
	found, err := lint.Run(lint.Input{Tree: tree, Paths: []string{"b", "a", "./a/", "a/sa.yaml"}}, []lint.Rule{missingRole}, lint.Options{})
	if err != nil || len(found) != 2 || found[0].Pos.String() != "a/sa.yaml:4:9" || found[1].Pos.String() != "b/role.yaml:4:9" {
		t.Errorf("got %+v, %v", found, err)
	}
}

// TestScripts: the files in bin/ belong to a configuration beside which a pipeline stands, and to no other.
func TestScripts(t *testing.T) {
	const config = "process.executor = 'k8s'\n"
	tests := []struct {
		name  string
		files []string
		want  string
	}{
		{"pipeline", []string{"p/nextflow.config", "p/main.nf", "p/bin/b.py", "p/bin/a", "p/bin/.keep", "p/bin/lib/c.py"}, "a b.py"},
		{"another configuration of the pipeline", []string{"p/k8s.config", "p/run.nf", "p/bin/a"}, "a"},
		{"programs beside a configuration", []string{"p/nextflow.config", "p/bin/a"}, ""},
		{"configuration elsewhere", []string{"p/conf/k8s.config", "p/main.nf", "p/bin/a"}, ""},
		{"empty", []string{"p/nextflow.config", "p/main.nf", "p/bin/.keep"}, ""},
		{"no directory", []string{"p/nextflow.config", "p/main.nf", "p/bin"}, ""},
		{"excluded", []string{"not/nextflow.config", "not/main.nf", "not/bin/a"}, ""},
	}
	for _, test := range tests {
		tree := fstest.MapFS{}
		for _, name := range test.files {
			tree[name] = &fstest.MapFile{Data: []byte(config)}
		}
		var got []string
		seen := 0
		rule := lint.Rule{ID: "FG994", Check: func(set *lint.Setup, _ *lint.Reporter) {
			for _, c := range set.Configs {
				seen++
				got = append(got, c.Scripts...)
			}
		}}
		in := lint.Input{Tree: lint.FromFS(tree), Paths: []string{"."}, Exclude: func(name string) bool { return name == "not/bin" }}
		if _, err := lint.Run(in, []lint.Rule{rule}, lint.Options{}); err != nil {
			t.Fatal(err)
		}
		if strings.Join(got, " ") != test.want || seen != 1 {
			t.Errorf("%s: %d configurations, scripts %q, want %q", test.name, seen, got, test.want)
		}
	}
}
