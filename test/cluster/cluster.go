// Package cluster runs a real Kubernetes on this machine for tests: etcd, the API server and the controller manager
// (light), and on request a scheduler, containerd, kubelet and kube-proxy too (full; needs root). No docker, no systemd.
//
// Everything a cluster writes lies below one directory; its servers are known by pid files, so that Stop works from
// another process and after a crash. Listeners are on loopback, or on the pod bridge of a full cluster.
package cluster

import (
	"cmp"
	"context"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/fusiongen/fusiongen/test/server"
)

// Options choose a cluster.
type Options struct {
	Dir      string   // absolute; holds the cluster's state
	Root     string   // the project's root, where test/tool lies
	APIFlags []string // further flags of the API server
	Issuer   string   // of service account tokens; by default the API server's own URL
	Full     bool     // with a scheduler and this machine as the node
}

// Cluster is a running control plane.
type Cluster struct {
	Dir        string
	Kubeconfig string // path; user admin in system:masters
	Config     *rest.Config
	Client     *kubernetes.Clientset
	Server     string // URL of the API server, as pods of a full cluster can reach it

	full bool
	tool func(string) (string, error)
}

// serviceRange is the cluster's Service addresses; .1 is the API server's own.
const serviceRange = "10.96.0"

// Start brings up etcd, the API server and the controller manager, and with Options.Full a node; it returns when the
// default service account is there and the node is ready. Stop it even when Start failed.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	c := &Cluster{Dir: o.Dir, Kubeconfig: filepath.Join(o.Dir, "admin.kubeconfig"), full: o.Full, tool: toolIn(o.Root)}
	if o.Full {
		if err := c.preflight(); err != nil {
			return nil, err
		}
	}
	if err := os.MkdirAll(filepath.Join(o.Dir, "run"), 0o700); err != nil {
		return nil, err
	}
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	endpoint := "127.0.0.1"
	if o.Full {
		endpoint = Node
		if err := c.network().up(); err != nil {
			return c, err
		}
	}
	c.Server = fmt.Sprintf("https://%s:%d", endpoint, ports[2])
	if err := c.certificates(endpoint, ports[2]); err != nil {
		return c, err
	}
	if err := c.startEtcd(ctx, ports[0], ports[1]); err != nil {
		return c, err
	}
	if err := c.startAPI(ctx, ports[0], ports[2], endpoint, o.Issuer, o.APIFlags); err != nil {
		return c, err
	}
	if err := c.startControllers(ctx); err != nil || !o.Full {
		return c, err
	}
	return c, c.startNode(ctx)
}

// Attach is the cluster that another process started in dir, for Stop and Kubectl.
func Attach(dir, root string) *Cluster {
	_, err := os.Stat(filepath.Join(dir, "kubelet.yaml"))
	return &Cluster{Dir: dir, Kubeconfig: filepath.Join(dir, "admin.kubeconfig"), full: err == nil, tool: toolIn(root)}
}

// Stop ends every server of the cluster; etcd last, because an API server without etcd ignores SIGTERM for a minute.
func (c *Cluster) Stop() {
	if c == nil {
		return // refused before anything was started
	}
	if c.full {
		c.stopNode()
	}
	for _, name := range []string{"kube-controller-manager", "kube-apiserver", "etcd"} {
		c.process(name).Stop()
	}
}

func (c *Cluster) process(name string) server.Process {
	return server.Process{Name: name, Dir: filepath.Join(c.Dir, "run")}
}

func (c *Cluster) certificates(host string, port int) error {
	a, err := newAuthority(filepath.Join(c.Dir, "pki"))
	if err != nil {
		return err
	}
	hosts := []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "127.0.0.1", serviceRange + ".1", host}
	if err := a.issue("apiserver", "kube-apiserver", nil, hosts...); err != nil {
		return err
	}
	users := []struct{ name, user, group string }{{"admin", "admin", "system:masters"},
		{"kube-controller-manager", "system:kube-controller-manager", ""}, {"kube-scheduler", "system:kube-scheduler", ""},
		{"kube-proxy", "system:kube-proxy", ""}, {"kubelet", "system:node:" + nodeName, "system:nodes"}}
	for _, u := range users {
		name, groups := u.name, []string(nil)
		if u.group != "" {
			groups = []string{u.group}
		}
		if err := a.issue(name, u.user, groups, name, nodeName, host); err != nil {
			return err
		}
		if err := c.writeKubeconfig(name, fmt.Sprintf("https://%s:%d", host, port)); err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) writeKubeconfig(user, server string) error {
	b64 := func(name string) string {
		data, _ := os.ReadFile(filepath.Join(c.Dir, "pki", name)) // written just before
		return base64.StdEncoding.EncodeToString(data)
	}
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: test,
 contexts: [{name: test, context: {cluster: test, user: %[1]s}}],
 clusters: [{name: test, cluster: {server: %[2]q, certificate-authority-data: %[3]s}}],
 users: [{name: %[1]s, user: {client-certificate-data: %[4]s, client-key-data: %[5]s}}]}
`, user, server, b64("ca.crt"), b64(user+".crt"), b64(user+".key"))
	return os.WriteFile(filepath.Join(c.Dir, user+".kubeconfig"), []byte(text), 0o600)
}

func (c *Cluster) startEtcd(ctx context.Context, client, peer int) error {
	bin, err := c.tool("etcd")
	if err != nil {
		return err
	}
	url, peerURL := fmt.Sprintf("http://127.0.0.1:%d", client), fmt.Sprintf("http://127.0.0.1:%d", peer)
	return c.process("etcd").Start(nil, bin, "--unsafe-no-fsync", "--data-dir="+filepath.Join(c.Dir, "etcd"),
		"--listen-client-urls="+url, "--advertise-client-urls="+url, "--listen-peer-urls="+peerURL,
		"--initial-advertise-peer-urls="+peerURL, "--initial-cluster=default="+peerURL)
}

func (c *Cluster) startAPI(ctx context.Context, etcd, port int, host, issuer string, flags []string) error {
	bin, err := c.tool("kube-apiserver")
	if err != nil {
		return err
	}
	pki, self := filepath.Join(c.Dir, "pki"), fmt.Sprintf("https://%s:%d", host, port)
	args := []string{bin, fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", etcd), "--bind-address=" + host,
		"--advertise-address=" + host, fmt.Sprintf("--secure-port=%d", port),
		"--service-cluster-ip-range=" + serviceRange + ".0/24", "--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction", "--allow-privileged=true",
		"--client-ca-file=" + pki + "/ca.crt", "--tls-cert-file=" + pki + "/apiserver.crt", "--tls-private-key-file=" + pki + "/apiserver.key",
		"--service-account-issuer=" + cmp.Or(issuer, self), "--service-account-jwks-uri=" + self + "/openid/v1/jwks",
		"--api-audiences=" + self + ",https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + pki + "/sa.key", "--service-account-key-file=" + pki + "/sa.key"}
	if c.full {
		args = append(args, "--kubelet-client-certificate="+pki+"/admin.crt", "--kubelet-client-key="+pki+"/admin.key",
			"--kubelet-preferred-address-types=InternalIP")
	} else {
		args = append(args, "--endpoint-reconciler-type=none") // loopback is no endpoint of a Service
	}
	api := c.process("kube-apiserver")
	if err := api.Start(nil, append(args, flags...)...); err != nil {
		return err
	}
	if c.Config, err = clientcmd.BuildConfigFromFlags("", c.Kubeconfig); err != nil {
		return err
	}
	c.Config.QPS, c.Config.Burst = 500, 1000
	if c.Client, err = kubernetes.NewForConfig(c.Config); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	return api.Await(ctx, func(ctx context.Context) error {
		_, err := c.Client.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx)
		return err
	})
}

func (c *Cluster) startControllers(ctx context.Context) error {
	bin, err := c.tool("kube-controller-manager")
	if err != nil {
		return err
	}
	pki, kcm := filepath.Join(c.Dir, "pki"), c.process("kube-controller-manager")
	// With the default of 20 queries a second the first service account takes four seconds longer.
	if err := kcm.Start(nil, bin, "--kubeconfig="+filepath.Join(c.Dir, "kube-controller-manager.kubeconfig"),
		"--service-account-private-key-file="+pki+"/sa.key", "--root-ca-file="+pki+"/ca.crt",
		"--cluster-signing-cert-file="+pki+"/ca.crt", "--cluster-signing-key-file="+pki+"/ca.key",
		"--use-service-account-credentials", "--kube-api-qps=500", "--kube-api-burst=500",
		"--leader-elect=false", "--secure-port=0"); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	return kcm.Await(ctx, func(ctx context.Context) error {
		_, err := c.Client.CoreV1().ServiceAccounts("default").Get(ctx, "default", metav1.GetOptions{})
		return err
	})
}

// CA is the certificate of the cluster's authority, PEM.
func (c *Cluster) CA() []byte {
	data, _ := os.ReadFile(filepath.Join(c.Dir, "pki", "ca.crt")) // written by Start
	return data
}

// Kubectl runs the pinned kubectl against the cluster and returns its standard output; the error quotes stderr.
func (c *Cluster) Kubectl(ctx context.Context, stdin string, args ...string) (stdout, stderr string, err error) {
	bin, err := c.tool("kubectl")
	if err != nil {
		return "", "", err
	}
	cmd := exec.CommandContext(ctx, bin, append([]string{"--kubeconfig=" + c.Kubeconfig}, args...)...)
	var out, errs strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), errs.String(), fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return out.String(), errs.String(), nil
}

// toolIn finds binaries by the project's test/tool, which builds them when they are missing.
func toolIn(root string) func(string) (string, error) {
	return func(name string) (string, error) {
		cmd := exec.Command(filepath.Join(root, "test", "tool"), name)
		var errs strings.Builder
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("test/tool %s: %w: %s", name, err, errs.String())
		}
		return strings.TrimSpace(string(out)), nil
	}
}

// freePorts asks the kernel for loopback ports; they are free until somebody else is given them.
func freePorts(n int) ([]int, error) {
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}
