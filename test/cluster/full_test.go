package cluster_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/fusiongen/fusiongen/test/cluster"
)

// A full cluster runs a pod, survives the death of its kubelet, and leaves nothing behind: no process, mount, cgroup,
// interface or rule.
func TestFull(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	before := machine(t)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	c, err := cluster.Start(ctx, cluster.Options{Dir: dir, Root: root, Full: true})
	stopped := false
	defer func() {
		if !stopped {
			c.Stop()
		}
	}()
	if err != nil {
		t.Fatal(err)
	}
	files, err := cluster.Busybox()
	if err != nil {
		t.Fatal(err)
	}
	img, err := cluster.Image("docker.io/local/busybox:1", v1.Config{}, files...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Import(ctx, img); err != nil {
		t.Fatal(err)
	}
	run := func(name string) {
		t.Helper()
		if _, _, err := c.Kubectl(ctx, "", "run", name, "--image=docker.io/local/busybox:1", "--restart=Never", "--", "bash", "-c", "echo from $(hostname)"); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Kubectl(ctx, "", "wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/"+name, "--timeout=60s"); err != nil {
			out, _, _ := c.Kubectl(ctx, "", "describe", "pod", name)
			t.Fatal(err, out)
		}
		out, _, err := c.Kubectl(ctx, "", "logs", name)
		if err != nil || out != "from "+name+"\n" {
			t.Fatalf("the pod says %q, %v", out, err)
		}
	}
	run("one")
	if err := c.Restart(ctx, "kubelet", 100*time.Millisecond); err != nil {
		t.Fatal(err)
	}
	run("two")
	c.Stop()
	stopped = true
	if after := machine(t); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
	out, _ := exec.Command("pgrep", "-fa", dir).Output()
	if len(out) > 0 {
		t.Errorf("processes are left:\n%s", out)
	}
}

// machine is what a cluster changes on it.
func machine(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, "kubelet") || strings.Contains(line, "containerd") || strings.Contains(line, "netns") {
			out.WriteString(line)
		}
	}
	for _, dir := range []string{"/sys/class/net", "/sys/fs/cgroup/pids", "/sys/fs/cgroup/memory", "/var/lib/kubelet"} {
		entries, _ := os.ReadDir(dir)
		out.WriteString(dir + ":")
		for _, e := range entries {
			out.WriteString(" " + e.Name())
		}
		out.WriteString("\n")
	}
	rules, err := exec.Command("iptables-save").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(rules)) {
		if strings.HasPrefix(line, "-A") {
			out.WriteString(line)
		}
	}
	return out.String()
}
