package task

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// How long processes that the child left behind may go on by themselves, and after SIGTERM. A container without
// the launcher would end with the child at once.
const (
	orphanGrace = 500 * time.Millisecond
	orphanTerm  = 500 * time.Millisecond
)

// reapUntil waits for every child of this process, including those that became so because their parents ended,
// until pid ends. It calls dead while pid is a zombie, whose counters can still be read.
func reapUntil(pid int, dead func(), usage *unix.Rusage) (unix.WaitStatus, error) {
	for {
		// waitid(2) with WNOWAIT tells who ended and leaves it there.
		var info unix.Siginfo
		err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOWAIT, nil)
		if err == unix.EINTR {
			continue
		}
		var status unix.WaitStatus
		if err != nil {
			return status, os.NewSyscallError("waitid", err)
		}
		got := childOf(&info)
		if got == pid {
			dead()
		}
		if _, err := unix.Wait4(got, &status, 0, usage); err != nil && err != unix.EINTR {
			return status, os.NewSyscallError("wait4", err)
		}
		if got == pid {
			return status, nil
		}
	}
}

// childOf is si_pid of a siginfo_t about a child: the first field after the three that all have, and the padding
// that aligns the union (sigaction(2)).
func childOf(info *unix.Siginfo) int {
	return int(*(*int32)(unsafe.Add(unsafe.Pointer(info), 16)))
}

// settle ends the processes that the child left behind, so that none keeps the mount busy or goes on writing.
func settle() {
	if reapFor(orphanGrace) {
		return
	}
	killTree(unix.SIGTERM)
	if reapFor(orphanTerm) {
		return
	}
	for range 100 { // a fork may outrun one round
		killTree(unix.SIGKILL)
		if reapFor(20 * time.Millisecond) {
			return
		}
	}
}

// reapFor reports whether no child is left, waiting at most d.
func reapFor(d time.Duration) bool {
	for deadline := time.Now().Add(d); ; time.Sleep(2 * time.Millisecond) {
		for {
			got, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
			if err == unix.ECHILD {
				return true
			}
			if got <= 0 && err != unix.EINTR {
				break
			}
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// killTree sends a signal to all descendants of this process.
func killTree(signal unix.Signal) {
	children := map[int][]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		// pid (comm) state ppid …: comm may hold spaces and parentheses, proc_pid_stat(5).
		end := bytes.LastIndexByte(data, ')')
		fields := bytes.Fields(data[end+1:])
		if end < 0 || len(fields) < 2 {
			continue
		}
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent, err2 := strconv.Atoi(string(fields[1]))
		if err1 == nil && err2 == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	for todo := children[os.Getpid()]; len(todo) > 0; todo = todo[1:] {
		_ = unix.Kill(todo[0], signal)
		todo = append(todo, children[todo[0]]...)
	}
}

// preferToKill makes the kernel pick the workload before the launcher when memory runs out: the launcher still has
// files to save. Raising the value needs no right.
func preferToKill(pid int) {
	data, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return
	}
	own, err := strconv.Atoi(string(bytes.TrimSpace(data)))
	if err != nil {
		return
	}
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte(strconv.Itoa(min(own+100, 1000))), 0)
}
