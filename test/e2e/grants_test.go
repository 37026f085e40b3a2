package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// use is one right that the head's account used, as the audit log has it.
type use struct {
	Verb, Resource string // pods/log
	Allowed        bool
}

// audit reads what an account did since a time.
func audit(t *testing.T, w *e2e.World, user string, since time.Time) map[use]int {
	t.Helper()
	f, err := os.Open(filepath.Join(w.Dir, "audit.log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	uses := map[use]int{}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct {
			Verb      string
			User      struct{ Username string }
			ObjectRef struct{ Resource, Subresource string }
			Time      time.Time         `json:"requestReceivedTimestamp"`
			Notes     map[string]string `json:"annotations"`
		}
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			t.Fatal(err)
		}
		if event.User.Username != user || event.Time.Before(since) {
			continue
		}
		resource := event.ObjectRef.Resource
		if event.ObjectRef.Subresource != "" {
			resource += "/" + event.ObjectRef.Subresource
		}
		uses[use{event.Verb, resource, event.Notes["authorization.k8s.io/decision"] == "allow"}]++
	}
	return uses
}

// testGrants: with all grants in place each one is used and none is denied; with one taken away its effect shows.
func testGrants(t *testing.T, ctx context.Context, w *e2e.World, c e2e.Cell) {
	ws := open(t, ctx, w, c)
	granted := rights(t, ctx, ws)
	begin := time.Now()
	if run, err := ws.Nextflow(ctx, "smoke", "--out", "s3://results-"+ws.Name+"/grants"); err != nil || run.Code != 0 {
		t.Fatal(err, run.Explain(ctx))
	}
	provoke(t, ctx, ws)
	uses := audit(t, w, fmt.Sprintf("system:serviceaccount:%s:%s-head", ws.Name, ws.Name), begin)
	for u, n := range uses {
		if !u.Allowed {
			t.Errorf("%s %s was denied %d times", u.Verb, u.Resource, n)
		}
	}
	for _, right := range granted {
		verb, resource, _ := strings.Cut(right, " ")
		if uses[use{verb, resource, true}] == 0 {
			t.Errorf("%s is granted and was never used", right)
		}
	}
	for _, right := range granted {
		t.Run("without "+right, func(t *testing.T) { testWithout(t, ctx, ws, right) })
	}
}

// provoke makes the head ask for what a good run does not need: the log of a task that fails without a word, and the
// status of a job whose pod is late.
func provoke(t *testing.T, ctx context.Context, ws *e2e.Workspace) {
	t.Helper()
	if run, err := ws.Nextflow(ctx, "silent"); err != nil || run.Code == 0 {
		t.Fatal(err, run.Explain(ctx))
	}
	ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "delete", "jobs,pods", "--all")
	if ws.Cell.Compute != "Job" {
		return
	}
	// A quota of no pods keeps the job's pod away for a while.
	quota := `{"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}}`
	if _, _, err := ws.World.Cluster.Kubectl(ctx, quota, "-n", ws.Name, "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
	run, err := ws.Start(ctx, "smoke", "--out", "s3://results-"+ws.Name+"/late")
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Second) {
		out, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", "jobs", "-o", "name")
		if err == nil && out != "" {
			break
		}
	}
	time.Sleep(6 * time.Second) // a few polls of a job that has no pod
	if _, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "delete", "resourcequota", "none"); err != nil {
		t.Fatal(err)
	}
	if run.Wait(); run.Code != 0 {
		t.Fatal(run.Explain(ctx))
	}
}

// rights are the verbs and resources of the head's Role, "create jobs".
func rights(t *testing.T, ctx context.Context, ws *e2e.Workspace) []string {
	t.Helper()
	out, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", "role", ws.Name+"-head", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	var role struct {
		Rules []struct{ Resources, Verbs []string }
	}
	if err := json.Unmarshal([]byte(out), &role); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, rule := range role.Rules {
		for _, resource := range rule.Resources {
			for _, verb := range rule.Verbs {
				all = append(all, verb+" "+resource)
			}
		}
	}
	slices.Sort(all)
	return all
}

// effect is what a missing right does to a run.
type effect string

const (
	runFails   effect = "the run fails"
	leftBehind effect = "pods or jobs are left behind"
	logMissing effect = "the log of a failed task is missing"
	onlyLate   effect = "asked only while a job has no pod, so a quick run shows nothing"
)

// effects by right and mode, checked by taking each away.
var effects = map[string]map[string]effect{
	"Job": {"create jobs": runFails, "get jobs/status": onlyLate, "list pods": runFails, "get pods/status": runFails, "get pods/log": logMissing,
		"delete jobs": leftBehind, "delete pods": leftBehind},
	"Pod": {"create pods": runFails, "get pods/status": runFails, "get pods/log": logMissing, "delete pods": leftBehind},
}

// testWithout takes one right away, shows its effect, and gives it back.
func testWithout(t *testing.T, ctx context.Context, ws *e2e.Workspace, right string) {
	k := ws.World.Cluster.Kubectl
	want, ok := effects[ws.Cell.Compute][right]
	if !ok {
		t.Fatalf("nobody knows what %q is for", right)
	}
	defer func() {
		k(ctx, "", "-n", ws.Name, "delete", "jobs,pods", "--all")
		if _, _, err := k(ctx, "", "apply", "-k", ws.Dir); err != nil {
			t.Error(err)
		}
	}()
	remove(t, ctx, ws, right)
	predicted(t, ctx, ws, right)
	limited, cancel := context.WithTimeout(ctx, 40*time.Second)
	defer cancel()
	pipeline := "smoke"
	if want == logMissing {
		pipeline = "silent"
	}
	run, err := ws.Nextflow(limited, pipeline, "--out", "s3://results-"+ws.Name+"/without")
	if err != nil {
		t.Fatal(err)
	}
	left, _, err := k(ctx, "", "-n", ws.Name, "get", "pods,jobs", "-o", "name")
	if err != nil {
		t.Fatal(err)
	}
	switch want {
	case runFails:
		if run.Code == 0 {
			t.Errorf("the run succeeded without %s", right)
		}
	case leftBehind:
		if run.Code != 0 || left == "" {
			t.Errorf("exit %d, left behind: %q", run.Code, left)
		}
	case logMissing:
		if run.Code == 0 || !strings.Contains(run.Log, "403") && !strings.Contains(run.Log, "forbidden") {
			t.Errorf("the log's absence does not show:\n%s", run.Explain(ctx))
		}
	}
}

// remove rewrites the Role without the right.
func remove(t *testing.T, ctx context.Context, ws *e2e.Workspace, right string) {
	t.Helper()
	verb, resource, _ := strings.Cut(right, " ")
	var rules []map[string][]string
	for _, r := range rights(t, ctx, ws) {
		v, res, _ := strings.Cut(r, " ")
		if v == verb && res == resource {
			continue
		}
		group := ""
		if strings.HasPrefix(res, "jobs") {
			group = "batch"
		}
		rules = append(rules, map[string][]string{"apiGroups": {group}, "resources": {res}, "verbs": {v}})
	}
	patch, err := json.Marshal([]map[string]any{{"op": "replace", "path": "/rules", "value": rules}})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "patch", "role", ws.Name+"-head", "--type=json", "-p", string(patch)); err != nil {
		t.Fatal(err)
	}
}

// predicted: the linter says beforehand that the Role lacks the right.
func predicted(t *testing.T, ctx context.Context, ws *e2e.Workspace, right string) {
	t.Helper()
	path := filepath.Join(ws.Dir, "base", "rbac", "role.yaml")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer os.WriteFile(path, good, 0o644)
	live, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", "role", ws.Name+"-head", "-o", "yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(live), 0o644); err != nil {
		t.Fatal(err)
	}
	found, err := ws.Lint(ctx)
	if err != nil || !slices.Contains(found, "FG101") {
		t.Errorf("without %s the linter finds %v, %v", right, found, err)
	}
}
