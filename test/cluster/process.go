package cluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server of the cluster, known by its pid file, so that another run of the program can end it too.
type process struct {
	name string
	dir  string // holds NAME.pid and NAME.log
}

// start runs the command in a session of its own (a plain child dies with the caller's process group in some
// runners). A process that already lives is left alone.
func (p process) start(env []string, command ...string) error {
	if p.pid() != 0 {
		return nil
	}
	log, err := os.OpenFile(p.logPath(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	c := exec.Command(command[0], command[1:]...)
	c.Stdout, c.Stderr, c.Env = log, log, append(os.Environ(), env...)
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := c.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	go c.Wait() // reaps it
	return os.WriteFile(p.pidPath(), fmt.Appendf(nil, "%d %s\n", c.Process.Pid, command[0]), 0o600)
}

// command is what the live process was started with.
func (p process) command() ([]string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.pid()))
	if err != nil {
		return nil, fmt.Errorf("%s does not run: %w", p.name, err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00"), nil
}

// kill ends the process at once, as a crash would.
func (p process) kill() {
	if pid := p.pid(); pid != 0 {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for p.pid() != 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// pid is the live process's id, or 0. Pids are recycled, so the executable must still be the one we started (a
// command line will not do: it is empty for a moment after exec).
func (p process) pid() int {
	data, err := os.ReadFile(p.pidPath())
	if err != nil {
		return 0
	}
	number, path, _ := strings.Cut(strings.TrimSpace(string(data)), " ")
	pid, err := strconv.Atoi(number)
	if err != nil {
		return 0
	}
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid)); err != nil || exe != path {
		return 0
	}
	return pid
}

// stop ends the process, by force after ten seconds.
func (p process) stop() {
	defer os.Remove(p.pidPath())
	if pid := p.pid(); pid != 0 {
		syscall.Kill(pid, syscall.SIGTERM)
	}
	for deadline := time.Now().Add(10 * time.Second); p.pid() != 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			syscall.Kill(p.pid(), syscall.SIGKILL)
		}
	}
}

// await polls ready until it succeeds, the process dies, or ctx ends; the error quotes the end of the log.
func (p process) await(ctx context.Context, ready func(context.Context) error) error {
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if p.pid() == 0 {
			return fmt.Errorf("%s died:\n%s", p.name, p.logTail())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%v):\n%s", p.name, err, p.logTail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (p process) logTail() string {
	data, _ := os.ReadFile(p.logPath())
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

func (p process) pidPath() string { return filepath.Join(p.dir, p.name+".pid") }
func (p process) logPath() string { return filepath.Join(p.dir, p.name+".log") }
