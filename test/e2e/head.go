package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Run is a pipeline that ran, or runs.
type Run struct {
	Workspace *Workspace
	Pipeline  string // a folder of test/pipelines
	Output    string // what the head printed
	Code      int    // exit status of the head
	Log       string // .nextflow.log

	cmd    *exec.Cmd
	output bytes.Buffer
}

// Task settings that a test adds to the generated configuration: the image, and, where pods have no roles, what Nextflow's own S3
// plugin, which cannot be had here, would put into the pod's environment.
const (
	taskConfig = `executor.pollInterval = '1 sec'
process.container = '%s'
`
	taskKeys = `process {
    pod = [
        [env: 'AWS_ACCESS_KEY_ID', value: '%s'],
        [env: 'AWS_SECRET_ACCESS_KEY', value: '%s'],
        [env: 'AWS_S3_ENDPOINT', value: '%s'],
        [env: 'FUSION_AWS_REGION', value: '%s'],
    ]
}
`
)

// Start launches the head of a pipeline in the tree's directory, as the tree's README says: FUSION_ENABLED=true nextflow run PIPELINE -w s3://…
func (ws *Workspace) Start(ctx context.Context, pipeline string, args ...string) (*Run, error) {
	r := &Run{Workspace: ws, Pipeline: pipeline}
	if err := os.RemoveAll(filepath.Join(ws.Dir, ".nextflow.log")); err != nil { // an earlier run's is not this one's
		return nil, err
	}
	extra, err := ws.TaskConfig()
	if err != nil {
		return nil, err
	}
	command := []string{"--s3", "-c", extra, "run", "-ansi-log", "false"}
	if ws.WorkDir != "" {
		command = append(command, "-w", ws.WorkDir)
	}
	command = append(append(command, filepath.Join(ws.World.Root, "test", "pipelines", pipeline, "main.nf")), args...)
	r.cmd = exec.CommandContext(ctx, filepath.Join(ws.World.Root, "test", "nextflow", "run"), command...)
	r.cmd.Dir, r.cmd.Stdout, r.cmd.Stderr = ws.Dir, &r.output, &r.output
	r.cmd.Env = append(os.Environ(), ws.Environment()...)
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	r.cmd.Cancel = func() error { return syscall.Kill(-r.cmd.Process.Pid, syscall.SIGTERM) }
	r.cmd.WaitDelay = 20 * time.Second
	return r, r.cmd.Start()
}

// Print is the configuration as Nextflow prints it.
func (ws *Workspace) Print(ctx context.Context) (string, error) {
	return ws.run(ctx, ws.Dir, nil, filepath.Join(ws.World.Root, "test", "nextflow", "run"), "config")
}

// TaskConfig writes the test's additions beside the tree and returns their path.
func (ws *Workspace) TaskConfig() (string, error) {
	image := taskImage
	switch {
	case ws.Cell.Inject == "baked":
		image = bakedImage
	case ws.Cell.Restricted:
		image = userImage
	}
	path := ws.Dir + ".config"
	text := fmt.Appendf(nil, taskConfig, image)
	if !ws.Cell.Identity {
		text = fmt.Appendf(text, taskKeys, accessKey, secretKey, ws.World.Store.Endpoint, region)
	}
	return path, os.WriteFile(path, text, 0o644)
}

// Environment is what the head gets: open mode, and the S3 server with its credentials where its pod has no role.
func (ws *Workspace) Environment() []string {
	if ws.Cell.Identity {
		return append([]string{"FUSION_ENABLED=true", "AWS_REGION=" + region}, ws.Env...)
	}
	return append([]string{"FUSION_ENABLED=true", "AWS_ENDPOINT_URL_S3=" + ws.World.Store.Endpoint, "AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey}, ws.Env...)
}

// Commands are three things for a person to try.
func (ws *Workspace) Commands() (string, error) {
	extra, err := ws.TaskConfig()
	if err != nil {
		return "", err
	}
	root := ws.World.Root
	return fmt.Sprintf("  cd %s && %s %s/test/nextflow/run --s3 -c %s run -ansi-log false -w s3://%s/work %s/test/pipelines/smoke/main.nf --out s3://results-%s/smoke\n"+
		"  kubectl --kubeconfig=%s -n %s get pods,jobs -w\n"+
		"  find %s -name joined.txt\n",
		ws.Dir, strings.Join(ws.Environment(), " "), root, extra, ws.Bucket, root, ws.Name, ws.World.Cluster.Kubeconfig, ws.Name,
		filepath.Join(ws.World.Dir, "s3", "data")), nil
}

// Wait waits for the head.
func (r *Run) Wait() *Run {
	r.cmd.Wait()
	r.Code = r.cmd.ProcessState.ExitCode()
	r.Output = r.output.String()
	r.Log = r.LogSoFar()
	return r
}

// LogSoFar is the log of a head that still runs.
func (r *Run) LogSoFar() string {
	log, _ := os.ReadFile(filepath.Join(r.Workspace.Dir, ".nextflow.log"))
	return string(log)
}

// Kill ends the head as a crash would.
func (r *Run) Kill() { syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL) }

// Nextflow runs a pipeline to its end.
func (ws *Workspace) Nextflow(ctx context.Context, pipeline string, args ...string) (*Run, error) {
	r, err := ws.Start(ctx, pipeline, args...)
	if err != nil {
		return nil, err
	}
	return r.Wait(), nil
}

// Explain is what a person would look at when a run failed.
func (r *Run) Explain(ctx context.Context) string {
	k := r.Workspace.World.Cluster.Kubectl
	pods, _, _ := k(ctx, "", "-n", r.Workspace.Name, "get", "pods,jobs", "-o", "wide")
	events, _, _ := k(ctx, "", "-n", r.Workspace.Name, "get", "events")
	logs := r.Workspace.Logs(ctx, 40)
	lines := strings.Split(r.Log, "\n")
	return fmt.Sprintf("exit %d\n%s\n%s\n%s\n%s\n--- end of the log\n%s", r.Code, r.Output, pods, events, logs, strings.Join(lines[max(0, len(lines)-40):], "\n"))
}
