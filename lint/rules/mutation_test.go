package rules_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/schema"
)

// checksums are rules that notice any change of a file by its hash; they are left out, for what they find is not understood.
var checksums = []string{"FG560", "FG605"}

// TestMutation changes one field of a generated tree at a time and asks the rules: at least the group's share of the changes that
// break a run are errors. One in five is tried, all with UPDATE=1, which writes the table, and with FUSIONGEN_SOAK=1.
func TestMutation(t *testing.T) {
	if testing.Short() {
		t.Skip("it lints some hundred trees")
	}
	nth := 5
	all := os.Getenv("UPDATE") != "" || os.Getenv("FUSIONGEN_SOAK") != ""
	if all {
		nth = 1
	}
	groups := []mutationGroup{
		{"The Nextflow CLI", []string{"minimal", "karpenter", "daemonset"}, places, 90},
		{"Seqera Platform", []string{"platform-cloud", "platform-enterprise"}, slices.Concat(platformPlaces, places), 90},
	}
	var page strings.Builder
	page.WriteString(mutationIntro)
	for _, g := range groups {
		v := g.judge(t, nth)
		broken, found := v.breaking(), 0
		for _, m := range broken {
			if m.caught {
				found++
			}
		}
		t.Logf("%s: %d mutants, %d break a run, %d of these are errors", g.name, len(v), len(broken), found)
		if 100*found < g.share*len(broken) {
			t.Errorf("%s: %d of %d is less than %d %%", g.name, found, len(broken), g.share)
		}
		g.describe(&page, v)
	}
	if all {
		golden(t, "../../docs/mutation.md", page.String())
		return
	}
	listed, err := os.ReadFile("../../docs/mutation.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(page.String()) {
		if strings.HasPrefix(line, "- `") && !bytes.Contains(listed, []byte(line)) {
			t.Errorf("docs/mutation.md does not list a survivor (UPDATE=1 writes it): %s", line)
		}
	}
}

// mutationGroup are examples whose changes are told together.
type mutationGroup struct {
	name     string
	examples []string
	places   []place
	share    int // of the breaking changes that must be errors, in percent
}

// verdict is what the rules say of a mutant.
type verdict struct {
	mutant
	place  *place
	rules  []string // that notice it, errors first
	caught bool     // as an error
}

type verdicts []verdict

func (v verdicts) breaking() verdicts {
	return slices.DeleteFunc(slices.Clone(v), func(m verdict) bool { return m.place.harmless })
}

// judge lints every nth mutant of the examples.
func (g mutationGroup) judge(t *testing.T, nth int) verdicts {
	t.Helper()
	var all verdicts
	trees, expressions := map[string]fstest.MapFS{}, patterns(g.places)
	for _, name := range g.examples {
		trees[name] = generate(t, name)
		for _, path := range sortedNames(trees[name]) {
			for _, m := range mutants(t, path, trees[name][path].Data) {
				m.example = name
				i := slices.IndexFunc(expressions, func(e *regexp.Regexp) bool { return e.MatchString(m.String()) })
				if i < 0 {
					t.Fatalf("no place is told for %s", m)
				}
				all = append(all, verdict{mutant: m, place: &g.places[i]})
			}
		}
	}
	var kept verdicts
	for i, v := range all {
		if i%nth == 0 {
			kept = append(kept, v)
		}
	}
	var work sync.WaitGroup
	next := make(chan *verdict)
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() {
			for v := range next {
				v.lint(t, trees[v.example])
			}
		})
	}
	for i := range kept {
		next <- &kept[i]
	}
	close(next)
	work.Wait()
	return kept
}

func sortedNames(tree fstest.MapFS) []string {
	var out []string
	for name := range tree {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// generate builds an example, without the file of hashes.
func generate(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	src, err := os.ReadFile("../../examples/" + name + ".cue")
	if err != nil {
		t.Fatal(err)
	}
	ws, err := schema.Load(name+".cue", src)
	if err != nil {
		t.Fatal(err)
	}
	tree, err := gen.Build(ws, gen.Options{Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	out := tree.MapFS()
	delete(out, gen.SumFile)
	return out
}

const configMap = "base/nextflow/config-map.yaml"

func (v *verdict) lint(t *testing.T, tree fstest.MapFS) {
	changed := fstest.MapFS{}
	for name, f := range tree {
		changed[name] = f
	}
	delete(changed, v.file)
	if v.text != nil {
		changed[v.file] = &fstest.MapFile{Data: v.text}
	}
	if copied := tree[configMap]; v.file == "nextflow.config" && v.text != nil && copied != nil {
		changed[configMap] = &fstest.MapFile{Data: withConfig(t, copied.Data, v.text)} // the configuration is one thing, in two files
	}
	found, err := lint.Run(lint.Input{Tree: lint.FromFS(changed), Paths: []string{"."}}, rules.All(), lint.Options{Today: today})
	if err != nil {
		t.Error(err)
	}
	slices.SortStableFunc(found, func(a, b lint.Finding) int { return int(b.Severity) - int(a.Severity) })
	for _, f := range found {
		if slices.Contains(checksums, f.Rule) {
			continue
		}
		v.caught = v.caught || f.Severity == lint.Error
		if !slices.Contains(v.rules, f.Rule) {
			v.rules = append(v.rules, f.Rule)
		}
	}
}

// withConfig is the ConfigMap with another text of its configuration.
func withConfig(t *testing.T, configMap, config []byte) []byte {
	var object map[string]any
	if err := yaml.Unmarshal(configMap, &object); err != nil {
		t.Error(err)
		return configMap
	}
	object["data"] = map[string]any{"nextflow.config": string(config)}
	out, err := yaml.Marshal(object)
	if err != nil {
		t.Error(err)
	}
	return out
}

const mutationIntro = `# What the linter notices of one changed field

This page is made by a test: ` + "`UPDATE=1 go test ./lint/rules -run Mutation`" + `. It takes the trees that examples generate, changes one thing in each copy (each scalar
altered, each entry, list element and document deleted; a change of ` + "`nextflow.config`" + ` is made in its copy in the ConfigMap, too), lints it, and asks whether a rule reports an
error. The hashes of generated files are not used: neither ` + "`.fusiongen.sum`" + ` (FG605) nor the name of a compute environment (FG560).

Every change counts as one that breaks a run, or opens what must be shut, unless a row of the table says why it does no harm. The share of breaking changes that are errors
may not fall below 90 %; what survives is listed below each table, each with the rules that notice it as a warning or a hint.
`

// describe writes the group's part of the page.
func (g mutationGroup) describe(out *strings.Builder, all verdicts) {
	broken := all.breaking()
	caught := func(list verdicts) int {
		return len(slices.DeleteFunc(slices.Clone(list), func(m verdict) bool { return !m.caught }))
	}
	fmt.Fprintf(out, "\n## %s\n\n%d changes of %s; %d break a run, and %d of these (%.1f %%) are errors.\n\n", g.name, len(all), strings.Join(g.examples, ", "), len(broken), caught(broken), 100*float64(caught(broken))/float64(max(1, len(broken))))
	out.WriteString("| where | breaks | why | changes | errors |\n|---|---|---|---|---|\n")
	for i := range g.places {
		p := &g.places[i]
		here := slices.DeleteFunc(slices.Clone(all), func(m verdict) bool { return m.place != p })
		if len(here) > 0 {
			fmt.Fprintf(out, "| `%s` | %s | %s | %d | %d |\n", strings.ReplaceAll(p.where, "|", "\\|"), map[bool]string{true: "no", false: "yes"}[p.harmless], p.why, len(here), caught(here))
		}
	}
	out.WriteString("\nWhat survives:\n\n")
	for _, m := range broken {
		if m.caught {
			continue
		}
		noticed := ""
		if len(m.rules) > 0 {
			noticed = " (noticed by " + strings.Join(m.rules, ", ") + ")"
		}
		fmt.Fprintf(out, "- `%s`%s\n", m.mutant, noticed)
	}
}
