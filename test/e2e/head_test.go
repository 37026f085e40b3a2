package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// headCell has its head in the cluster.
var headCell = e2e.Cell{Security: "unprivileged", Compute: "Job", Inject: "csi", Scratch: "emptyDir", HeadInCluster: true}

// testHead runs the smallest pipeline with the head in the cluster.
func testHead(t *testing.T, ctx context.Context, w *e2e.World, loadHead func() error) {
	if err := loadHead(); err != nil {
		t.Fatal(err)
	}
	ws := open(t, ctx, w, headCell)
	addConfig(t, ctx, ws)
	job := startHead(t, ctx, ws, pipeline{name: "smoke"})
	completes(t, ctx, ws, job)
	published(t, ctx, ws, pipeline{name: "smoke"})
}

// addConfig puts what the test adds to the configuration where the head's pod can mount it.
func addConfig(t *testing.T, ctx context.Context, ws *e2e.Workspace) {
	t.Helper()
	config, err := ws.TaskConfig()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "create", "configmap", "test-config", "--from-file=test.config="+config); err != nil {
		t.Fatal(err)
	}
}

// startHead makes the generated Job, with the pipeline put where its comment says, and with what the test adds for want of AWS.
// It returns the Job's name, "job.batch/NAME".
func startHead(t *testing.T, ctx context.Context, ws *e2e.Workspace, p pipeline) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(ws.Dir, "head", "job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var job batchv1.Job
	if err := yaml.UnmarshalStrict(data, &job); err != nil {
		t.Fatal(err)
	}
	pod := &job.Spec.Template.Spec
	head := &pod.Containers[0]
	head.Command = slices.Insert(head.Command, len(head.Command)-1, "-C", "/test/test.config")
	head.Args = append([]string{"/pipelines/" + p.name + "/main.nf", "-ansi-log", "false", "-w", ws.WorkDir, "--out", "s3://results-" + ws.Name + "/" + p.name}, p.args...)
	for _, e := range ws.Environment() {
		name, value, _ := strings.Cut(e, "=")
		if name != "FUSION_ENABLED" && name != "AWS_REGION" { // the generated Job has these
			head.Env = append(head.Env, corev1.EnvVar{Name: name, Value: value})
		}
	}
	pod.Volumes = append(pod.Volumes, corev1.Volume{Name: "test", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: "test-config"}}}})
	head.VolumeMounts = append(head.VolumeMounts, corev1.VolumeMount{Name: "test", MountPath: "/test"})
	head.Resources.Requests[corev1.ResourceCPU] = resource.MustParse("100m") // a task wants one of the two processors of a test machine
	body, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	created, _, err := ws.World.Cluster.Kubectl(ctx, string(body), "create", "-o", "name", "-f", "-")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(created)
}

// completes waits for a head that ends well.
func completes(t *testing.T, ctx context.Context, ws *e2e.Workspace, job string) {
	t.Helper()
	if end := ended(t, ctx, ws, job); end != "Complete" {
		t.Fatalf("%s\n%s", end, told(ctx, ws, job))
	}
}

// ended waits for a head to end and says how, Complete or Failed.
func ended(t *testing.T, ctx context.Context, ws *e2e.Workspace, job string) string {
	t.Helper()
	for deadline := time.Now().Add(3 * time.Minute); time.Now().Before(deadline); time.Sleep(500 * time.Millisecond) {
		out, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", job, "-o", "jsonpath={.status.conditions[*].type}")
		if err != nil {
			t.Fatal(err)
		}
		for _, end := range []string{"Complete", "Failed"} {
			if slices.Contains(strings.Fields(out), end) {
				return end
			}
		}
	}
	return "still running"
}

// told is what a person reads of a head in the cluster and its pods.
func told(ctx context.Context, ws *e2e.Workspace, job string) string {
	k := ws.World.Cluster.Kubectl
	logs, _, _ := k(ctx, "", "-n", ws.Name, "logs", job, "--tail=60")
	tasks := ws.Logs(ctx, 40)
	described, _, _ := k(ctx, "", "-n", ws.Name, "describe", "pods")
	return logs + "\n" + tasks + "\n" + described
}

// published compares what a pipeline published with what a local run does.
func published(t *testing.T, ctx context.Context, ws *e2e.Workspace, p pipeline) {
	t.Helper()
	for name, data := range local(t, ctx, ws.World.Root, p) {
		got, err := ws.World.Store.Get(ctx, "results-"+ws.Name, p.name+"/"+name)
		if err != nil || string(got) != string(data) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
