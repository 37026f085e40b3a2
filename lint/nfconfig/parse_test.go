package nfconfig_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/lint/nfconfig"
	"github.com/fusiongen/fusiongen/schema"
)

// TestLookup: a profile wins wherever it stands, the last assignment otherwise; maps are looked into, selectors are not.
func TestLookup(t *testing.T) {
	const src = `
process { cpus = 1; withName: FOO { cpus = 9 } }
k8s = [namespace: 'whole', pod: [[label: 'a', value: '1']]]
k8s.namespace = 'dotted'
profiles {
    standard { process.memory = '1 GB' }
    cloud { k8s { namespace = 'cloud' }; process.cpus = 4 }
}
process.cpus = 2
closure = { 1 }
text = "${x}"
`
	f, mistakes := nfconfig.Parse([]byte(src))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	tests := []struct {
		profile, name, want string
		kind                nfconfig.Kind
	}{
		{"", "process.cpus", "2", nfconfig.Number},
		{"cloud", "process.cpus", "4", nfconfig.Number},
		{"", "k8s.namespace", "dotted", nfconfig.String},
		{"cloud", "k8s.namespace", "cloud", nfconfig.String},
		{"", "process.memory", "1 GB", nfconfig.String}, // a run without a profile is a run with the standard one
		{"cloud", "process.memory", "", -1},
		{"", "k8s.pod", "", nfconfig.List},
		{"", "closure", "{ 1 }", nfconfig.Closure},
		{"", "text", `"${x}"`, nfconfig.Unknown},
		{"", "nothing", "", -1},
	}
	for _, test := range tests {
		s := f.Lookup(test.profile, test.name)
		if (s == nil) != (test.kind == -1) {
			t.Errorf("%s %s: %v", test.profile, test.name, s)
			continue
		}
		if s == nil {
			continue
		}
		if s.Value.Kind != test.kind || s.Value.Text != test.want {
			t.Errorf("%s %s is %q of kind %d", test.profile, test.name, s.Value.Text, s.Value.Kind)
		}
	}
	if got := f.Profiles(); !reflect.DeepEqual(got, []string{"standard", "cloud"}) {
		t.Errorf("profiles %q", got)
	}
}

// TestSlashy: a string may stand between slashes, where only the slash is escaped.
func TestSlashy(t *testing.T) {
	const src = `process {
    withName: /FOO|BAR_.*'/ { cpus = 4 }
    withLabel:/big\/\d+/ { memory = /8 GB/ } // and a comment
}
a = /it's \/ \d{2} "/
b = [/x/, y: /z/]
c = /${name}/
d = 6 / 2 / 3
`
	f, mistakes := nfconfig.Parse([]byte(src))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	var got []string
	for _, s := range f.Settings {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %d %s", s.Selector, s.Name, s.Value.Kind, s.Value.Text)))
	}
	want := []string{
		"withName:FOO|BAR_.*' process.cpus 2 4", `withLabel:big/\d+ process.memory 1 8 GB`,
		`a 1 it's / \d{2} "`, "b 6", "c 0 /${name}/", "d 0 6 / 2 / 3",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if b := f.Settings[3].Value; len(b.Items) != 1 || b.Items[0].Text != "x" || b.Entry("y").Value.Text != "z" {
		t.Errorf("b is %v", b)
	}
}

// TestPlaces: names, values and statements stand where their text is.
func TestPlaces(t *testing.T) {
	const src = "k8s { // block\n    pod = [[env: 'A', value: \"b\"], 2]\n}\nprofiles { x { process.memory = 4.GB } }\n"
	f, mistakes := nfconfig.Parse([]byte(src))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	cut := func(start, end int) string { return src[start:end] }
	pod, memory := f.Settings[0], f.Settings[1]
	got := []string{
		cut(pod.KeyStart, pod.KeyEnd), cut(pod.Start, pod.End), cut(pod.Value.Items[0].Start, pod.Value.Items[0].End),
		cut(pod.Value.Items[0].Entries[1].Start, pod.Value.Items[0].Entries[1].End), cut(pod.Value.Items[0].Entries[1].Value.Start, pod.Value.Items[0].Entries[1].Value.End),
		memory.Profile + " " + memory.Name + " " + cut(memory.Value.Start, memory.Value.End), cut(f.Blocks[0].Start, f.Blocks[0].End), cut(f.Blocks[0].Inside, f.Blocks[0].End),
	}
	want := []string{
		"pod", "pod = [[env: 'A', value: \"b\"], 2]", "[env: 'A', value: \"b\"]", "value", "\"b\"", "x process.memory 4.GB",
		src[:strings.Index(src, "}")+1], src[5 : strings.Index(src, "}")+1],
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestMistakes: each has its place, and what stands around it is still read.
func TestMistakes(t *testing.T) {
	tests := []struct{ src, want string }{
		{"a = 'open\nb = 1\n", "4-9: this string is not closed on its line"},
		{"a {\n  b = 1\n", "2-3: this { is not closed"},
		{"b = 1\n}\n", "6-7: this } closes nothing"},
		{"a =\n}\nb = 1", "0-1: a value is missing after =; 4-5: this } closes nothing"},
		{"b = 1\nhello world\n", "6-17: this is no setting: expected NAME = VALUE, NAME { … } or includeConfig 'FILE'"},
		{"b = 1 /* open", "6-8: this comment is not closed"},
		{"b = 1\nc = [1, 2)\n", "15-16: a value is missing here"},
		{"process { withName: { cpus = 1 } }\nb = 1\n", "10-20: withName: needs a name and a block in braces"},
		{"a = /open\nb = 1\n", "4-5: this string is not closed"},
		{strings.Repeat("a {", 300), "603-605: blocks nested deeper than 200 levels"},
	}
	for _, test := range tests {
		f, mistakes := nfconfig.Parse([]byte(test.src))
		var said []string
		for _, m := range mistakes {
			said = append(said, fmt.Sprintf("%d-%d: %s", m.Start, m.End, m.Message))
		}
		if got := strings.Join(said, "; "); !strings.HasPrefix(got, test.want) {
			t.Errorf("%.30q: %s, want %s", test.src, got, test.want)
		}
		if strings.Contains(test.src, "b = 1") && f.Lookup("", "b") == nil && !strings.HasPrefix(test.src, "a {") {
			t.Errorf("%.30q: b is not read", test.src)
		}
	}
}

// TestRoundTrip: of every configuration that build prints, in every profile, we read what its workspace says.
func TestRoundTrip(t *testing.T) {
	examples, err := filepath.Glob("../../examples/*.cue")
	if err != nil || len(examples) == 0 {
		t.Fatal(len(examples), err)
	}
	for _, path := range examples {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ws, err := schema.Load(path, src)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := gen.Build(ws, gen.Options{Version: "1.2.3"})
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range tree.Files() {
			if file.Path == "nextflow.config" {
				readsBack(t, path, ws, file.Data)
			}
		}
	}
}

func readsBack(t *testing.T, path string, ws *schema.Workspace, config []byte) {
	t.Helper()
	f, mistakes := nfconfig.Parse(config)
	if len(mistakes) > 0 || f.Opaque > 0 {
		t.Errorf("%s: %v, %d statements kept as text", path, mistakes, f.Opaque)
	}
	environments := ws.Environments
	if len(environments) == 0 {
		environments = []schema.Environment{{Workspace: ws}}
	}
	for _, e := range environments {
		w := e.Workspace
		for name, want := range map[string]string{
			"workDir": w.Storage.Work, "aws.region": w.Cluster.Region, "k8s.namespace": w.Name, "process.executor": "k8s",
			"k8s.serviceAccount": w.Identity.Task.ServiceAccount, "k8s.computeResourceType": w.Nextflow.Compute, "fusion.privileged": fmt.Sprint(w.Runtime.Privileged),
		} {
			if s := f.Lookup(e.Name, name); s == nil || s.Value.Text != want {
				t.Errorf("%s %s: %s is %v, want %q", path, e.Name, name, s, want)
			}
		}
		if s := f.Lookup(e.Name, "k8s.fuseDevicePlugin"); !w.Runtime.Privileged && (s == nil || s.Value.Entry(w.Fuse.Resource) == nil) {
			t.Errorf("%s %s: k8s.fuseDevicePlugin is %v", path, e.Name, s)
		}
	}
}
