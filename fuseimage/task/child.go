package task

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Exit codes of the launcher beside the child's own.
const (
	codeFatal    = 1   // could not start: nothing of the task ran
	codeNoExec   = 126 // as shells do
	codeNotFound = 127
	codeIO       = 174 // the task's files did not all reach S3
)

// A Child is the workload: its argument list, directory and environment are the launcher's own.
type Child struct {
	Args  []string
	Files []*os.File // descriptors 0, 1 and 2
	Grace time.Duration
	Stop  func() // called once when SIGTERM has come; may be nil
	// Confine, when not nil, is called on the thread that forks, to take rights away from the workload.
	Confine func() error
}

// A Result says how the workload ended.
type Result struct {
	Code    int  // what the launcher exits with when all else went well: the child's code, or 128+signal
	Stopped bool // SIGTERM came
	Elapsed time.Duration
	Usage   unix.Rusage // of the child and all it waited for
	IO      IO          // likewise
}

// Run starts the child as the leader of a process group, passes signals on to that group, and returns when the
// child and all processes that it left behind have ended. After SIGTERM the group has Grace until SIGKILL.
// The error says why nothing was started; Code is then to be exited with.
func (c Child) Run(signals <-chan os.Signal) (Result, error) {
	path, err := exec.LookPath(c.Args[0])
	if err != nil && !errors.Is(err, exec.ErrDot) {
		if errors.Is(err, fs.ErrPermission) {
			return Result{Code: codeNoExec}, fmt.Errorf("%s may not be executed", c.Args[0])
		}
		return Result{Code: codeNotFound}, fmt.Errorf("there is no command %s in this container's PATH", c.Args[0])
	}
	type outcome struct {
		result Result
		err    error
	}
	started, ended := make(chan int, 1), make(chan outcome, 1)
	go func() {
		// The thread is not given back: it may have lost rights, and the kernel kills the child when it ends.
		runtime.LockOSThread()
		result, err := c.run(path, started)
		ended <- outcome{result, err}
	}()
	var pid int
	select {
	case pid = <-started:
	case o := <-ended:
		return o.result, o.err
	}
	var kill <-chan time.Time
	stopped := false
	for {
		select {
		case s := <-signals:
			number := s.(syscall.Signal)
			_ = unix.Kill(-pid, number)
			if number == unix.SIGTERM && !stopped {
				stopped, kill = true, time.After(c.Grace)
				if c.Stop != nil {
					c.Stop()
				}
			}
		case <-kill:
			killTree(unix.SIGKILL)
		case o := <-ended:
			o.result.Stopped = stopped
			if stopped && o.result.Code == 128+int(unix.SIGKILL) {
				o.result.Code = 128 + int(unix.SIGTERM) // SIGKILL was ours; what ended the task is SIGTERM
			}
			return o.result, o.err
		}
	}
}

// run forks, waits and cleans up, all on one thread.
func (c Child) run(path string, started chan<- int) (Result, error) {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return Result{Code: codeFatal}, os.NewSyscallError("prctl(PR_SET_CHILD_SUBREAPER)", err)
	}
	if c.Confine != nil {
		if err := c.Confine(); err != nil {
			return Result{Code: codeFatal}, err
		}
	}
	beNice()
	attr := &os.ProcAttr{Files: c.Files, Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: unix.SIGKILL}}
	if _, err := unix.IoctlGetTermios(int(c.Files[0].Fd()), unix.TCGETS); err == nil {
		attr.Sys.Foreground, attr.Sys.Ctty = true, 0
	}
	begin := time.Now()
	process, err := os.StartProcess(path, c.Args, attr)
	if err != nil {
		return Result{Code: codeNoExec}, err
	}
	pid := process.Pid
	_ = process.Release() // Wait4 below is who waits
	preferToKill(pid)
	counters := openIO(pid)
	started <- pid
	var r Result
	status, err := reapUntil(pid, func() { r.IO = readIO(counters) }, &r.Usage)
	r.Elapsed = time.Since(begin)
	settle()
	if err != nil {
		return Result{Code: codeFatal}, err
	}
	r.Code = status.ExitStatus()
	if status.Signaled() {
		r.Code = 128 + int(status.Signal())
	}
	return r, nil
}
