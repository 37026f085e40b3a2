package apiserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/fusiongen/fusiongen/fuseimage/nvme"
	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/test/cluster"
)

const system = "fusiongen-system"

// testPreparer (NV-44): with a token that the server made for a pod on a node, nvme-prep's own code takes its taint off
// that node; the admission policy lets it change nothing else, nowhere else.
func testPreparer(t *testing.T, ctx context.Context, c *cluster.Cluster, units []unit) {
	i := slices.IndexFunc(units, func(u unit) bool { return u.name == "daemonset" })
	if _, _, err := c.Kubectl(ctx, "", "apply", "--server-side", "--force-conflicts", "-k", units[i].dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"node1", "node2"} {
		node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{Taints: []corev1.Taint{
			{Key: "gpu", Effect: corev1.TaintEffectNoSchedule}, {Key: gen.ReadinessTaint, Effect: corev1.TaintEffectNoSchedule}}}}
		if _, err := c.Client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Client.CoreV1().Nodes().Delete(ctx, name, metav1.DeleteOptions{}) }()
	}
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "nvme-prep-1", Namespace: system}, Spec: corev1.PodSpec{
		ServiceAccountName: "nvme-prep", NodeName: "node1", Containers: []corev1.Container{{Name: "c", Image: "x"}}}}
	pod, err := c.Client.CoreV1().Pods(system).Create(ctx, pod, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = c.Client.CoreV1().Pods(system).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: new(int64)})
	}()
	bound := token(t, ctx, c, &authenticationv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID})
	free := token(t, ctx, c, nil)

	patch := func(token, node, body string) error {
		client, err := kubernetes.NewForConfig(&rest.Config{Host: c.Config.Host, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: c.Config.CAData, CAFile: c.Config.CAFile}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.CoreV1().Nodes().Patch(ctx, node, types.StrategicMergePatchType, []byte(body), metav1.PatchOptions{})
		return err
	}
	denied := func(what, words string, err error) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v; want a denial with %q", what, err, words)
		}
	}
	labels := `{"metadata": {"labels": {"role": "mine"}}}`
	for end := time.Now().Add(20 * time.Second); patch(bound, "node1", labels) == nil && time.Now().Before(end); { // until the server knows the policy
		time.Sleep(100 * time.Millisecond)
		_, _ = c.Client.CoreV1().Nodes().Patch(ctx, "node1", types.StrategicMergePatchType, []byte(`{"metadata": {"labels": {"role": null}}}`), metav1.PatchOptions{})
	}
	denied("its labels", "may change neither labels nor scheduling", patch(bound, "node1", labels))
	denied("cordon", "may change neither labels nor scheduling", patch(bound, "node1", `{"spec": {"unschedulable": true}}`))
	denied("a foreign taint", "may change only its own taint", patch(bound, "node1", `{"spec": {"taints": [{"key": "`+gen.ReadinessTaint+`", "effect": "NoSchedule"}]}}`))
	denied("a token that is no pod's", "only the node that it runs on", nodeTaint(t, c, free, "node1").Open(ctx))

	gate := func(node string) *nvme.NodeTaint { return nodeTaint(t, c, bound, node) }
	denied("another node", "only the node that it runs on", gate("node2").Open(ctx))
	if err := gate("node1").Open(ctx); err != nil {
		t.Errorf("its own taint on its own node: %v", err)
	}
	if got := taints(t, ctx, c, "node1"); slices.Contains(got, gen.ReadinessTaint) || !slices.Contains(got, "gpu") {
		t.Errorf("node1 has the taints %v", got)
	}
	if got := taints(t, ctx, c, "node2"); !slices.Contains(got, gen.ReadinessTaint) {
		t.Errorf("node2 has the taints %v", got)
	}
	if err := gate("node1").Close(ctx); err != nil || !slices.Contains(taints(t, ctx, c, "node1"), gen.ReadinessTaint) {
		t.Errorf("putting the taint on again: %v", err)
	}
}

func token(t *testing.T, ctx context.Context, c *cluster.Cluster, bound *authenticationv1.BoundObjectReference) string {
	t.Helper()
	r, err := c.Client.CoreV1().ServiceAccounts(system).CreateToken(ctx, "nvme-prep", &authenticationv1.TokenRequest{
		Spec: authenticationv1.TokenRequestSpec{BoundObjectRef: bound}}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r.Status.Token
}

func taints(t *testing.T, ctx context.Context, c *cluster.Cluster, name string) []string {
	t.Helper()
	node, err := c.Client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, taint := range node.Spec.Taints {
		out = append(out, taint.Key)
	}
	return out
}

// nodeTaint is the preparer's client as it is in a pod.
func nodeTaint(t *testing.T, c *cluster.Cluster, token, node string) *nvme.NodeTaint {
	t.Helper()
	path := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(path, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	ca := c.Config.CAData
	if len(ca) == 0 {
		data, err := os.ReadFile(c.Config.CAFile)
		if err != nil {
			t.Fatal(err)
		}
		ca = data
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &nvme.NodeTaint{Server: c.Config.Host, TokenFile: path, Node: node, Key: gen.ReadinessTaint,
		Client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}}
}
