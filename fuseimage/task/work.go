package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/control"
)

// reserve is what is left of the pod's grace period for uploads once the workload is killed, and margin what is
// left when we give them up.
const (
	reserve = 10 * time.Second
	margin  = 2 * time.Second
)

// A job is one run of the launcher, from mounted to unmounted.
type job struct {
	Program
	options
	env     Environment
	files   files
	log     *logFile
	dir     control.Key // of the task; zero when the command is none
	confine func() error
	signals <-chan os.Signal

	closers []io.Closer // files of the launcher's own, in the order to be closed
}

// work runs the command on files and returns the exit code.
func (p Program) work(ctx context.Context, o options, env Environment, files files, confine func() error, signals <-chan os.Signal) int {
	j := &job{Program: p, options: o, env: env, files: files, confine: confine, signals: signals, log: newLogFile(env.LogLevel)}
	if l, ok := files.(local); ok {
		j.log = l.log
	}
	code := j.run(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closing)
	defer cancel()
	if err := files.Close(ctx); err != nil {
		fmt.Fprintf(p.Err, "fusion: leaving: %v\n", err)
	}
	return code
}

func (j *job) run(ctx context.Context) int {
	j.dir = taskDir(j.root, j.args, j.env.Work)
	if err := j.begin(ctx); err != nil {
		return j.fail(err)
	}
	child := Child{
		Args: j.args, Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}, Confine: j.confine,
		Grace: max(j.env.Grace-reserve, j.env.Grace/2),
	}
	var deadline time.Time // of the uploads; zero for none
	child.Stop = func() { deadline = time.Now().Add(max(j.env.Grace-margin, j.env.Grace/2)) }
	output, err := j.openOutput()
	if err != nil {
		return j.fail(err)
	}
	if output != nil {
		child.Files = append(child.Files[:1], output.ends...)
	}
	result, err := child.Run(j.signals)
	if output != nil {
		err = errors.Join(err, output.wait())
	}
	if err != nil {
		fmt.Fprintf(j.Err, "fusion: %v\n", err)
	}
	return j.finish(ctx, result, deadline)
}

// taskDir finds the task's directory by its script, which is the command's last argument, or by FUSION_WORK.
func taskDir(root string, args []string, work string) control.Key {
	last := args[len(args)-1]
	if path.Base(last) == ".command.run" {
		if key, ok := keyOf(root, path.Dir(last)); ok {
			return key
		}
	}
	key, _ := keyOf(root, work)
	return key
}

// begin reads the task's script and tells the server what to expect.
func (j *job) begin(ctx context.Context) error {
	if j.dir == (control.Key{}) {
		return j.openLog()
	}
	text, err := j.files.Read(ctx, control.Key{Bucket: j.dir.Bucket, Name: path.Join(j.dir.Name, ".command.run")})
	if err != nil && (errors.Is(err, os.ErrNotExist) == (path.Base(j.args[len(j.args)-1]) == ".command.run")) {
		// The shell will say its own word about it, with the exit code that it has for that.
		fmt.Fprintf(j.Err, "fusion: the task's script cannot be read, so every file counts as an output: %v\n", err)
	}
	script := ParseScript(string(text))
	if script.Elsewhere {
		text, err := j.files.Read(ctx, control.Key{Bucket: j.dir.Bucket, Name: path.Join(j.dir.Name, stagingFile)})
		if err != nil {
			j.log.Warn("the staging commands cannot be read; inputs are not fetched ahead", "error", err)
		}
		script.Inputs = append(script.Inputs, ParseScript(string(text)).Inputs...)
	}
	plan := script.plan(j.root, j.dir, j.env.KeepAll)
	j.log.Info("task", "name", script.Name, "bucket", plan.Bucket, "dir", plan.Dir, "declared", plan.Declared, "outputs", plan.Outputs, "inputs", len(script.Inputs), "prefetch", len(plan.Prefetch))
	if err := j.files.Begin(ctx, plan); err != nil {
		return err
	}
	return j.openLog()
}

// openLog gives the log its place: FUSION_LOG_OUTPUT, or .fusion.log in the task's directory.
func (j *job) openLog() error {
	switch j.env.LogOutput {
	case "stdout":
		j.log.open(os.Stdout)
		return nil
	case "stderr":
		j.log.open(os.Stderr)
		return nil
	}
	var file io.WriteCloser
	var err error
	if key, ok := keyOf(j.root, j.env.LogOutput); ok {
		file, err = j.files.Append(control.Key{Bucket: key.Bucket, Name: path.Dir(key.Name)}, path.Base(key.Name))
	} else if j.env.LogOutput != "" {
		file, err = os.OpenFile(j.env.LogOutput, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	} else if j.dir == (control.Key{}) {
		j.log.open(io.Discard) // what matters is said on standard error, too
		return nil
	} else {
		file, err = j.files.Append(j.dir, ".fusion.log")
	}
	if err != nil {
		return fmt.Errorf("FUSION_LOG_OUTPUT: %w", err)
	}
	place := newBackground(file)
	j.log.open(place)
	j.closers = append(j.closers, place)
	return nil
}

// openOutput makes the tee to .command.log, or nil where the command is no task or talks to a terminal.
func (j *job) openOutput() (*tee, error) {
	if _, err := unix.IoctlGetTermios(unix.Stdout, unix.TCGETS); err == nil || j.dir == (control.Key{}) {
		return nil, nil
	}
	file, err := j.files.Append(j.dir, ".command.log")
	if err != nil {
		return nil, err
	}
	j.closers = append(j.closers, file)
	return newTee(file, os.Stdout, os.Stderr)
}
