package apiserver

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/test/cluster"
)

// bodies are what real Nextflow versions sent to a Kubernetes API, as recorded.
//
//go:embed testdata/pods/*.json
var bodies embed.FS

// testPodSecurity: each namespace admits the pod that Nextflow sends in the spec's mode, and refuses the privileged
// one where the spec does not ask for privilege.
func testPodSecurity(t *testing.T, ctx context.Context, c *cluster.Cluster, u unit) {
	ws := u.workspace
	body := map[bool]string{true: "26.04.6-b-open-fusion", false: "26.04.6-c1-unpriv"}
	// An admission policy takes effect a moment after it was made: the verdict to wait for is "admitted".
	if err := eventually(ctx, 10*time.Second, func() error { return create(ctx, c, ws, body[ws.Runtime.Privileged]) }); err != nil {
		t.Errorf("Nextflow's pod is refused: %v", err)
	}
	if err := create(ctx, c, ws, body[true]); (err == nil) != (ws.PodSecurity == "privileged") {
		t.Errorf("a privileged pod in a %s namespace: %v", ws.PodSecurity, err)
	}
}

// create asks the server to take Nextflow's body as this workspace's Nextflow would send it, as a dry run.
func create(ctx context.Context, c *cluster.Cluster, ws *schema.Workspace, name string) error {
	data, err := bodies.ReadFile("testdata/pods/" + name + ".json")
	if err != nil {
		return err
	}
	var pod corev1.Pod
	if err := json.Unmarshal(data, &pod); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	pod.Namespace, pod.Spec.ServiceAccountName = ws.Name, ws.Identity.Task.ServiceAccount
	_, err = c.Client.CoreV1().Pods(ws.Name).Create(ctx, &pod, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
	return err
}

// eventually repeats f until it succeeds or limit has passed, and returns its last error.
func eventually(ctx context.Context, limit time.Duration, f func() error) error {
	for deadline := time.Now().Add(limit); ; {
		err := f()
		if err == nil || time.Now().After(deadline) || ctx.Err() != nil {
			return err
		}
		time.Sleep(200 * time.Millisecond)
	}
}
