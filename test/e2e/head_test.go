package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// headCell has its head in the cluster.
var headCell = e2e.Cell{Security: "unprivileged", Compute: "Job", Inject: "csi", Scratch: "emptyDir", HeadInCluster: true}

// testHead runs the head in the cluster: the generated Job, with the pipeline put where its comment says, and with what the
// test adds for want of AWS: the S3 server and its credentials.
func testHead(t *testing.T, ctx context.Context, w *e2e.World) {
	if err := w.LoadHead(ctx); err != nil {
		t.Fatal(err)
	}
	ws := open(t, ctx, w, headCell)
	addConfig(t, ctx, ws)
	created := startHead(t, ctx, ws)
	k := w.Cluster.Kubectl
	if _, _, err := k(ctx, "", "-n", ws.Name, "wait", created, "--for=condition=Complete", "--timeout=180s"); err != nil {
		logs, _, _ := k(ctx, "", "-n", ws.Name, "logs", created, "--tail=60")
		described, _, _ := k(ctx, "", "-n", ws.Name, "describe", "pods")
		t.Fatalf("%v\n%s\n%s", err, logs, described)
	}
	want := local(t, ctx, w.Root, pipeline{name: "smoke"})
	for name, data := range want {
		got, err := w.Store.Get(ctx, "results-"+ws.Name, "smoke/"+name)
		if err != nil || string(got) != string(data) {
			t.Errorf("%s: %v", name, err)
		}
	}
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

// startHead creates the generated Job and returns its name: job.batch/NAME.
func startHead(t *testing.T, ctx context.Context, ws *e2e.Workspace) string {
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
	head.Args = []string{"/pipelines/smoke/main.nf", "-ansi-log", "false", "-w", ws.WorkDir, "--out", "s3://results-" + ws.Name + "/smoke"}
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
