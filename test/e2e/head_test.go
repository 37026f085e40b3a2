package e2e_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// testHead runs the head in the cluster: the generated Job, with the pipeline put where its comment says, and with what the
// test adds for want of AWS: the S3 server and its credentials.
func testHead(t *testing.T, ctx context.Context, w *e2e.World) {
	if err := w.LoadHead(ctx); err != nil {
		t.Fatal(err)
	}
	ws := open(t, ctx, w, e2e.Cell{Security: "unprivileged", Compute: "Job", Inject: "csi", Scratch: "emptyDir", HeadInCluster: true})
	data, err := os.ReadFile(filepath.Join(ws.Dir, "head", "job.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var job batchv1.Job
	if err := yaml.UnmarshalStrict(data, &job); err != nil {
		t.Fatal(err)
	}
	config, err := ws.TaskConfig()
	if err != nil {
		t.Fatal(err)
	}
	k := w.Cluster.Kubectl
	if _, _, err := k(ctx, "", "-n", ws.Name, "create", "configmap", "test-config", "--from-file=test.config="+config); err != nil {
		t.Fatal(err)
	}
	pod := &job.Spec.Template.Spec
	head := &pod.Containers[0]
	head.Command = []string{"nextflow", "-C", "/etc/nextflow/nextflow.config", "-C", "/test/test.config", "run"}
	head.Args = []string{"/pipelines/smoke/main.nf", "-ansi-log", "false", "-w", "s3://" + ws.Bucket + "/work", "--out", "s3://results-" + ws.Name + "/smoke"}
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
	created, _, err := k(ctx, string(body), "create", "-o", "name", "-f", "-")
	if err != nil {
		t.Fatal(err)
	}
	created = strings.TrimSpace(created)
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
