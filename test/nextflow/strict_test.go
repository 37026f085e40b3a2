package nextflow

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/lint/nfconfig"
)

// verdict is what nf-lang says of a file.
type verdict struct {
	names  []string
	errors []string
}

// TestStrict: nf-lang 25.04.0 names the same options in each hand-written configuration as our parser does, and accepts in its strict
// syntax what we accept without keeping statements as text.
func TestStrict(t *testing.T) {
	files, err := filepath.Glob("configs/*.config")
	if err != nil || len(files) < 50 {
		t.Fatalf("%d configurations, %v", len(files), err)
	}
	out, err := exec.Command("./run", append([]string{"--options"}, files...)...).Output()
	if _, refused := err.(*exec.ExitError); err != nil && !refused {
		t.Fatal(err)
	}
	said := map[string]*verdict{}
	var v *verdict
	for line := range strings.Lines(string(out)) {
		switch kind, text, _ := strings.Cut(strings.TrimSpace(line), " "); kind {
		case "file":
			v = &verdict{}
			said[filepath.Base(text)] = v
		case "error":
			v.errors = append(v.errors, text)
		default:
			v.names = append(v.names, text)
		}
	}
	used := map[string]bool{}
	for _, path := range files {
		name := filepath.Base(path)
		theirs := said[name]
		if theirs == nil {
			t.Errorf("%s: nf-lang says nothing", name)
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ours, mistakes := nfconfig.Parse(src)
		differs := (len(mistakes) > 0 || ours.Opaque > 0) != (len(theirs.errors) > 0)
		if why := otherwise[name]; why != "" {
			used[name] = true
			if !differs {
				t.Errorf("%s: nf-lang and we agree by now, which was not so because: %s", name, why)
			}
			continue
		}
		if differs {
			t.Errorf("%s: to us %v and %d statements kept as text, to nf-lang %v", name, mistakes, ours.Opaque, theirs.errors)
		}
		if len(theirs.errors) > 0 || len(mistakes) > 0 {
			continue
		}
		var names []string
		for _, s := range ours.Settings {
			names = append(names, s.Name)
		}
		slices.Sort(names)
		slices.Sort(theirs.names)
		if !slices.Equal(names, theirs.names) {
			t.Errorf("%s: the options are %q to us, %q to nf-lang", name, names, theirs.names)
		}
	}
	for name := range otherwise {
		if !used[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

// otherwise are the files that nf-lang and we judge differently, each with its reason.
var otherwise = map[string]string{
	"03-selectors.config":       "nf-lang looks for the variables of a closure, and does not know those of the task (meta); we keep closures as text",
	"06-comments.config":        "nf-lang takes no first line with #!; Nextflow 24.10 does",
	"10-closures.config":        "nf-lang refuses def in a closure of a configuration; Nextflow 24.10 does not; we keep closures as text",
	"39-dynamic-publish.config": "nf-lang does not know task in a closure within a map; we keep closures as text",
	"bad-03-close.config":       "nf-lang reads up to a closing brace too many and says nothing; Nextflow 24.10 refuses it as we do",
}
