package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// The replayed task reads 20 inputs of 4 MiB, works on scratch files that are no outputs, and leaves 5 outputs of 8 MiB.
const (
	taskInputs  = 20
	taskOutputs = 5
	outputBytes = 8 << 20
)

// taskScript is the task's work in its directory, with the inputs linked or copied there already.
const taskScript = `set -e
cat i?? > merged.tmp
for n in 1 2 3 4 5; do head -c 8388608 merged.tmp > part.tmp; mv part.tmp out$n; done
rm merged.tmp
printf 0 > .exitcode`

// replay runs the task with a client, from mounting to the last byte in S3, and returns the seconds.
func (b *bench) replay(c client) (float64, error) {
	work := "work/" + strings.NewReplacer(" ", "", ",", "").Replace(c.name)
	if c.ours {
		return b.replayTask(c, work)
	}
	var m *mounted
	took, err := seconds(func() (err error) {
		if m, err = b.mount(c); err != nil {
			return err
		}
		dir := filepath.Join(m.root, work)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if err := shell(dir, stageLinks(filepath.Join(m.root, "inputs"))+taskScript); err != nil {
			return err
		}
		for i := range taskOutputs {
			if err := b.durable(m, outputBytes, fmt.Sprintf("%s/out%d", work, i+1)); err != nil {
				return err
			}
		}
		return b.durable(m, 1, work+"/.exitcode")
	})
	if m != nil {
		m.end()
	}
	return took, err
}

// replayTask is the same as a real .command.run under the launcher.
func (b *bench) replayTask(c client, work string) (float64, error) {
	dir, err := os.MkdirTemp(b.dir, "task-")
	if err != nil {
		return 0, err
	}
	script := "#!/bin/bash\n### ---\n### name: 'BENCH'\n### outputs:\n### - 'out*'\n### ...\ncd " + filepath.Join(c.root(dir), work) + "\n" + stageLinks(filepath.Join(c.root(dir), "inputs")) + taskScript + "\n"
	if err := b.raw.put(work+"/.command.run", []byte(script)); err != nil {
		return 0, err
	}
	return seconds(func() error {
		cmd := exec.Command(b.fusion, "--root", dir, "bash", filepath.Join(c.root(dir), work, ".command.run"))
		cmd.Env = withoutControl(c.start(dir, b.dir).Env)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
		for i := range taskOutputs {
			if key := fmt.Sprintf("%s/out%d", work, i+1); b.raw.size(key) != outputBytes {
				return fmt.Errorf("%s is not whole in S3 at the task's end", key)
			}
		}
		if key := work + "/part.tmp"; b.raw.size(key) >= 0 {
			return fmt.Errorf("%s is no output, and in S3", key)
		}
		return nil
	})
}

// launchTrue mounts, runs true and unmounts.
func (b *bench) launchTrue(c client) error {
	dir, err := os.MkdirTemp(b.dir, "true-")
	if err != nil {
		return err
	}
	cmd := exec.Command(b.fusion, "--root", dir, "true")
	cmd.Env = withoutControl(c.start(dir, b.dir).Env)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// copyStage is the task without a mount: inputs are copied to the disk, outputs back, as with a staging container.
func (b *bench) copyStage() error {
	dir, err := os.MkdirTemp(b.dir, "stage-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	err = parallel(4, taskInputs, func(i int) error {
		// What is written is the pattern, as long as the input: the transfer is what counts.
		key := fmt.Sprintf("inputs/i%02d", i)
		if err := b.raw.get(key, 0, 4<<20); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dir, fmt.Sprintf("i%02d", i)), pattern(4<<20), 0o644)
	})
	if err != nil {
		return err
	}
	if err := shell(dir, taskScript); err != nil {
		return err
	}
	return parallel(4, taskOutputs, func(i int) error {
		data, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("out%d", i+1)))
		if err != nil {
			return err
		}
		return b.raw.put(fmt.Sprintf("work/stage/out%d", i+1), data)
	})
}

func stageLinks(inputs string) string {
	var s strings.Builder
	for i := range taskInputs {
		fmt.Fprintf(&s, "ln -sfn %s/i%02d i%02d\n", inputs, i, i)
	}
	return s.String()
}

func shell(dir, script string) error {
	cmd := exec.Command("bash", "-c", script)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// withoutControl leaves out the socket of `fusion mount`: the launcher is to mount itself.
func withoutControl(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "FUSION_CONTROL=") })
}
