package schema

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestBad: every wrong spec gives exactly the diagnostics that stand beside it. Each archive holds pairs of a spec and
// NAME.err; UPDATE=1 writes what the code says now.
func TestBad(t *testing.T) {
	archives, _ := filepath.Glob("testdata/bad/*.txtar")
	count := 0
	for _, path := range archives {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		wants := map[string]string{}
		for _, f := range archive.Files {
			if name, ok := strings.CutSuffix(f.Name, ".err"); ok {
				wants[name] = string(f.Data)
			}
		}
		var update []txtar.File
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".err") {
				continue
			}
			count++
			got := diagnose(t, f.Name, f.Data)
			if got != wants[f.Name] && os.Getenv("UPDATE") == "" {
				t.Errorf("%s %s:\ngot  %swant %s", path, f.Name, got, wants[f.Name])
			}
			update = append(update, f, txtar.File{Name: f.Name + ".err", Data: []byte(got)})
		}
		if os.Getenv("UPDATE") != "" {
			archive.Files = update
			if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if count < 60 {
		t.Errorf("only %d bad specs", count)
	}
}

// diagnose loads a spec that must be wrong and returns the text of what is wrong.
func diagnose(t *testing.T, name string, src []byte) string {
	t.Helper()
	_, err := Load(name, src)
	if err == nil {
		t.Errorf("%s is taken for right", name)
		return ""
	}
	diags, ok := err.(Diagnostics)
	if !ok {
		t.Errorf("%s: %T, not Diagnostics: %v", name, err, err)
		return ""
	}
	lines := bytes.Count(src, []byte("\n")) + 1
	for _, d := range diags {
		if d.Pos.Line < 1 || d.Pos.Line > lines || d.Pos.Column < 1 {
			t.Errorf("%s: the place %v is not in the text", name, d.Pos)
		}
		if strings.Contains(d.Message, "#") || strings.Contains(d.Message, "disjunction") {
			t.Errorf("%s: a message shows CUE's inside: %s", name, d.Message)
		}
	}
	return diags.Error() + "\n"
}

// TestUnreadable: what is no text of a spec is refused at once.
func TestUnreadable(t *testing.T) {
	for name, test := range map[string]struct {
		src  []byte
		want string
	}{
		"empty.cue":     {nil, "empty.cue:1:1: the spec is empty (fusiongen init writes one)"},
		"blank.yaml":    {[]byte(" \n\n"), "blank.yaml:1:1: the spec is empty (fusiongen init writes one)"},
		"large.cue":     {bytes.Repeat([]byte("// padding\n"), 1<<17), "large.cue:1:1: the spec has 1441792 bytes; at most 1048576 are read"},
		"binary.yaml":   {[]byte("name: a\n\x00\x01"), "binary.yaml:2:1: this is a binary file, not a spec"},
		"latin1.cue":    {[]byte("name: \"caf\xe9\""), "latin1.cue:1:11: the spec is not valid UTF-8"},
		"spec.toml":     {[]byte("name = 1"), "spec.toml: a spec's name ends in .cue, .yaml, .yml or .json (or comes on standard input as -)"},
		"documents.yml": {[]byte("name: a\n---\nname: b\n"), "documents.yml:2:1: a spec is one YAML document (variants go below environments)"},
	} {
		if _, err := Load(name, test.src); err == nil || err.Error() != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, test.want)
		}
	}
}
