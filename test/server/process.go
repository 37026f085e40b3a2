// Package server runs the programs that tests need beside them: each in a session of its own, known by a pid file, so that
// another process, or one after a crash, can end it too.
package server

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

// Process is a server, known by its pid file.
type Process struct {
	Name string
	Dir  string // holds NAME.pid and NAME.log
}

// Start runs the command in a session of its own (a plain child dies with the caller's process group in some
// runners). A process that already lives is left alone.
func (p Process) Start(env []string, command ...string) error {
	if p.PID() != 0 {
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
		return fmt.Errorf("%s: %w", p.Name, err)
	}
	go c.Wait() // reaps it
	return os.WriteFile(p.pidPath(), fmt.Appendf(nil, "%d %s\n", c.Process.Pid, command[0]), 0o600)
}

// Command is what the live process was started with.
func (p Process) Command() ([]string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", p.PID()))
	if err != nil {
		return nil, fmt.Errorf("%s does not run: %w", p.Name, err)
	}
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00"), nil
}

// Kill ends the process at once, as a crash would.
func (p Process) Kill() {
	if pid := p.PID(); pid != 0 {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	for p.PID() != 0 {
		time.Sleep(10 * time.Millisecond)
	}
}

// PID is the live process's id, or 0. Pids are recycled, so the executable must still be the one we started (a
// Command line will not do: it is empty for a moment after exec).
func (p Process) PID() int {
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

// Stop ends the process, by force after ten seconds.
func (p Process) Stop() {
	defer os.Remove(p.pidPath())
	if pid := p.PID(); pid != 0 {
		syscall.Kill(pid, syscall.SIGTERM)
	}
	for deadline := time.Now().Add(10 * time.Second); p.PID() != 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			syscall.Kill(p.PID(), syscall.SIGKILL)
		}
	}
}

// Await polls ready until it succeeds, the process dies, or ctx ends; the error quotes the end of the log.
func (p Process) Await(ctx context.Context, ready func(context.Context) error) error {
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		if p.PID() == 0 {
			return fmt.Errorf("%s died:\n%s", p.Name, p.logTail())
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready (%v):\n%s", p.Name, err, p.logTail())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (p Process) logTail() string {
	data, _ := os.ReadFile(p.logPath())
	lines := strings.Split(strings.TrimRight(string(data), "\n"), "\n")
	return strings.Join(lines[max(0, len(lines)-15):], "\n")
}

func (p Process) pidPath() string { return filepath.Join(p.Dir, p.Name+".pid") }
func (p Process) logPath() string { return filepath.Join(p.Dir, p.Name+".log") }
