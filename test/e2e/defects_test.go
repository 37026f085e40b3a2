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

// A defect is made in a good tree; the linter names it, and the run, or the API server before it, shows what the rule's page says.
type defect struct {
	rule     string // of the linter
	file     string // of the tree
	old, new string // the edit; %s is the workspace's name
	evidence string // what a person finds in kubectl's answer, the head's output, its log, or the pods' descriptions
}

const (
	config    = "nextflow.config"
	role      = "base/rbac/role.yaml"
	binding   = "base/rbac/role-binding.yaml"
	namespace = "base/service-account/namespace.yaml"

	runtimeVolume = "[csi: [driver: 'fusion.fusiongen.dev', readOnly: true, volumeAttributes: [type: 'runtime']], mountPath: '/usr/bin/fusion'],"
)

// option puts one more entry into k8s.pod.
func option(entry string) string { return "pod = [\n        " + entry + "," }

var defects = []defect{
	{"FG101", config, "    computeResourceType = 'Job'\n", "", "cannot create resource"},
	{"FG103", role, "- batch\n    resources:\n      - jobs\n", "- \"\"\n    resources:\n      - jobs\n", "cannot create resource"},
	{"FG104", binding, "    name: %s-head\n    namespace", "    name: nobody\n    namespace", "cannot create resource"},
	{"FG303", config, "'nextflow.io/fuse': 1", "'example.com/none': 1", "Insufficient example.com/none"},
	{"FG310", config, "privileged = false", "privileged = true", "violates PodSecurity"},
	{"FG311", config, "pod = [", option("[hostPath: '/opt', mountPath: '/opt']"), "hostPath volumes"},
	{"FG313", config, "pod = [", option("[securityContext: [seccompProfile: [type: 'RuntimeDefault']]]"), "the seccomp profile forbids"},
	{"FG325", config, "mountPath: '/usr/bin/fusion'", "mountPath: '/usr/bin/other'", "/usr/bin/fusion"},
	{"FG325", config, "[csi: [driver: 'fusion.fusiongen.dev', readOnly", "[csi: [driver: 'csi.example.com', readOnly", "csi.example.com not found in the list of registered CSI drivers"},
	{"FG326", config, runtimeVolume, "", "/usr/bin/fusion"},
	{"FG329", role, "rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io/v1beta1", "no matches for kind"},
	{"FG333", namespace, "enforce: baseline", "enforce: strict", "must be one of privileged, baseline, restricted"},
	{"FG502", config, "namespace = '%s'", "namespace = 'default'", "cannot create resource"},
	{"FG502", config, "serviceAccount = '%s-task'", "serviceAccount = 'nobody'", `serviceaccount "nobody" not found`},
	{"FG506", config, "computeResourceType = 'Job'", "computeResourceType = 'job'", "cannot create resource"},
	{"FG512", config, "pod = [", option("[emptyDir: [:], mountPath: '/tmp']"), "must be unique"},
	{"FG537", config, "privileged = false", "privileged = false\n    enabled = false", "No such file"},
	{"FG545", config, "executor = 'k8s'", "executor = 'k8'", "Unknown executor name"},
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
				k(ctx, "", "-n", ws.Name, "delete", "jobs,pods,events", "--all")
				k(ctx, "", "apply", "-k", ws.Dir)
			}()
			found, _ := ws.Lint(ctx)
			if !slices.Contains(found, d.rule) {
				t.Errorf("the linter finds %v, not %s", found, d.rule)
			}
			if _, _, err := k(ctx, "", "apply", "-k", ws.Dir); err == nil {
				shows(t, ctx, ws, d.evidence)
			} else if !strings.Contains(err.Error(), d.evidence) {
				t.Error(err)
			}
		})
	}
}

// shows runs a pipeline that cannot end well, until a person finds the evidence.
func shows(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) {
	t.Helper()
	k := ws.World.Cluster.Kubectl
	limited, cancel := context.WithTimeout(ctx, 50*time.Second)
	defer cancel()
	run, err := ws.Start(limited, "smoke", "--out", "s3://results-"+ws.Name+"/defect")
	if err != nil {
		t.Fatal(err)
	}
	described := ""
	for limited.Err() == nil && !strings.Contains(described, evidence) { // pods go with the run
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
	if !strings.Contains(described+run.Output+run.Log, evidence) {
		t.Errorf("nobody reads %q:\n%s\n%s", evidence, described, run.Explain(ctx))
	}
}
