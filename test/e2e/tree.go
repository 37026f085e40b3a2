package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Dry is a world without a cluster, for trees that are only built and linted.
func Dry(ctx context.Context, root, dir string, ca []byte) (*World, error) {
	w := &World{Root: root, Dir: dir, Server: "https://10.0.0.1:443", CA: ca, Kubernetes: newest,
		Image: "ghcr.io/fusiongen/fusion@sha256:" + strings.Repeat("0123456789abcdef", 4)}
	return w, w.programs(ctx, "fusiongen")
}

// Build writes the cell's tree from a spec.
func (w *World) Build(ctx context.Context, c Cell) (*Workspace, error) {
	ws := &Workspace{World: w, Cell: c, Name: c.Name(), Dir: filepath.Join(w.Dir, c.Name()), Bucket: "work-" + c.Name()}
	ws.WorkDir = "s3://" + ws.Bucket + "/work"
	spec := filepath.Join(w.Dir, c.Name()+".cue")
	if err := os.WriteFile(spec, []byte(ws.spec()), 0o644); err != nil {
		return nil, err
	}
	out, err := ws.run(ctx, w.Dir, nil, w.fusiongen(), "build", "-o", ws.Dir, spec)
	if err != nil {
		return nil, err
	}
	if got := strings.TrimSpace(out); got != ws.Dir {
		return nil, fmt.Errorf("build printed %q, want the directory alone", got)
	}
	return ws, nil
}

// spec is what a person would write for this cell.
func (ws *Workspace) spec() string {
	c, w := ws.Cell, ws.World
	var out strings.Builder
	fmt.Fprintf(&out, "name: %q\n", ws.Name)
	outside := fmt.Sprintf(", endpoint: %q, ca: %q", w.Server, base64.StdEncoding.EncodeToString(w.CA))
	head := "head: \"workstation\""
	if c.HeadInCluster {
		outside, head = "", fmt.Sprintf("head: \"cluster\", image: %q", HeadImage)
	}
	fmt.Fprintf(&out, "cluster: {name: \"test\", account: \"123456789012\", region: %q, oidc: \"EXAMPLED539D4633E53DE1B71EXAMPLE\", version: %q%s}\n",
		region, w.Kubernetes, outside)
	fmt.Fprintf(&out, "storage: {work: \"s3://%s/work\", publish: [\"s3://results-%s\"]}\n", ws.Bucket, ws.Name)
	fmt.Fprintf(&out, "nextflow: {version: \"24.10.0\", compute: %q, %s}\n", c.Compute, head)
	fmt.Fprintf(&out, "runtime: {privileged: %t, inject: %q, image: %q}\n", c.Security == "privileged", c.Inject, w.Tagged())
	if c.Security == "custom" {
		fmt.Fprintln(&out, "fuse: resource: \"example.com/fuse\"")
	}
	fmt.Fprintf(&out, "scratch: volume: %q\n", c.Scratch)
	if c.Restricted {
		fmt.Fprintln(&out, "podSecurity: \"restricted\"")
	}
	return out.String()
}

// Tagged is the runtime image by tag and digest.
func (w *World) Tagged() string { return strings.Replace(w.Image, "@", ":e2e@", 1) }

// Copy is the tree in another directory, to be changed there: without the sums that say what fusiongen wrote, and with a log
// and credentials of its own.
func (ws *Workspace) Copy(dir string) (*Workspace, error) {
	copied := *ws
	copied.Dir = dir
	if err := os.CopyFS(dir, os.DirFS(ws.Dir)); err != nil {
		return nil, err
	}
	return &copied, os.Remove(filepath.Join(dir, ".fusiongen.sum"))
}

// Lint is what the linter finds in the tree: the rules' names, errors and warnings.
func (ws *Workspace) Lint(ctx context.Context) ([]string, error) {
	found, err := ws.World.Lint(ctx, "warning", ws.Dir)
	return found[ws.Dir], err
}

// Lint is what the linter finds in each of several trees, from a severity on.
func (w *World) Lint(ctx context.Context, severity string, dirs ...string) (map[string][]string, error) {
	command := append([]string{w.fusiongen(), "lint", "--format", "json", "--min-severity", severity}, dirs...)
	out, runErr := (&Workspace{}).run(ctx, w.Dir, nil, command...) // it fails when something is found
	var report struct {
		Findings []struct{ ID, File string }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		return nil, errors.Join(err, runErr)
	}
	found := map[string][]string{}
	for _, f := range report.Findings {
		for _, dir := range dirs {
			if path := filepath.Join(w.Dir, f.File); f.File == dir || strings.HasPrefix(f.File, dir+"/") || strings.HasPrefix(path, dir+"/") {
				found[dir] = append(found[dir], f.ID)
			}
		}
	}
	return found, nil
}
