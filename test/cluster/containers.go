package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// startContainerd writes its configuration and starts it, with runc and the shim on its PATH under their plain names.
func (c *Cluster) startContainerd(ctx context.Context) error {
	bin := filepath.Join(c.Dir, "bin")
	if err := os.MkdirAll(bin, 0o700); err != nil {
		return err
	}
	for _, name := range []string{"runc", "containerd-shim-runc-v2"} {
		path, err := c.tool(name)
		if err != nil {
			return err
		}
		if err := os.Symlink(path, filepath.Join(bin, name)); err != nil && !os.IsExist(err) {
			return err
		}
	}
	dir := filepath.Join(c.Dir, "containerd")
	cni := filepath.Join(dir, "cni")
	if err := os.MkdirAll(cni, 0o700); err != nil {
		return err
	}
	files := map[string]string{
		filepath.Join(cni, "10-test.conflist"): fmt.Sprintf(cniConfig, bridge, filepath.Join(dir, "addresses"), pods),
		filepath.Join(dir, "config.toml"):      fmt.Sprintf(containerdConfig, dir, pauseImage, cniDir),
	}
	for path, text := range files {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	path, err := c.tool("containerd")
	if err != nil {
		return err
	}
	p := c.process("containerd")
	if err := p.Start([]string{"PATH=" + bin + ":" + os.Getenv("PATH")}, path, "-c", filepath.Join(dir, "config.toml")); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := p.Await(ctx, func(ctx context.Context) error { _, err := c.ctr(ctx, nil, "version"); return err }); err != nil {
		return err
	}
	pause, err := PauseImage()
	if err != nil {
		return err
	}
	return c.Import(ctx, pause)
}

// Import loads an OCI archive or a docker archive into the node.
func (c *Cluster) Import(ctx context.Context, archive io.Reader) error {
	_, err := c.ctr(ctx, archive, "images", "import", "-")
	return err
}

// Alias gives an image of the node a further name, such as a reference by digest, which an import does not make.
func (c *Cluster) Alias(ctx context.Context, from, to string) error {
	_, err := c.ctr(ctx, nil, "images", "tag", "--force", from, to)
	return err
}

// ctr runs containerd's client in the kubelet's namespace.
func (c *Cluster) ctr(ctx context.Context, stdin io.Reader, args ...string) (string, error) {
	path, err := c.tool("ctr")
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, path, append([]string{"-a", filepath.Join(c.Dir, "containerd", "c.sock"), "-n", "k8s.io"}, args...)...)
	cmd.Env = append(os.Environ(), "CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1")
	var errs strings.Builder
	cmd.Stdin, cmd.Stderr = stdin, &errs
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("ctr %s: %w: %s", strings.Join(args, " "), err, errs.String())
	}
	return string(out), nil
}

// stopContainers ends every pod's processes and their shims.
func (c *Cluster) stopContainers() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if c.process("containerd").PID() == 0 {
		return
	}
	for _, what := range []string{"tasks", "containers"} {
		ids, _ := c.ctr(ctx, nil, what, "ls", "-q")
		for id := range strings.FieldsSeq(ids) {
			if what == "tasks" {
				c.ctr(ctx, nil, what, "rm", "-f", id)
			} else {
				c.ctr(ctx, nil, what, "rm", id)
			}
		}
	}
}

// killLeft ends by force what stopContainers could not: pods that a kubelet was just starting, and their shims.
func (c *Cluster) killLeft() {
	_ = filepath.WalkDir("/sys/fs/cgroup", func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Name() == "cgroup.procs" && strings.Contains(path, "kubepods") {
			data, _ := os.ReadFile(path)
			for pid := range strings.FieldsSeq(string(data)) {
				kill(pid)
			}
		}
		return nil
	})
	lines, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, line := range lines {
		data, _ := os.ReadFile(line)
		if strings.Contains(string(data), "containerd-shim") && strings.Contains(string(data), c.Dir) {
			kill(filepath.Base(filepath.Dir(line)))
		}
	}
}

func kill(pid string) {
	if n, err := strconv.Atoi(pid); err == nil {
		syscall.Kill(n, syscall.SIGKILL)
	}
}

const cniConfig = `{"cniVersion": "0.4.0", "name": "test", "plugins": [{"type": "bridge", "bridge": %q, "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": %q, "ranges": [[{"subnet": %q}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
`

const containerdConfig = `version = 3
root = "%[1]s/root"
state = "%[1]s/state"
[grpc]
  address = "%[1]s/c.sock"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = %[2]q
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true            # a machine without CAP_SYS_RESOURCE
  netns_mounts_under_state_dir = true      # all our mounts lie below one folder
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = [%[3]q]
    conf_dir = "%[1]s/cni"
`
