package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Cell is one way to set a workspace up.
type Cell struct {
	Security string // unprivileged, privileged, or custom: unprivileged with a resource name of one's own
	Compute  string // Job, Pod
	Inject   string // csi, policy, init, host, baked
	Scratch  string // emptyDir, csi

	Restricted    bool // Pod Security restricted
	HeadInCluster bool
	Identity      bool // pods have roles and no key
}

// Name is short enough for a namespace.
func (c Cell) Name() string {
	name := strings.ToLower(strings.Join([]string{c.Security, c.Compute, c.Inject, c.Scratch}, "-"))
	if c.Restricted {
		name += "-restricted"
	}
	if c.HeadInCluster {
		name += "-head"
	}
	if c.Identity {
		name += "-identity"
	}
	return name
}

// Workspace is a tree on the cluster, and the directory that its head runs in.
type Workspace struct {
	World   *World
	Cell    Cell
	Name    string // namespace
	Dir     string // the tree
	Bucket  string
	Env     []string // of the head, beside what it needs
	WorkDir string   // given to the head by -w; empty: the configuration says it
}

// Open builds the cell's tree from a spec and applies it, as the tree's README says. The node's daemons are ready when it returns.
func (w *World) Open(ctx context.Context, c Cell) (*Workspace, error) {
	ws, err := w.Build(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, bucket := range []string{ws.Bucket, "results-" + c.Name()} {
		if err := w.Store.Bucket(ctx, bucket); err != nil {
			return nil, err
		}
	}
	return ws, ws.Apply(ctx)
}

// Apply puts the tree on the cluster, and the head's credentials beside it.
func (ws *Workspace) Apply(ctx context.Context) error {
	if _, _, err := ws.World.Cluster.Kubectl(ctx, "", "apply", "-k", ws.Dir); err != nil {
		return err
	}
	return errors.Join(ws.ready(ctx), ws.credentials(ctx))
}

// ready waits until every daemon of the node runs and an unprivileged cell's device is there.
func (ws *Workspace) ready(ctx context.Context) error {
	k := ws.World.Cluster.Kubectl
	sets, _, err := k(ctx, "", "-n", "fusiongen-system", "get", "daemonsets", "-o", "name")
	if err != nil {
		return err
	}
	for set := range strings.FieldsSeq(sets) {
		if _, _, err := k(ctx, "", "-n", "fusiongen-system", "rollout", "status", set, "--timeout=90s"); err != nil {
			pods, _, _ := k(ctx, "", "-n", "fusiongen-system", "describe", "pods")
			return fmt.Errorf("%w\n%s", err, pods)
		}
	}
	resource := map[string]string{"unprivileged": "nextflow.io/fuse", "custom": "example.com/fuse"}[ws.Cell.Security]
	if resource == "" {
		return nil
	}
	return eventually(ctx, time.Minute, func() error {
		out, _, err := k(ctx, "", "get", "nodes", "-o", "jsonpath={.items[0].status.allocatable."+strings.ReplaceAll(resource, ".", `\.`)+"}")
		if err == nil && (out == "" || out == "0") {
			err = fmt.Errorf("the node offers no %s", resource)
		}
		return err
	})
}

// credentials makes the two files that a head on a workstation reads, as the tree's README says.
func (ws *Workspace) credentials(ctx context.Context) error {
	token, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "create", "token", ws.Name+"-head", "--duration=2h")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(ws.Dir, ws.Name+".token"), []byte(strings.TrimSpace(token)), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(ws.Dir, ws.Name+".crt"), ws.World.Cluster.CA(), 0o644)
}

// Close takes the workspace off the cluster, in the order of the tree's README: the node's service must be there until the last
// pod has given its volumes back.
func (ws *Workspace) Close(ctx context.Context) error {
	k := ws.World.Cluster.Kubectl
	if _, _, err := k(ctx, "", "delete", "namespace", ws.Name, "--wait", "--timeout=90s"); err != nil {
		return err
	}
	_, _, err := k(ctx, "", "delete", "-k", ws.Dir, "--ignore-not-found", "--wait", "--timeout=90s")
	return err
}

// run executes a program and returns its standard output; the error quotes both streams.
func (ws *Workspace) run(ctx context.Context, dir string, env []string, command ...string) (string, error) {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	var out, errs bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, append(os.Environ(), env...), &out, &errs
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s: %w\n%s%s", strings.Join(command, " "), err, out.String(), errs.String())
	}
	return out.String(), nil
}
