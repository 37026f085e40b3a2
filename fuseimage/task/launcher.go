// Package task is the launcher: it mounts, runs a task's command on the mount, and ends only when what the task
// left is in S3.
package task

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/control"
	"github.com/fusiongen/fusiongen/fuseimage/mount"
	"github.com/fusiongen/fusiongen/fuseimage/server"
)

const usage = `fusion runs a command with S3 at /fusion/s3/BUCKET/KEY, and ends when all that it wrote is in S3.

usage: fusion [--root DIR] COMMAND [ARG…]    run COMMAND; the exit code is its own
       fusion mount [BUCKET] DIR             show a bucket, or all as s3/BUCKET, in DIR until interrupted
       fusion doctor [--json] [BUCKET…]      say whether this node can mount, and which way
       fusion install DEST                   copy this binary to DEST
       fusion wait                           do nothing until SIGINT or SIGTERM
       fusion --version | --help

--root DIR   mount there instead of at /fusion
--           what follows is a command, even if it is called like one of the above

Exit codes: the command's; 128+n when signal n ended it; 1 when it could not be started with its files;
126 and 127 as a shell's; 174 when it succeeded but not all of its files reached S3.

  fusion bash /fusion/s3/acme-work/ab/cdef/.command.run
  fusion ls -l /fusion/s3/acme-reference/
`

// A Program is the launcher as a command line.
type Program struct {
	Version  string
	Out, Err io.Writer
}

// Main parses the arguments after the program's name and returns the exit code.
func (p Program) Main(ctx context.Context, args []string) int {
	o, err := parseOptions(args)
	switch {
	case errors.Is(err, errHelp):
		fmt.Fprint(p.Out, usage)
		return 0
	case errors.Is(err, errVersion):
		fmt.Fprintln(p.Out, "fusion", p.Version)
		return 0
	case err != nil:
		return p.fail(err)
	case o.try:
		_, _, code := p.connect(o, 0, nil)
		return code
	}
	switch o.args[0] {
	case "doctor":
		return p.doctor(ctx, o)
	case "mount":
		return p.mount(ctx, o)
	case "install":
		return p.install(o.args[1:])
	case "wait":
		return p.wait()
	case "--":
		o.args = o.args[1:]
	}
	if len(o.args) == 0 {
		return p.fail(errors.New("no command follows --"))
	}
	return p.launch(ctx, o)
}

// fail says why nothing of the task ran.
func (p Program) fail(err error) int {
	fmt.Fprintf(p.Err, "fusion: %v\n", err)
	return codeFatal
}

// launch runs COMMAND on a mount of its own, on that of an outer launcher, or on that of a node's server.
func (p Program) launch(ctx context.Context, o options) int {
	signals := notify()
	env, err := ReadEnvironment(os.Getenv)
	if err != nil {
		return p.fail(err)
	}
	if env.Control != "" {
		files, err := attach(env.Control, o.root)
		if err != nil {
			return p.fail(err)
		}
		return p.work(ctx, o, env, files, nil, signals)
	}
	if !o.inside && mount.Served(o.root) {
		return p.become(o.args)
	}
	limits := ReadLimits()
	conn, confine, code := p.connect(o, env.Retries, signals)
	if conn == nil {
		return code
	}
	limits.Apply()
	log := newLogFile(env.LogLevel)
	files, err := server.Start(ctx, conn, env.serverConfig(limits, log))
	if err != nil {
		_ = conn.Unmount()
		return p.fail(err)
	}
	return p.work(ctx, o, env, local{files, log}, confine, signals)
}

// connect mounts, trying again as often as retries says. Without a connection the launcher has to end with code.
func (p Program) connect(o options, retries int, signals <-chan os.Signal) (conn *mount.Connection, confine func() error, code int) {
	if o.inside {
		bounding := mount.ParentBounding()
		conn, err := mount.Inside(o.root)
		if err != nil {
			return nil, nil, codeFatal // the outer process says why
		}
		return conn, func() error { return mount.Confine(bounding) }, 0
	}
	runtime.LockOSThread() // the kernel ends the inner process with the thread that started it
	conn, inner, err := attachAgain(retries, signals, func() (*mount.Connection, *os.Process, error) {
		return mount.Attach(o.root, os.Args[0], append([]string{"--inside", "--root", o.root, "--"}, o.args...))
	})
	switch {
	case err != nil:
		return nil, nil, p.fail(err)
	case inner != nil:
		return nil, nil, follow(inner.Pid, signals)
	}
	runtime.UnlockOSThread()
	return conn, nil, 0
}

// notify catches every signal that a person, the kubelet or a terminal may send to the workload through us. SIGPIPE
// is caught so that a reader of ours that goes away does not end us.
func notify() <-chan os.Signal {
	signals, ignored := make(chan os.Signal, 16), make(chan os.Signal, 1)
	signal.Notify(ignored, unix.SIGPIPE)
	signal.Notify(signals, unix.SIGHUP, unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGUSR1, unix.SIGUSR2, unix.SIGALRM, unix.SIGCONT, unix.SIGWINCH)
	return signals
}

// follow is the launcher outside of the namespace: it passes signals on and ends as the inner one ends.
func follow(pid int, signals <-chan os.Signal) int {
	go func() {
		for s := range signals {
			_ = unix.Kill(pid, s.(syscall.Signal))
		}
	}()
	var used unix.Rusage
	status, err := reapUntil(pid, func() {}, &used)
	switch {
	case err != nil:
		return codeFatal
	case status.Signaled():
		return 128 + int(status.Signal())
	}
	return status.ExitStatus()
}

// become replaces this process by the command: an outer launcher has mounted, and will flush.
func (p Program) become(args []string) int {
	path, err := exec.LookPath(args[0])
	if err == nil {
		err = syscall.Exec(path, args, os.Environ())
	}
	fmt.Fprintf(p.Err, "fusion: %v\n", err)
	return codeNotFound
}

// files is the file system that the launcher works with: a control.Server, and the files that the launcher itself
// reads and writes in the task's directory.
type files interface {
	control.Server
	Read(ctx context.Context, key control.Key) ([]byte, error)
	// Append makes a new file of the task's directory. What is written shows up in S3 while the task runs.
	Append(dir control.Key, name string) (io.WriteCloser, error)
	// Close unmounts and lets go of everything, within ctx.
	Close(ctx context.Context) error
}

// closing is how long unmounting and giving up unfinished uploads may take.
const closing = 5 * time.Second
