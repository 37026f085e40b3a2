package e2e_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// pipeline is one that ends well, with what it leaves in its task directories besides control files.
type pipeline struct {
	name    string
	outputs []string // patterns of path.Match
	args    []string
	remote  []string // arguments of the run on the cluster alone
	local   []string // and of the local one
}

var pipelines = []pipeline{
	{name: "many", outputs: []string{"small-*.txt"}, args: []string{"--tasks", "8"}},
	{name: "outputs", outputs: []string{"tree/*", "tree/*/*", "tree/*/*/*", "*.csv", "soft.txt", "hard.txt", "with space.txt", "Zürich-日本.txt", "read.txt"}},
	{name: "retry", outputs: []string{"attempt.txt"}},
	{name: "ranges", outputs: []string{"piece-*", "sum.txt"}},
}

func testPipelines(t *testing.T, ctx context.Context, w *e2e.World, c e2e.Cell) {
	ws := open(t, ctx, w, c)
	for _, p := range pipelines {
		t.Run(p.name, func(t *testing.T) {
			if p.name == "ranges" {
				mib := int64(256)
				if *all {
					mib = 1024
				}
				p.args = []string{"--mib", strconv.FormatInt(mib, 10)}
				big := filepath.Join(t.TempDir(), "big")
				fill(t, big, mib<<20)
				if err := w.Store.Put(ctx, ws.Bucket, "inputs/big", big); err != nil {
					t.Fatal(err)
				}
				p.remote, p.local = []string{"--input", "s3://" + ws.Bucket + "/inputs/big"}, []string{"--input", big}
			}
			same(t, ctx, ws, p)
		})
	}
	if c.Inject == "baked" {
		t.Run("baked", func(t *testing.T) { same(t, ctx, ws, pipeline{name: "baked", outputs: []string{"shouted.txt"}}) })
	}
	t.Run("replay", func(t *testing.T) { testReplay(t, ctx, ws) })
	t.Run("fails", func(t *testing.T) { testFails(t, ctx, ws) })
	t.Run("resume", func(t *testing.T) { testResume(t, ctx, ws) })
	t.Run("refused", func(t *testing.T) { testRefused(t, ctx, ws) })
}

// same runs a pipeline on the cluster and on the local executor and compares what they published; it also watches the
// work directory throughout.
func same(t *testing.T, ctx context.Context, ws *e2e.Workspace, p pipeline) {
	t.Helper()
	results := "results-" + ws.Name
	watch := watchBucket(ctx, ws)
	run, err := ws.Nextflow(ctx, p.name, append(append([]string{"--out", "s3://" + results + "/" + p.name}, p.args...), p.remote...)...)
	if err != nil {
		t.Fatal(err)
	}
	seen := watch.stop()
	if run.Code != 0 {
		t.Fatal(run.Explain(ctx))
	}
	want := local(t, ctx, ws.World.Root, p)
	keys, err := ws.World.Store.Keys(ctx, results, p.name+"/")
	if err != nil {
		t.Fatal(err)
	}
	for key := range keys {
		if strings.HasSuffix(key, "/") {
			continue // a directory's marker
		}
		name, err := url.PathUnescape(strings.TrimPrefix(key, p.name+"/")) // the provider of this Nextflow writes %20 for a space
		if err != nil {
			t.Fatal(err)
		}
		got, err := ws.World.Store.Get(ctx, results, key)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := want[name]; !ok {
			t.Errorf("%s is published and the local run has no such file", name)
		} else if !bytes.Equal(got, want[name]) {
			t.Errorf("%s has %d bytes, the local run's has %d, and they differ", name, len(got), len(want[name]))
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is not published", name)
	}
	if len(p.outputs) > 0 {
		checkWork(t, ctx, ws, p, seen)
	}
	if uploads, err := ws.World.Store.Uploads(ctx, ws.Bucket); err != nil || uploads > 0 {
		t.Errorf("%d multipart uploads are left, %v", uploads, err)
	}
}

// checkWork looks at the task directories that the run made: nothing but declared outputs and control files is there, and
// .exitcode came after all of them.
func checkWork(t *testing.T, ctx context.Context, ws *e2e.Workspace, p pipeline, seen map[string]int) {
	t.Helper()
	outputs := map[string][]string{} // by task directory
	for key := range seen {
		dir, name := taskDir(key)
		control := strings.HasPrefix(name, ".command.") || name == ".exitcode" || strings.HasPrefix(name, ".fusion") || strings.HasSuffix(name, "/") || name == ""
		if control {
			continue
		}
		if !slices.ContainsFunc(p.outputs, func(pattern string) bool { ok, _ := path.Match(pattern, name); return ok }) {
			t.Errorf("%s is in S3, and is neither an output nor a control file", key)
		}
		outputs[dir] = append(outputs[dir], key)
	}
	for dir, keys := range outputs {
		code, ok := seen[dir+"/.exitcode"]
		if !ok {
			t.Errorf("%s has no .exitcode", dir)
		}
		for _, key := range keys {
			if seen[key] > code {
				t.Errorf("%s was seen before %s", dir+"/.exitcode", key)
			}
		}
	}
}

// taskDir splits work/ab/cdef…/NAME.
func taskDir(key string) (dir, name string) {
	parts := strings.SplitN(key, "/", 4)
	if len(parts) < 4 {
		return key, ""
	}
	return strings.Join(parts[:3], "/"), parts[3]
}

// local runs the pipeline on the local executor and returns what it published.
func local(t *testing.T, ctx context.Context, root string, p pipeline) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	args := append(append([]string{"run", "-ansi-log", "false", filepath.Join(root, "test", "pipelines", p.name, "main.nf"), "--out", filepath.Join(dir, "out")}, p.args...), p.local...)
	cmd := exec.CommandContext(ctx, filepath.Join(root, "test", "nextflow", "run"), args...)
	cmd.Dir = dir
	bin := filepath.Join(dir, "bin") // the program that the baked image holds
	if err := os.MkdirAll(bin, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bin, "shout"), []byte("#!/bin/bash\ntr a-z A-Z\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the local run: %v\n%s", err, out)
	}
	files := map[string][]byte{}
	err := filepath.WalkDir(filepath.Join(dir, "out"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(filepath.Join(dir, "out"), path)
		if err != nil {
			return err
		}
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// fill writes n random bytes.
func fill(t *testing.T, path string, n int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.Reader, n); err != nil {
		t.Fatal(err)
	}
}

// testFails: the user reads the exit code and the reason.
func testFails(t *testing.T, ctx context.Context, ws *e2e.Workspace) {
	run, err := ws.Nextflow(ctx, "fails")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"terminated with an error exit status (7)", "the reason"} {
		if !strings.Contains(run.Output, want) {
			t.Errorf("the user does not read %q:\n%s", want, run.Explain(ctx))
		}
	}
	if run.Code == 0 {
		t.Error("a failed run ends with 0")
	}
	for _, kind := range []string{"pods", "jobs"} {
		ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "delete", kind, "--all")
	}
}

// testResume: a second run with -resume takes every task from S3.
func testResume(t *testing.T, ctx context.Context, ws *e2e.Workspace) {
	out := "s3://results-" + ws.Name + "/resume"
	first, err := ws.Nextflow(ctx, "smoke", "--out", out)
	if err != nil || first.Code != 0 {
		t.Fatal(err, first.Explain(ctx))
	}
	again, err := ws.Nextflow(ctx, "smoke", "--out", out, "-resume")
	if err != nil || again.Code != 0 {
		t.Fatal(err, again.Explain(ctx))
	}
	if got := strings.Count(again.Output, "Cached process"); got != 4 {
		t.Errorf("%d of 4 tasks came from the cache:\n%s", got, again.Output)
	}
}

// testRefused: what the executor cannot do fails with the documented words.
func testRefused(t *testing.T, ctx context.Context, ws *e2e.Workspace) {
	for name, words := range map[string][]string{
		"array": {"array"},
		"bin":   {"helper: command not found", "helper: not found"},
	} {
		run, err := ws.Nextflow(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		if run.Code == 0 || !slices.ContainsFunc(words, func(w string) bool { return strings.Contains(run.Output+run.Log, w) }) {
			t.Errorf("%s: %s", name, run.Explain(ctx))
		}
	}
}
