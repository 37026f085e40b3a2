// Package manifests asks other people's tools what they think of the generated manifests.
package manifests

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

// tool is the path of a program that test/tool builds.
func tool(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("../tool", name).Output()
	if err != nil {
		t.Fatalf("test/tool %s: %v", name, err)
	}
	return strings.TrimSpace(string(out))
}

// trees writes the tree of each example, and returns their directories.
func trees(t *testing.T) []string {
	t.Helper()
	examples, err := filepath.Glob("../../examples/*.cue")
	if err != nil || len(examples) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	var out []string
	for _, path := range examples {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ws, err := schema.Load(path, src)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := gen.Build(ws, gen.Options{Image: "ghcr.io/fusiongen/fusion@sha256:" + strings.Repeat("a", 64)})
		if err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(path), ".cue"))
		if _, err := tree.Write(dir, gen.WriteOptions{}); err != nil {
			t.Fatal(err)
		}
		out = append(out, dir)
	}
	return out
}

// ours are the DaemonSets that run our own programs, by name: one of each is enough.
func ours(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, dir := range trees(t) {
		found, _ := filepath.Glob(filepath.Join(dir, "base/*/daemon-set.yaml"))
		for _, path := range found {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			_, after, _ := strings.Cut(string(data), "\n  name: ")
			name, _, _ := strings.Cut(after, "\n")
			if strings.Contains(string(data), "ghcr.io/fusiongen/fusion@") {
				out[name] = path
			}
		}
	}
	return out
}

// A finding is one thing that kube-score says of one container, or of the pod (container "-").
type finding struct{ check, object, container string }

// TestScore (HD-01): kube-score finds what the table waives, and the table waives what it finds.
func TestScore(t *testing.T) {
	daemons := ours(t)
	for _, name := range []string{"fuse-device-plugin", "nvme-prep", "fusion-node", "fusion-host"} {
		if daemons[name] == "" {
			t.Errorf("no example has %s", name)
		}
	}
	table := waivers(t)
	used := map[finding]bool{}
	for name, path := range daemons {
		for _, f := range score(t, name, path) {
			w, waived := match(table, f)
			if !waived {
				t.Errorf("kube-score: %s %s %s: not waived", f.check, f.object, f.container)
			}
			used[w] = true
		}
	}
	for w := range table {
		if !used[w] {
			t.Errorf("waiver without a finding: %s %s %s", w.check, w.object, w.container)
		}
	}
}

func match(table map[finding]string, f finding) (finding, bool) {
	for _, w := range []finding{f, {f.check, "*", f.container}, {f.check, "*", "*"}} {
		if table[w] != "" {
			return w, true
		}
	}
	return finding{}, false
}

// waivers reads the table; every line has a reason.
func waivers(t *testing.T) map[finding]string {
	t.Helper()
	f, err := os.Open("waivers")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out := map[finding]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if strings.HasPrefix(line, "#") {
			continue
		}
		fields := strings.SplitN(line, " ", 4)
		if len(fields) < 4 {
			t.Fatalf("waivers: no reason in %q", line)
		}
		out[finding{fields[0], fields[1], fields[2]}] = fields[3]
	}
	return out
}

// kinds tell the comments of one check apart that we judge apart.
func kind(check, summary string) string {
	switch {
	case check == "container-resources" && strings.HasPrefix(summary, "CPU limit"):
		return check + "/cpu-limit"
	case check == "container-security-context-user-group-id" && strings.Contains(summary, "user ID"):
		return check + "/user"
	case check == "container-security-context-user-group-id" && strings.Contains(summary, "group ID"):
		return check + "/group"
	}
	return check
}

func score(t *testing.T, name, path string) []finding {
	t.Helper()
	cmd := exec.Command(tool(t, "kube-score"), "score", "--output-format=json", "--kubernetes-version=v1.34", path)
	data, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) { // 1: there are findings
		t.Fatalf("kube-score: %v", err)
	}
	var objects []struct {
		Checks []struct {
			Check    struct{ ID string }
			Grade    int
			Skipped  bool
			Comments []struct{ Path, Summary string }
		}
	}
	if err := json.Unmarshal(data, &objects); err != nil || len(objects) != 1 || len(objects[0].Checks) < 10 {
		t.Fatalf("kube-score on %s: %v, %d objects", name, err, len(objects))
	}
	const best = 10
	var out []finding
	for _, c := range objects[0].Checks {
		if c.Skipped || c.Grade == best {
			continue
		}
		for _, comment := range c.Comments {
			container := comment.Path
			if container == "" {
				container = "-"
			}
			out = append(out, finding{kind(c.Check.ID, comment.Summary), name, container})
		}
	}
	if len(out) == 0 {
		t.Errorf("kube-score finds nothing in %s, which no DaemonSet of ours can be: %s", name, fmt.Sprint(objects))
	}
	return out
}
