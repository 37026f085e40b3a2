// Package readme types the README's commands.
package readme

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommands runs every sh block of README.md, in order, in one shell and a fresh copy of the repository, and
// compares the text block that shows what a wrong spec gets.
func TestCommands(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "fusiongen")
	list := exec.Command("bash", "-c", `mkdir "$0" && git ls-files -z --cached --others --exclude-standard | xargs -0 cp --parents -t "$0"`, copied)
	list.Dir = root
	if out, err := list.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	commands := blocks(string(page), "sh")
	if len(commands) < 4 {
		t.Fatalf("only %d command blocks", len(commands))
	}
	cmd := exec.Command("bash", "-euo", "pipefail", "-c", strings.Join(commands, "\n"))
	cmd.Dir = copied
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var diagnostics string
	for _, b := range blocks(string(page), "text") {
		if strings.HasPrefix(b, "wrong.cue:") {
			diagnostics = b
		}
	}
	if diagnostics == "" || !strings.Contains(string(out), diagnostics) {
		t.Errorf("the README shows other diagnostics than the program:\n%s", out)
	}
}

// blocks are the fenced blocks of one language.
func blocks(page, language string) []string {
	var out []string
	for i, part := range strings.Split(page, "\n```") {
		if text, ok := strings.CutPrefix(part, language+"\n"); ok && i%2 == 1 {
			out = append(out, text+"\n")
		}
	}
	return out
}
