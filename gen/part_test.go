package gen_test

import (
	"strings"
	"testing"
)

// A part applies what the environment's overlay of the whole applies, and says nothing of other environments.
func TestParts(t *testing.T) {
	for _, name := range []string{"environments", "shared-cluster"} {
		ws, whole := build(t, name+".cue", example(t, name+".cue"))
		i := 0
		for part, err := range whole.Parts(ws.Environments...) {
			if err != nil {
				t.Fatal(err)
			}
			env := ws.Environments[i].Name
			i++
			want, err := whole.Render(env)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := part.Render(env); err != nil || string(got) != string(want) {
				t.Errorf("%s %s: %v: another stream", name, env, err)
			}
			for _, f := range part.Files() {
				for _, other := range ws.Environments {
					if other.Name != env && (strings.Contains(f.Path, "/"+other.Name+"/") || f.Path == "nextflow.config" && strings.Contains(string(f.Data), "'"+other.Workspace.Storage.Work+"'")) {
						t.Errorf("%s %s: %s speaks of %s", name, env, f.Path, other.Name)
					}
				}
			}
		}
		if i < 2 {
			t.Errorf("%s: %d parts", name, i)
		}
	}
}
