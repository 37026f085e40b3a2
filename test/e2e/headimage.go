package e2e

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/fusiongen/fusiongen/test/cluster"
)

// HeadImage is Nextflow with this machine's Java, for a head in the cluster, under the name of Nextflow's own image; the
// pipelines lie in /pipelines.
const HeadImage = "docker.io/nextflow/nextflow:24.10.0"

// LoadHead makes the image of the head and loads it into the node.
func (w *World) LoadHead(ctx context.Context) error {
	cache := os.Getenv("FUSIONGEN_NEXTFLOW")
	if cache == "" {
		cache = filepath.Join(w.Root, ".cache", "nextflow")
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return err
	}
	if java, err = filepath.EvalSymlinks(java); err != nil {
		return err
	}
	home := filepath.Dir(filepath.Dir(java))
	files, err := cluster.Busybox()
	if err != nil {
		return err
	}
	for _, dir := range []struct{ from, to string }{{home, "opt/java"}, {filepath.Join(cache, "engine"), "opt/nextflow/engine"},
		{filepath.Join(cache, "storage"), "opt/nextflow/storage"}, {filepath.Join(w.Root, "test", "pipelines"), "pipelines"},
		{filepath.Join(w.Root, "test", "nextflow"), "opt/nextflow/bin"}} {
		more, err := tree(dir.from, dir.to)
		if err != nil {
			return err
		}
		files = append(files, more...)
	}
	flock, err := exec.LookPath("flock") // which busybox lacks
	if err != nil {
		return err
	}
	files = append(files, cluster.File{Name: "usr/bin/flock", From: flock})
	libraries, err := libraries(java, flock, filepath.Join(home, "lib", "libnet.so"), filepath.Join(home, "lib", "server", "libjvm.so"))
	if err != nil {
		return err
	}
	files = append(files, libraries...)
	files = append(files, cluster.File{Name: "usr/local/bin/nextflow", Text: `#!/bin/bash
# The script locks its cache and writes beside it; the image is read-only for this user.
mkdir -p /tmp/cache && ln -sfn /opt/nextflow/engine /opt/nextflow/storage /tmp/cache/ && export FUSIONGEN_NEXTFLOW=/tmp/cache
exec /opt/nextflow/bin/run --s3 "$@"
`})
	archive, err := cluster.Image(HeadImage, v1.Config{User: "1000:1000", Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin:/opt/java/bin", "JAVA_HOME=/opt/java"}}, files...)
	if err != nil {
		return err
	}
	return w.Cluster.Import(ctx, archive)
}

// tree are the files below from, as files below to; links are followed, and modules for linking left out.
func tree(from, to string) ([]cluster.File, error) {
	var out []cluster.File
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "jmods" || d.Name() == "man" || d.Name() == "legal" {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return nil // a link that leads nowhere, such as documentation that is not installed
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		out = append(out, cluster.File{Name: to + "/" + filepath.ToSlash(rel), From: path, Mode: int64(info.Mode().Perm() | 0o444)})
		return nil
	})
	return out, err
}

// libraries are the shared libraries that the programs load, and those that a name look-up does.
func libraries(programs ...string) ([]cluster.File, error) {
	out, err := exec.Command("ldd", programs...).Output()
	if err != nil {
		return nil, fmt.Errorf("ldd: %w", err)
	}
	found := map[string]bool{}
	for field := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(field, "/") && !strings.HasSuffix(field, ":") && !strings.HasPrefix(field, "/usr/lib/jvm/") {
			found[field] = true
		}
	}
	for _, extra := range []string{"libgcc_s.so.1", "libresolv.so.2", "libnss_files.so.2", "libnss_dns.so.2", "librt.so.1", "libdl.so.2"} {
		found["/lib/x86_64-linux-gnu/"+extra] = true
	}
	var files []cluster.File
	for path := range found {
		files = append(files, cluster.File{Name: strings.TrimPrefix(path, "/"), From: path})
	}
	return files, nil
}
