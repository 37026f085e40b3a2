// Package platform runs the real seqerakit on the trees that fusiongen makes, with a tw that writes down how it is called.
package platform

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

// tw records its arguments, a call a line, and answers the list of environments with $TW_LIST.
const tw = `#!/bin/sh
printf '%s\037' "$@" >> "$TW_LOG"
echo >> "$TW_LOG"
case "$*" in *" list "*) echo "$TW_LIST" ;; *) echo '{}' ;; esac
`

// seqerakit runs the real one in the tree of an example, and gives the calls of tw.
func seqerakit(t *testing.T, change func(string) string, list string) (ws *schema.Workspace, calls [][]string) {
	t.Helper()
	src, err := os.ReadFile("../../examples/platform-cloud.cue")
	if err != nil {
		t.Fatal(err)
	}
	if ws, err = schema.Load("spec.cue", []byte(change(string(src)))); err != nil {
		t.Fatal(err)
	}
	tree, err := gen.Build(ws, gen.Options{Version: "0.0.0-test"})
	if err != nil {
		t.Fatal(err)
	}
	dir, tools := t.TempDir(), t.TempDir()
	if _, err := tree.Write(dir, gen.WriteOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(tools, "tw"), []byte(tw), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(venv(t), "seqerakit"), "platform/seqerakit.yml")
	cmd.Dir = dir
	record := filepath.Join(tools, "log")
	cmd.Env = append(os.Environ(), "PATH="+tools+":"+os.Getenv("PATH"), "TW_LOG="+record, "TW_LIST="+strings.ReplaceAll(list, "NAME", gen.EnvName(ws)), "TOWER_ACCESS_TOKEN=recorded")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("seqerakit: %v\n%s", err, out)
	}
	log, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(log) {
		calls = append(calls, strings.Split(strings.TrimRight(string(line), "\037\n"), "\037"))
	}
	return ws, calls
}

func venv(t *testing.T) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "../venv", "platform")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestImports: where no environment has the name, seqerakit has tw import the file, with everything that the file does not say.
func TestImports(t *testing.T) {
	hostile := func(s string) string { return strings.Replace(s, `"eks-research"`, `"it's: #1 größe"`, 1) }
	for _, change := range []func(string) string{func(s string) string { return s }, hostile} {
		ws, calls := seqerakit(t, change, `{"computeEnvs": []}`)
		want := [][]string{
			{"-o", "json", "compute-envs", "list", "-w", "acme/genomics"},
			{"compute-envs", "import", "./platform/compute-env.json", "--credentials", ws.Platform.Credentials, "--name", gen.EnvName(ws), "--wait", "AVAILABLE", "--workspace", "acme/genomics"},
		}
		if !slices.EqualFunc(calls, want, slices.Equal) {
			t.Errorf("tw was called as\n%q\nand not as\n%q", calls, want)
		}
	}
}

// TestLeavesAlone: an environment of that name is what its hash says, and is left as it is.
func TestLeavesAlone(t *testing.T) {
	_, calls := seqerakit(t, func(s string) string { return s }, `{"computeEnvs": [{"name": "NAME", "id": "1"}]}`)
	for _, c := range calls {
		if slices.Contains(c, "import") || slices.Contains(c, "delete") {
			t.Errorf("tw was called as %q", c)
		}
	}
	if len(calls) == 0 {
		t.Error("tw was not called")
	}
}
