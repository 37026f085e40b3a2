package schema

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzLoad: whatever the text, Load neither panics nor shows CUE's inside, and each place lies inside the text.
func FuzzLoad(f *testing.F) {
	examples, _ := filepath.Glob("../examples/*.cue")
	for _, path := range examples {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(0), src)
	}
	f.Add(uint8(1), []byte("name: demo\ncluster: {name: r, account: &a \"123456789012\", region: eu-west-1}\nenvironments: {a: {name: *a}, b: null}\n"))
	f.Add(uint8(2), []byte(`{"name": "a", "nodes": {"tolerations": [{"key": 1}]}}`))
	f.Fuzz(func(t *testing.T, format uint8, src []byte) {
		if len(src) > 4096 {
			return
		}
		name := []string{"s.cue", "s.yaml", "s.json", "-"}[format%4]
		ws, err := Load(name, src)
		if (ws == nil) == (err == nil) {
			t.Fatalf("workspace %v and error %v", ws, err)
		}
		diags, ok := err.(Diagnostics)
		if err != nil && !ok {
			t.Fatalf("%T: %v", err, err)
		}
		text := bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
		lines := bytes.Split(text, []byte("\n"))
		for _, d := range diags {
			if d.Pos.Line < 1 || d.Pos.Line > len(lines) || d.Pos.Column < 1 || d.Pos.Column > utf8.RuneCount(lines[d.Pos.Line-1])+1 {
				t.Errorf("%v is outside the text: %s", d.Pos, d.Message)
			}
			if strings.Contains(d.Message, "empty disjunction") || strings.Contains(d.Message, "#Workspace") {
				t.Errorf("CUE's inside: %s", d.Message)
			}
		}
	})
}
