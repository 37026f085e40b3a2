package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/test/cluster"
)

// taskLabel is on every pod that Nextflow makes.
const taskLabel = "nextflow.io/app=nextflow"

// RunningTasks waits until a task's container runs and returns the pods of all that do, "pod/NAME".
func (ws *Workspace) RunningTasks(ctx context.Context) (pods []string, err error) {
	err = eventually(ctx, 2*time.Minute, func() error {
		out, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", "pods", "-l", taskLabel, "--field-selector=status.phase=Running", "-o", "name")
		if pods = strings.Fields(out); err == nil && len(pods) == 0 {
			err = errors.New("no task runs")
		}
		return err
	})
	return pods, err
}

// AwaitUpload waits until the multipart upload of a task's output is on its way.
func (ws *Workspace) AwaitUpload(ctx context.Context) error {
	return eventually(ctx, time.Minute, func() error {
		n, err := ws.World.Store.Uploads(ctx, ws.Bucket)
		if err == nil && n == 0 {
			err = errors.New("no multipart upload has begun")
		}
		return err
	})
}

// Logs are the last lines that the tasks' pods which are still there have printed, of each so many; -1 for all.
func (ws *Workspace) Logs(ctx context.Context, lines int) string {
	out, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "logs", "-l", taskLabel, fmt.Sprintf("--tail=%d", lines), "--prefix")
	if err != nil {
		return err.Error() // a container that never started has none
	}
	return out
}

// Clean waits until the node has nothing left of the workspace's tasks, which are over: no pod, no process of the runtime, no
// volume of the node's service. Its error says what stays.
func (ws *Workspace) Clean(ctx context.Context) error {
	return eventually(ctx, 2*time.Minute, func() error {
		pods, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", "pods", "-l", taskLabel, "-o", "name")
		if err != nil {
			return err
		}
		return errors.Join(left("pods", strings.Fields(pods)), left("mounts", volumeMounts()), left("scratch volumes", scratchVolumes()),
			left("processes", taskProcesses()))
	})
}

func left(what string, names []string) error {
	if len(names) == 0 {
		return nil
	}
	return fmt.Errorf("%s are left on the node: %s", what, strings.Join(names, ", "))
}

// volumeMounts are the mounts of CSI volumes; the daemons have none.
func volumeMounts() (out []string) {
	for _, m := range cluster.Mounts() {
		if strings.Contains(m, "/volumes/kubernetes.io~csi/") {
			out = append(out, m)
		}
	}
	return out
}

func scratchVolumes() (out []string) {
	entries, _ := os.ReadDir(filepath.Join(string(ScratchDisk), "csi")) // made with the first volume
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// taskProcesses are the launchers and file-system servers in pods: the daemons, the same program, go by other names.
func taskProcesses() (out []string) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		line, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // it may be gone
		group, _ := os.ReadFile(filepath.Join(dir, "cgroup"))
		if words := strings.Split(string(line), "\x00"); words[0] == "/usr/bin/fusion" && strings.Contains(string(group), "kubepods") {
			out = append(out, filepath.Base(dir)+" "+strings.Join(words, " "))
		}
	}
	return out
}
