// Package e2e runs real Nextflow pipelines on a real cluster from one spec: the tree that fusiongen builds, the image that
// fuseimage builds, an S3 server, and nothing edited by hand.
package e2e

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/fusiongen/fusiongen/test/cluster"
)

// World is what a run needs: a cluster of one node, an S3 server, images, and our two programs.
type World struct {
	Root    string // the project
	Dir     string // all that the world writes
	Cluster *cluster.Cluster
	Store   *Store
	Image   string // the runtime image by digest, as the node knows it

	Kubernetes string // minor version, "1.36"
	Server     string // URL of the API server, for specs
	CA         []byte // its certificate authority
}

// newest is the minor version that runs when K8S names no other, and that trees without a cluster are for.
const newest = "1.36"

// The images of the tasks; a test's are made from Debian's static bash and busybox.
const (
	taskImage  = "docker.io/local/task:1"  // runs as root
	userImage  = "docker.io/local/user:1"  // runs as uid 1000
	bakedImage = "docker.io/local/baked:1" // holds the runtime and a script
)

// Up starts a world; Down ends it, also one that came up in part.
func Up(ctx context.Context, root, dir string) (*World, error) {
	w := &World{Root: root, Dir: dir, Kubernetes: cmp.Or(os.Getenv("K8S"), newest)}
	if _, err := exec.LookPath("java"); err != nil {
		return nil, errors.New("there is no Java for Nextflow; install the Debian package default-jdk-headless (version 17 to 23)")
	}
	var err error
	if w.Cluster, err = cluster.Start(ctx, cluster.Options{Dir: filepath.Join(dir, "cluster"), Root: root, Full: true,
		Issuer: issuer, APIFlags: auditFlags(dir)}); err != nil {
		return w, err
	}
	w.Server, w.CA = w.Cluster.Server, w.Cluster.CA()
	if w.Store, err = StartStore(ctx, root, filepath.Join(dir, "s3"), cluster.Node); err != nil {
		return w, err
	}
	return w, w.prepare(ctx)
}

// End stops the world that another process brought up in dir.
func End(root, dir string) {
	(&Store{dir: filepath.Join(dir, "s3")}).Stop()
	cluster.Attach(filepath.Join(dir, "cluster"), root).Stop()
}

// Down ends everything that Up started.
func (w *World) Down() {
	if w == nil {
		return
	}
	w.Store.Stop()
	w.Cluster.Stop()
}

// programs builds some of ours.
func (w *World) programs(ctx context.Context, names ...string) error {
	for _, program := range names {
		cmd := exec.CommandContext(ctx, "go", "build", "-o", w.program(program), "./cmd/"+program)
		cmd.Dir, cmd.Env = w.Root, append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", program, err, out)
		}
	}
	return nil
}

func (w *World) program(name string) string { return filepath.Join(w.Dir, "bin", name) }

func (w *World) fusiongen() string { return w.program("fusiongen") }

// prepare builds our programs and loads the images.
func (w *World) prepare(ctx context.Context) error {
	if err := w.programs(ctx, "fusiongen", "fuseimage", "fusion"); err != nil {
		return err
	}
	archive := filepath.Join(w.Dir, "fusion.tar")
	cmd := exec.CommandContext(ctx, w.program("fuseimage"), "build", "-o", filepath.Join(w.Dir, "layout"), "--archive", archive,
		"--version", "e2e", "--platform", "linux/amd64")
	cmd.Dir = w.Root
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("fuseimage build: %w: %s", err, errs.String())
	}
	w.Image = strings.TrimSpace(string(out))
	if err := w.load(ctx, archive); err != nil {
		return err
	}
	name, _, _ := strings.Cut(w.Image, "@")
	if err := w.Cluster.Alias(ctx, name+":e2e", w.Image); err != nil {
		return err
	}
	return w.taskImages(ctx, w.program("fusion"))
}

func (w *World) load(ctx context.Context, archive string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	return w.Cluster.Import(ctx, f)
}

func (w *World) taskImages(ctx context.Context, fusion string) error {
	files, err := cluster.Busybox()
	if err != nil {
		return err
	}
	script := cluster.File{Name: "usr/local/bin/shout", Text: "#!/bin/bash\ntr a-z A-Z\n"}
	baked := append(append([]cluster.File{}, files...), cluster.File{Name: "usr/bin/fusion", From: fusion},
		cluster.File{Name: "usr/local/"}, cluster.File{Name: "usr/local/bin/"}, script)
	for _, img := range []struct {
		name, user string
		files      []cluster.File
	}{{taskImage, "", files}, {userImage, "1000:1000", files}, {bakedImage, "", baked}} {
		archive, err := cluster.Image(img.name, v1.Config{User: img.user}, img.files...)
		if err != nil {
			return err
		}
		if err := w.Cluster.Import(ctx, archive); err != nil {
			return err
		}
	}
	return nil
}

// auditFlags make the API server write down who did what to pods and jobs.
func auditFlags(dir string) []string {
	policy := filepath.Join(dir, "audit-policy.yaml")
	text := `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - level: Metadata
    resources: [{group: "", resources: ["pods", "pods/status", "pods/log"]}, {group: batch, resources: ["jobs", "jobs/status"]}]
  - level: None
`
	os.MkdirAll(dir, 0o755)
	os.WriteFile(policy, []byte(text), 0o600) // the API server says what it cannot read
	return []string{"--audit-policy-file=" + policy, "--audit-log-path=" + filepath.Join(dir, "audit.log")}
}
