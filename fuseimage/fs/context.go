package fs

import (
	"context"
	"sync"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// grace is how long an operation goes on after a signal reached its caller. The kernel reports every signal, also a
// harmless one such as SIGCHLD, and programs do not expect EINTR of files on a disk; so only an operation that S3
// keeps waiting is given up.
const grace = time.Second

// operation is the context of one kernel request. It costs nothing until someone waits on it.
type operation struct {
	context.Context
	interrupt <-chan struct{} // closed by a signal to the caller
	once      sync.Once
	done      chan struct{} // closed grace later
	end       chan struct{} // closed by finish
}

func begin(interrupt <-chan struct{}) *operation {
	return &operation{Context: context.Background(), interrupt: interrupt, done: make(chan struct{}), end: make(chan struct{})}
}

// finish must be called when the request is answered.
func (o *operation) finish() { close(o.end) }

// Done implements context.Context.
func (o *operation) Done() <-chan struct{} {
	o.once.Do(func() {
		go func() {
			select {
			case <-o.end:
				return
			case <-o.interrupt:
			}
			select {
			case <-o.end:
			case <-time.After(grace):
				close(o.done)
			}
		}()
	})
	return o.done
}

// Err implements context.Context.
func (o *operation) Err() error {
	select {
	case <-o.done:
		return context.Canceled
	default:
		return nil
	}
}

// status is the one mapping of errors to what the kernel is told, and logs those that are S3's or the disk's.
func (fs *FS) status(op string, id uint64, err error) fuse.Status {
	errno := object.Errno(err)
	switch errno {
	case unix.EIO, unix.EREMOTEIO, unix.EACCES, unix.EBUSY, unix.ESTALE, unix.ENOSPC, unix.ETIMEDOUT:
		fs.cfg.Log.Warn("operation failed", "op", op, "inode", id, "errno", errno.Error(), "error", err.Error())
	}
	return fuse.Status(errno)
}
