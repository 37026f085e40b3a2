//go:build mutation

package rules_test

import (
	"os"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/schema"
)

// verdict is what the rules say of a mutant.
type verdict struct {
	mutant
	example string
	rules   []string // that notice it, errors first
	caught  bool     // as an error
}

// breaking are the mutants that break a run, or open what must be shut, with the reason. A first cut: it still holds some that do no harm.
var breaking = []struct {
	what *regexp.Regexp
	why  string
}{
	{regexp.MustCompile(`^base/service-account/service-account-\w+\.yaml (delete|apiVersion|kind|automount|metadata\.(name|namespace|annotations))`), "pods have no account, or not its role"},
	{regexp.MustCompile(`^base/rbac/role\.yaml ( delete|rules|metadata\.(name|namespace) )`), "the API refuses a call of the head"},
	{regexp.MustCompile(`^base/rbac/role-binding\.yaml ( delete|apiVersion|kind|roleRef|subjects|metadata\.namespace)`), "nobody has the Role"},
	{regexp.MustCompile(`^iam/\w+-trust\.json ( delete|Statement)`), "the role cannot be taken, or by others"},
	{regexp.MustCompile(`^iam/(head|task)-permissions\.json ( delete|Statement)`), "S3 refuses a call, or grants too much"},
	{regexp.MustCompile(`^nextflow\.config (process\.executor|workDir|aws\.region|k8s\.(namespace|serviceAccount|fuseDevicePlugin|computeResourceType)|fusion\.privileged)`), "tasks are not started, or not as the rest expects"},
	{regexp.MustCompile(`^base/device-plugin/daemon-set\.yaml spec\.(selector|template\.spec\.(containers\.0\.(command|args|image|volumeMounts)|volumes|serviceAccountName|tolerations))`), "no node offers the device"},
	{regexp.MustCompile(`^head/job\.yaml spec\.template\.spec\.(serviceAccountName|containers\.0\.(image|args|env|command))`), "the head does not start"},
	{regexp.MustCompile(`^kustomization\.yaml resources`), "a part is not applied"},
}

// TestMutation measures which of the breaking mutants are found as errors: go test -tags mutation ./lint/rules -run Mutation -v.
// The share may not fall below what was reached.
func TestMutation(t *testing.T) {
	const reached = 0.55
	all, found := 0, 0
	for _, v := range judge(t, []string{"minimal.cue", "karpenter.cue", "daemonset.cue"}, 4) {
		i := slices.IndexFunc(breaking, func(b struct {
			what *regexp.Regexp
			why  string
		}) bool {
			return b.what.MatchString(v.mutant.String())
		})
		if i < 0 {
			continue
		}
		all++
		if v.caught {
			found++
			continue
		}
		t.Logf("survives: %s %s (%s; noticed by %v)", v.example, v.mutant, breaking[i].why, v.rules)
	}
	t.Logf("%d of %d breaking mutants are found as errors", found, all)
	if float64(found) < reached*float64(all) {
		t.Errorf("%d of %d is less than %.0f %%", found, all, 100*reached)
	}
}

// judge lints every nth mutant of the examples.
func judge(t *testing.T, examples []string, nth int) []verdict {
	t.Helper()
	var all []verdict
	trees := map[string]fstest.MapFS{}
	for _, name := range examples {
		src, err := os.ReadFile("../../examples/" + name)
		if err != nil {
			t.Fatal(err)
		}
		ws, err := schema.Load(name, src)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := gen.Build(ws, gen.Options{Version: "1.2.3"})
		if err != nil {
			t.Fatal(err)
		}
		trees[name] = fstest.MapFS{}
		for _, f := range tree.Files() {
			if f.Path == gen.SumFile {
				continue
			}
			trees[name][f.Path] = &fstest.MapFile{Data: f.Data}
			for _, m := range mutants(t, f.Path, f.Data) {
				all = append(all, verdict{mutant: m, example: name})
			}
		}
	}
	kept := all[:0]
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

func (v *verdict) lint(t *testing.T, tree fstest.MapFS) {
	changed := fstest.MapFS{}
	for name, f := range tree {
		changed[name] = f
	}
	delete(changed, v.file)
	if v.text != nil {
		changed[v.file] = &fstest.MapFile{Data: v.text}
	}
	found, err := lint.Run(lint.Input{Tree: lint.FromFS(changed), Paths: []string{"."}}, rules.All(), lint.Options{Today: today})
	if err != nil {
		t.Error(err)
	}
	slices.SortStableFunc(found, func(a, b lint.Finding) int { return int(b.Severity) - int(a.Severity) })
	for _, f := range found {
		v.caught = v.caught || f.Severity == lint.Error
		if !slices.Contains(v.rules, f.Rule) {
			v.rules = append(v.rules, f.Rule)
		}
	}
}
