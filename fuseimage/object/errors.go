package object

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// ErrChanged is wrapped by errors of Read, Get and Copy when the object is no longer the version asked for.
var ErrChanged = errors.New("the object was replaced or deleted since it was opened")

// ErrCorrupt is wrapped by errors about bytes that do not match the server's length, range or checksum.
var ErrCorrupt = errors.New("the bytes do not match what the server announced")

// An Error is a request that failed for good, after retries. It never holds a credential.
type Error struct {
	Op        string // the S3 operation, such as GetObject
	Key       Key
	Status    int    // HTTP status, 0 without a reply
	Code      string // S3 error code, "" without one
	RequestID string
	Err       error // cause, may be nil
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s %s: ", e.Op, e.Key)
	if e.Status != 0 {
		s += fmt.Sprintf("HTTP %d %s", e.Status, e.Code)
		if e.RequestID != "" {
			s += " (request " + e.RequestID + ")"
		}
		if e.Err != nil {
			s += ": "
		}
	}
	if e.Err != nil {
		s += e.Err.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is makes errors.Is work with fs.ErrNotExist, fs.ErrPermission and the errno itself.
func (e *Error) Is(target error) bool {
	switch target {
	case fs.ErrNotExist:
		return e.Errno() == syscall.ENOENT
	case fs.ErrPermission:
		return e.Errno() == syscall.EACCES
	}
	errno, ok := target.(syscall.Errno)
	return ok && errno == e.Errno()
}

// Errno maps the failure to what a system call returns.
func (e *Error) Errno() syscall.Errno {
	switch {
	case errors.Is(e.Err, context.Canceled):
		return syscall.EINTR
	case errors.Is(e.Err, context.DeadlineExceeded):
		return syscall.ETIMEDOUT
	case errors.Is(e.Err, ErrChanged):
		return syscall.ESTALE
	case errors.Is(e.Err, ErrCorrupt):
		return syscall.EIO
	}
	switch e.Code {
	case "InvalidObjectState", "SlowDown", "TooManyRequests":
		return syscall.EBUSY // archived (Glacier), or throttled past the deadline
	case "NoSuchBucket", "InvalidBucketName", "NoSuchKey", "NotFound":
		return syscall.ENOENT
	case "QuotaExceeded":
		return syscall.EREMOTEIO
	}
	switch e.Status {
	case 401, 403:
		return syscall.EACCES
	case 404:
		return syscall.ENOENT
	case 409, 412:
		return syscall.EEXIST
	case 429, 503:
		return syscall.EBUSY
	case 400:
		return syscall.EINVAL
	}
	return syscall.EREMOTEIO
}

// Errno maps any error of the runtime's storage packages to what a system call returns: 0 for nil.
func Errno(err error) syscall.Errno {
	var (
		e     *Error
		errno syscall.Errno
	)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &e):
		return e.Errno()
	case errors.As(err, &errno):
		return errno
	case errors.Is(err, context.Canceled):
		return syscall.EINTR
	case errors.Is(err, context.DeadlineExceeded):
		return syscall.ETIMEDOUT
	case errors.Is(err, ErrChanged):
		return syscall.ESTALE
	case errors.Is(err, fs.ErrNotExist):
		return syscall.ENOENT
	}
	return syscall.EIO
}
