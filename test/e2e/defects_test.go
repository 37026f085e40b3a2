package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// A defect is made in a good tree; the linter names it, and the run shows what the rule's page says.
type defect struct {
	rule     string // of the linter
	file     string // of the tree
	old, new string // the edit
	evidence string // what a person finds in the head's output, its log, or the pods' descriptions
}

var defects = []defect{
	{rule: "FG303", file: "nextflow.config", old: "'nextflow.io/fuse': 1", new: "'example.com/none': 1", evidence: "Insufficient example.com/none"},
	{rule: "FG310", file: "nextflow.config", old: "privileged = false", new: "privileged = true", evidence: "violates PodSecurity"},
	{rule: "FG104", file: "base/rbac/role-binding.yaml", old: "    name: %s-head\n    namespace", new: "    name: nobody\n    namespace", evidence: "cannot create resource"},
	{rule: "FG313", file: "nextflow.config", old: "pod = [", new: "pod = [\n        [securityContext: [seccompProfile: [type: 'RuntimeDefault']]],", evidence: "the seccomp profile forbids"},
	{rule: "FG325", file: "nextflow.config", old: "mountPath: '/usr/bin/fusion'", new: "mountPath: '/usr/bin/other'", evidence: "/usr/bin/fusion"},
}

func testDefects(t *testing.T, ctx context.Context, w *e2e.World, c e2e.Cell) {
	ws := open(t, ctx, w, c)
	k := w.Cluster.Kubectl
	for _, d := range defects {
		t.Run(d.rule, func(t *testing.T) {
			path := filepath.Join(ws.Dir, filepath.FromSlash(d.file))
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			edit := strings.NewReplacer("%s", ws.Name)
			bad := strings.Replace(string(good), edit.Replace(d.old), d.new, 1)
			if bad == string(good) {
				t.Fatalf("%s does not hold %q:\n%s", d.file, edit.Replace(d.old), good)
			}
			if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
				t.Fatal(err)
			}
			defer func() {
				os.WriteFile(path, good, 0o644)
				k(ctx, "", "-n", ws.Name, "delete", "jobs,pods", "--all")
				k(ctx, "", "apply", "-k", ws.Dir)
			}()
			found, _ := ws.Lint(ctx)
			if !slices.Contains(found, d.rule) {
				t.Errorf("the linter finds %v, not %s", found, d.rule)
			}
			if _, _, err := k(ctx, "", "apply", "-k", ws.Dir); err != nil {
				t.Fatal(err)
			}
			limited, cancel := context.WithTimeout(ctx, 50*time.Second)
			defer cancel()
			run, err := ws.Start(limited, "smoke", "--out", "s3://results-"+ws.Name+"/defect")
			if err != nil {
				t.Fatal(err)
			}
			described := ""
			for limited.Err() == nil && !strings.Contains(described, d.evidence) { // pods go with the run
				out, _, _ := k(ctx, "", "-n", ws.Name, "describe", "pods,jobs")
				events, _, _ := k(ctx, "", "-n", ws.Name, "get", "events")
				logs, _, _ := k(ctx, "", "-n", ws.Name, "logs", "-l", "nextflow.io/app=nextflow")
				described = out + events + logs + run.LogSoFar()
				time.Sleep(time.Second)
			}
			cancel()
			run.Wait()
			if run.Code == 0 {
				t.Errorf("the run succeeded")
			}
			if !strings.Contains(described+run.Output+run.Log, d.evidence) {
				t.Errorf("nobody reads %q:\n%s\n%s", d.evidence, described, run.Explain(ctx))
			}
		})
	}
}
