package mount

import (
	"errors"
	"os"
)

// Attach mounts dir by the first way that works: mount(2), a user and mount namespace, fusermount3.
//
// In the second way the connection is not in this process: inner is then this binary, run again as name with args,
// and this process has only to pass signals on to it and to end as it ends.
// The error is one sentence that says what would be right.
func Attach(dir, name string, args []string) (conn *Connection, inner *os.Process, err error) {
	leaveStale(dir)
	conn, direct := Direct(dir)
	if direct == nil {
		return conn, nil, nil
	}
	var f *Failure
	if !errors.As(direct, &f) || f.Stage == StageDir {
		return nil, nil, Explain(Probe(), direct)
	}
	failures := []error{direct}
	if f.Stage == StageMount {
		inner, err := Reexec(name, args, dir)
		if err == nil {
			return nil, inner, nil
		}
		failures = append(failures, err)
	}
	// The helper is setuid root: it may open a device that is closed to us.
	if conn, err = Helper(dir); err == nil {
		return conn, nil, nil
	}
	return nil, nil, Explain(Probe(), append(failures, err)...)
}

// Here mounts dir where the caller sees it: by mount(2) or fusermount3, not in a namespace. The error is one sentence.
func Here(dir string) (*Connection, error) {
	leaveStale(dir)
	conn, direct := Direct(dir)
	if direct == nil {
		return conn, nil
	}
	conn, err := Helper(dir)
	if err == nil {
		return conn, nil
	}
	return nil, Explain(Probe(), direct, err)
}

// leaveStale detaches a mount whose server died without unmounting (kill -9 outside of a container).
func leaveStale(dir string) {
	if Mounted(dir) && dead(dir) {
		_ = (&Connection{Dir: dir}).Unmount() // if this fails, mounting says so
	}
}
