package gen

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

// TestOptionsAreKnown: every option that we print is in the table of Nextflow's options, in a version that has it.
func TestOptionsAreKnown(t *testing.T) {
	known := map[string]bool{"workDir": true, "process.executor": true} // scopes that the table does not judge
	for _, o := range facts.Options() {
		known[o.Name] = o.Until == ""
	}
	paths, _ := filepath.Glob("../examples/*.cue")
	printed := map[string]bool{}
	for _, path := range paths {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ws, err := schema.Load(path, src)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names(settings(ws, ""), "") {
			printed[name] = true
			if !known[name] {
				t.Errorf("%s: Nextflow has no option %s", path, name)
			}
		}
	}
	for _, must := range []string{"k8s.client.tokenFile", "aws.client.storageKmsKeyId", "wave.enabled", "fusion.cacheSize"} {
		if !printed[must] {
			t.Errorf("no example prints %s", must)
		}
	}
}

// names are the dotted names of all settings.
func names(settings []setting, scope string) []string {
	var out []string
	for _, s := range settings {
		if s.block == nil {
			out = append(out, strings.TrimPrefix(scope+"."+s.name, "."))
			continue
		}
		out = slices.Concat(out, names(s.block, scope+"."+s.name))
	}
	return out
}
