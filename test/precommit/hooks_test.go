// Package precommit runs the real pre-commit with the project's hooks in a scratch repository.
package precommit

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const config = `repos:
  - repo: %REPO%
    rev: %REV%
    hooks:
      - id: fusiongen-lint
      - id: fusiongen-check
      - id: fusiongen-fmt
`

// badConfig asks for job arrays, which the executor does not have.
const badConfig = `workDir = 's3://acme-work/fusion-demo'
aws.region = 'eu-west-1'
k8s {
    namespace = 'fusion-demo'
    serviceAccount = 'fusion-demo-task'
    computeResourceType = 'Job'
}
process {
    executor = 'k8s'
    array = 100
}
`

// TestHooks: each hook refuses the commit that is its own to refuse, with what is wrong on the screen, and good commits pass.
func TestHooks(t *testing.T) {
	if testing.Short() {
		t.Skip("pre-commit installs the hooks from a clone")
	}
	w := newWorkspace(t)
	w.write("README.md", "# Workspaces\n")
	w.accepted("fusiongen lint....Passed", "fusiongen build --check....Passed", "fusiongen fmt....Skipped")

	w.build(w.spec)
	w.accepted("fusiongen lint....Passed", "fusiongen build --check....Passed", "fusiongen fmt....Passed")

	w.write("other/nextflow.config", badConfig)
	w.refused("fusiongen lint....Failed", "other/nextflow.config:10:5: error: the executor k8s has no job arrays", "[FG539 nf-array]", "fusiongen build --check....Passed")

	w.write("spec.cue", strings.Replace(w.spec, "fusion-demo", "fusion-other", 1))
	w.refused("fusiongen build --check....Failed", "-  namespace: fusion-demo", "+  namespace: fusion-other", "fusiongen fmt....Passed")

	if err := os.Remove(filepath.Join(w.dir, "deploy/nextflow.config")); err != nil {
		t.Fatal(err)
	}
	w.refused("fusiongen build --check....Failed", "nextflow.config", "fusiongen fmt....Skipped")

	w.write("spec.cue", strings.Replace(w.spec, "name: ", "name   :   ", 1))
	w.refused("fusiongen fmt....Failed", "files were modified by this hook", "fusiongen build --check....Passed")

	w.build(strings.Replace(w.spec, "fusion-demo", "fusion-other", 1))
	w.accepted("fusiongen lint....Passed", "fusiongen build --check....Passed", "fusiongen fmt....Passed")
}

// workspace is a scratch repository with the hooks installed.
type workspace struct {
	*testing.T
	dir, fusiongen, spec string
	env                  []string
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	source, home := t.TempDir(), t.TempDir()
	w := &workspace{T: t, dir: t.TempDir()}
	// A repository with what stands here, committed or not: pre-commit takes only commits.
	w.output("../..", "sh", "-c", `git ls-files -z --cached --others --exclude-standard | rsync -a --from0 --ignore-missing-args --files-from=- . "$0"`, source)
	modules := w.output("..", "go", "env", "GOMODCACHE") // pre-commit sets another GOPATH, and would get every module again
	w.env = append(os.Environ(), "PRE_COMMIT_HOME="+home, "GOMODCACHE="+modules, "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=test", "GIT_AUTHOR_EMAIL=test@example.org", "GIT_COMMITTER_NAME=test", "GIT_COMMITTER_EMAIL=test@example.org")
	w.output(source, "git", "init", "--quiet")
	w.output(source, "git", "add", "--all")
	w.output(source, "git", "commit", "--quiet", "--message", "all")

	spec, err := os.ReadFile("../../examples/minimal.cue")
	if err != nil {
		t.Fatal(err)
	}
	w.spec = string(spec)
	w.write(".pre-commit-config.yaml", strings.NewReplacer("%REPO%", source, "%REV%", w.output(source, "git", "rev-parse", "HEAD")).Replace(config))
	w.output(w.dir, "git", "init", "--quiet")
	w.output(w.dir, filepath.Join(w.output("..", "./venv", "precommit"), "pre-commit"), "install", "--install-hooks")
	installed, err := filepath.Glob(filepath.Join(home, "repo*", "golangenv-*", "bin", "fusiongen"))
	if err != nil || len(installed) != 1 {
		t.Fatalf("pre-commit installed %v, %v", installed, err)
	}
	w.fusiongen = installed[0]
	return w
}

// output runs a command that must succeed, and gives what it prints.
func (w *workspace) output(dir, name string, args ...string) string {
	w.Helper()
	cmd := exec.CommandContext(w.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, w.env
	var talk strings.Builder
	cmd.Stderr = &talk
	out, err := cmd.Output()
	if err != nil {
		w.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, out, &talk)
	}
	return strings.TrimSpace(string(out))
}

func (w *workspace) write(name, text string) {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		w.Fatal(err)
	}
}

// build writes a spec and the tree that it makes.
func (w *workspace) build(spec string) {
	w.Helper()
	w.write("spec.cue", spec)
	w.output(w.dir, w.fusiongen, "build", "-o", "deploy", "spec.cue")
}

// accepted commits everything, which the hooks must let pass, saying all of want.
func (w *workspace) accepted(want ...string) {
	w.Helper()
	screen, err := w.commit()
	if err != nil {
		w.Fatalf("the commit is refused: %v\n%s", err, screen)
	}
	w.shown(screen, want)
}

// refused commits everything, which the hooks must not let pass, saying all of want; then the work tree is as before.
func (w *workspace) refused(want ...string) {
	w.Helper()
	before := w.output(w.dir, "git", "rev-parse", "HEAD")
	screen, err := w.commit()
	if err == nil || w.output(w.dir, "git", "rev-parse", "HEAD") != before {
		w.Errorf("the commit is not refused: %v\n%s", err, screen)
	}
	w.shown(screen, want)
	w.output(w.dir, "git", "reset", "--quiet", "--hard", before)
}

func (w *workspace) commit() (screen string, err error) {
	w.Helper()
	w.output(w.dir, "git", "add", "--all")
	cmd := exec.CommandContext(w.Context(), "git", "commit", "--quiet", "--message", "change")
	cmd.Dir, cmd.Env = w.dir, w.env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// shown says what of want is not on the screen; .... stands for the dots of pre-commit and a reason behind them.
func (w *workspace) shown(screen string, want []string) {
	w.Helper()
	lines := strings.NewReplacer("(no files to check)", "").Replace(screen)
	for strings.Contains(lines, ".....") {
		lines = strings.ReplaceAll(lines, ".....", "....")
	}
	for _, text := range want {
		if !strings.Contains(lines, text) {
			w.Errorf("the screen does not show %q:\n%s", text, screen)
		}
	}
}
