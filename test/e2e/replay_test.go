package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// recorded are bodies that newer versions of Nextflow sent, which cannot be run here: 26.04.6, and a source of 2026-08.
var recorded = map[string][]string{
	"unprivileged": {"26.04.6-c1-unpriv"},
	"privileged":   {"26.04.6-b-open-fusion", "26.04.6-d1-job", "26.04.6-d3-job-ttl", "head-b-open-fusion", "head-d2-pod"},
}

// testReplay sends the recorded bodies to the cluster, with the identities of this one put in, and looks for the task's
// result in S3. What the task does is what a real task of the smoke pipeline did.
func testReplay(t *testing.T, ctx context.Context, ws *e2e.Workspace) {
	task := finishedTask(t, ctx, ws)
	for _, name := range recorded[ws.Cell.Security] {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("..", "apiserver", "testdata", "pods", name+".json"))
			if err != nil {
				t.Fatal(err)
			}
			dir := "work/re/" + name
			body := adapt(t, ws, data, dir)
			for _, file := range []string{".command.run", ".command.sh"} {
				copied, err := ws.World.Store.Get(ctx, ws.Bucket, task+"/"+file)
				if err != nil {
					t.Fatal(err)
				}
				copied = bytes.ReplaceAll(copied, []byte(task), []byte(dir))
				if err := ws.World.Store.PutBytes(ctx, ws.Bucket, dir+"/"+file, copied); err != nil {
					t.Fatal(err)
				}
			}
			k := ws.World.Cluster.Kubectl
			created, _, err := k(ctx, string(body), "-n", ws.Name, "create", "-o", "name", "-f", "-")
			if err != nil {
				t.Fatal(err)
			}
			created = strings.TrimSpace(created)
			done := "--for=jsonpath={.status.phase}=Succeeded"
			if strings.HasPrefix(created, "job") {
				done = "--for=condition=Complete"
			}
			if _, _, err := k(ctx, "", "-n", ws.Name, "wait", created, done, "--timeout=90s"); err != nil {
				logs, _, _ := k(ctx, "", "-n", ws.Name, "logs", created)
				described, _, _ := k(ctx, "", "-n", ws.Name, "describe", created)
				t.Fatalf("%v\n%s\n%s", err, logs, described)
			}
			for _, file := range []string{".exitcode", "part-1.txt"} {
				want, err := ws.World.Store.Get(ctx, ws.Bucket, task+"/"+file)
				if err != nil {
					t.Fatal(err)
				}
				got, err := ws.World.Store.Get(ctx, ws.Bucket, dir+"/"+file)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%s is %q (%v), want %q", file, got, err, want)
				}
			}
			k(ctx, "", "-n", ws.Name, "delete", created)
		})
	}
}

// finishedTask is the directory of the first part of the smoke pipeline.
func finishedTask(t *testing.T, ctx context.Context, ws *e2e.Workspace) string {
	t.Helper()
	run, err := ws.Nextflow(ctx, "smoke", "--out", "s3://results-"+ws.Name+"/replay")
	if err != nil || run.Code != 0 {
		t.Fatal(err, run.Explain(ctx))
	}
	keys, err := ws.World.Store.Keys(ctx, ws.Bucket, "work/")
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if path.Base(key) == "part-1.txt" {
			return path.Dir(key)
		}
	}
	t.Fatal("no task made part-1.txt")
	return ""
}

// adapt puts this workspace's names into a recorded body, and what the tree's configuration asks for.
func adapt(t *testing.T, ws *e2e.Workspace, data []byte, dir string) []byte {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Fatal(err)
	}
	pod := object["spec"].(map[string]any)
	object["metadata"].(map[string]any)["namespace"] = ws.Name
	if object["kind"] == "Job" {
		template := pod["template"].(map[string]any)
		template["metadata"].(map[string]any)["namespace"] = ws.Name
		pod = template["spec"].(map[string]any)
	}
	raw, err := json.Marshal(pod)
	if err != nil {
		t.Fatal(err)
	}
	var spec corev1.PodSpec
	if err := json.Unmarshal(raw, &spec); err != nil {
		t.Fatal(err)
	}
	ws.Adapt(&spec, dir)
	if raw, err = json.Marshal(spec); err != nil {
		t.Fatal(err)
	}
	var back map[string]any
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if object["kind"] == "Job" {
		object["spec"].(map[string]any)["template"].(map[string]any)["spec"] = back
	} else {
		object["spec"] = back
	}
	out, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	return out
}
