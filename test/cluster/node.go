package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fusiongen/fusiongen/test/server"
)

// The one node of a full cluster. Its address, Node, is that of the pod bridge: kubelet refuses loopback, and the machine's
// uplink is none of a test's business.
const (
	Node = "10.244.0.1" // what pods reach this machine by

	nodeName = "node1"
	pods     = "10.244.0.0/24"
	bridge   = "fusiongen0"
)

// kubeletDir stays the kubelet's own: drivers and plugins name it.
const kubeletDir = "/var/lib/kubelet"

// shared are the folders whose mounts node and containers see of each other. Where systemd runs, all of / is.
var shared = []string{kubeletDir, "/var/lib/fusion"}

// cniDir is where Debian's containernetworking-plugins lie.
const cniDir = "/usr/lib/cni"

// preflight says in one sentence what a node needs and this machine lacks.
func (c *Cluster) preflight() error {
	if os.Geteuid() != 0 {
		return errors.New("a full cluster needs root: it makes namespaces, mounts and cgroups")
	}
	if _, err := os.Stat("/dev/fuse"); err != nil {
		return errors.New("there is no /dev/fuse on this machine; load the fuse module")
	}
	for program, pkg := range map[string]string{"ip": "iproute2", "iptables": "iptables", "conntrack": "conntrack", "mount": "mount"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing; install the Debian package %s", program, pkg)
		}
	}
	if _, err := os.Stat(filepath.Join(cniDir, "bridge")); err != nil {
		return fmt.Errorf("the CNI plugins are not in %s; install the Debian package containernetworking-plugins", cniDir)
	}
	if entries, err := os.ReadDir(filepath.Join(kubeletDir, "pods")); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s/pods holds %d pods of another cluster; end that one first (make e2e-down)", kubeletDir, len(entries))
	}
	return nil
}

// startNode makes this machine the node: scheduler, containerd, kubelet, kube-proxy.
func (c *Cluster) startNode(ctx context.Context) error {
	// Drivers share mounts with the node from below this folder, and tasks that are not root open the device.
	for _, dir := range shared {
		if err := shareMount(dir); err != nil {
			return err
		}
	}
	if err := os.Chmod("/dev/fuse", 0o666); err != nil { // udev's mode elsewhere
		return err
	}
	kubeconfig := func(user string) string { return "--kubeconfig=" + filepath.Join(c.Dir, user+".kubeconfig") }
	if err := c.startContainerd(ctx); err != nil {
		return err
	}
	ports, err := freePorts(2)
	if err != nil {
		return err
	}
	health := fmt.Sprintf("127.0.0.1:%d", ports[0])
	steps := [][]string{
		{"kube-scheduler", kubeconfig("kube-scheduler"), "--leader-elect=false", "--secure-port=0"},
		{"kubelet", kubeconfig("kubelet"), "--config=" + filepath.Join(c.Dir, "kubelet.yaml"), "--hostname-override=" + nodeName,
			"--node-ip=" + Node, "--cert-dir=" + filepath.Join(c.Dir, "pki", "kubelet")},
		{"kube-proxy", kubeconfig("kube-proxy"), "--hostname-override=" + nodeName, "--cluster-cidr=" + pods, "--masquerade-all",
			"--oom-score-adj=0", "--healthz-bind-address=" + health, fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", ports[1])},
	}
	if err := os.WriteFile(filepath.Join(c.Dir, "kubelet.yaml"), fmt.Appendf(nil, kubeletConfig, c.Dir, Node), 0o600); err != nil {
		return err
	}
	for _, s := range steps {
		bin, err := c.tool(s[0])
		if err != nil {
			return err
		}
		if err := c.process(s[0]).Start(nil, append([]string{bin}, s[1:]...)...); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := c.process("kube-proxy").Await(ctx, func(ctx context.Context) error { return server.Answers(ctx, "http://"+health+"/healthz") }); err != nil {
		return err
	}
	return c.process("kubelet").Await(ctx, func(ctx context.Context) error {
		node, err := c.Client.CoreV1().Nodes().Get(ctx, nodeName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		for _, condition := range node.Status.Conditions {
			if condition.Type == corev1.NodeReady && condition.Status == corev1.ConditionTrue {
				return nil
			}
		}
		return errors.New("the node is not Ready")
	})
}

// Restart ends a server by force and starts it again with the command that it had; the node's parts only.
func (c *Cluster) Restart(ctx context.Context, name string, pause time.Duration) error {
	p := c.process(name)
	command, err := p.Command()
	if err != nil {
		return err
	}
	p.Kill()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(pause):
	}
	return p.Start(nil, command...)
}

// stopNode ends the node's servers and pods and undoes mounts, cgroups and network.
func (c *Cluster) stopNode() {
	c.process("kubelet").Stop()
	c.process("kube-proxy").Stop()
	c.stopContainers()
	for _, name := range []string{"containerd", "kube-scheduler"} {
		c.process(name).Stop()
	}
	c.killLeft()
	unmountBelow(c.Dir)
	for _, dir := range shared {
		unmountBelow(dir)
		emptyDir(dir)
	}
	removeCgroups()
	c.network().down()
}

// emptyDir removes what a kubelet left, but never crosses into a mount that would not go.
func emptyDir(dir string) {
	if mounted(dir) {
		return
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		os.RemoveAll(filepath.Join(dir, e.Name()))
	}
}

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %[1]s/pki/ca.crt}}
authorization: {mode: Webhook}
address: %[2]s
healthzPort: 0
containerRuntimeEndpoint: unix://%[1]s/containerd/c.sock
cgroupDriver: cgroupfs
failCgroupV1: false                       # cgroup v1 machines are refused otherwise
failSwapOn: false
enforceNodeAllocatable: []
makeIPTablesUtilChains: false
imageGCHighThresholdPercent: 100          # nothing could pull an imported image again
imagePullCredentialsVerificationPolicy: NeverVerify
featureGates: {KubeletEnsureSecretPulledImages: true}   # what 1.34 wants for the line above, and newer ones have on
evictionHard: {memory.available: 100Mi, nodefs.available: 1%%, imagefs.available: 1%%}
`

// removeCgroups removes the pods' cgroups, which only directories without processes allow.
func removeCgroups() {
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), "kubepods") {
			removeTree(path)
			return filepath.SkipDir
		}
		return nil
	})
}

// removeTree removes empty directories from the deepest up; files of a cgroup go with it.
func removeTree(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if e.IsDir() {
			removeTree(filepath.Join(dir, e.Name()))
		}
	}
	os.Remove(dir)
}
