// Package control is what a launcher asks of the file-system server: begin a task, make files durable, report.
//
// In one process it is a Go interface. Across processes it is JSON lines over a unix socket (Serve, Dial), so that
// the server can run outside of the task's container and only the launcher inside.
package control

import (
	"context"
	"errors"
	"time"
)

// A Server is the file system as its launcher sees it. It is safe for concurrent use.
type Server interface {
	// Begin tells what is known of the task before it starts. A server serves one task.
	Begin(ctx context.Context, t Task) error
	// Flush returns when the files of scope are in S3 and verified.
	Flush(ctx context.Context, s Scope) error
	// Report says what was moved so far.
	Report(ctx context.Context) (Report, error)
}

// A Task is the plan that a launcher derives from .command.run.
type Task struct {
	Bucket   string   `json:"bucket"`
	Dir      string   `json:"dir"`                // key of the task's directory, without a trailing slash
	Declared bool     `json:"declared"`           // Outputs is complete: other files need not be uploaded
	Outputs  []string `json:"outputs,omitempty"`  // Java globs relative to Dir
	Prefetch []Key    `json:"prefetch,omitempty"` // inputs that will be read
}

// A Key names an object or a prefix.
type Key struct {
	Bucket string `json:"bucket"`
	Name   string `json:"name"`
}

// A Scope says which files a Flush is about.
type Scope string

// The scopes. Results are all files but .exitcode. Stopped is for a task that was told to end: logs and .exitcode
// first, the rest as far as time allows.
const (
	Results Scope = "results"
	All     Scope = "all"
	Stopped Scope = "stopped"
)

// A Report counts what a server did since it started. Times are in nanoseconds.
type Report struct {
	Down     int64         `json:"down"`    // bytes received from S3
	Up       int64         `json:"up"`      // bytes of objects stored and verified
	Objects  int64         `json:"objects"` // stored and verified
	Copies   int64         `json:"copies"`  // made by the server
	Deletes  int64         `json:"deletes"`
	Requests int64         `json:"requests"` // to S3, retries included
	Retries  int64         `json:"retries"`
	Hedges   int64         `json:"hedges"`
	Hits     int64         `json:"hits"`   // bytes read that the cache had
	Misses   int64         `json:"misses"` // bytes read that were waited for
	Dirty    int64         `json:"dirty"`  // bytes on the disk that S3 does not have
	Clean    int64         `json:"clean"`  // bytes on the disk that S3 has
	Evicted  int64         `json:"evicted"`
	Waited   time.Duration `json:"waited"`  // in back-off
	Pending  int           `json:"pending"` // files that S3 does not have yet
	Failed   []Failure     `json:"failed,omitempty"`
}

// A Failure is a file that S3 will not have.
type Failure struct {
	Key   string `json:"key"`
	Cause string `json:"cause"` // holds the request id where there was a reply
}

// request and reply are one line each.
type request struct {
	ID    int64  `json:"id"`
	Op    string `json:"op"` // begin, flush, report, cancel
	Task  *Task  `json:"task,omitempty"`
	Scope Scope  `json:"scope,omitempty"`
}

type reply struct {
	ID     int64   `json:"id"`
	Error  string  `json:"error,omitempty"`
	Report *Report `json:"report,omitempty"`
}

// ErrLost is wrapped when the connection to the server broke: nothing is known of the files then.
var ErrLost = errors.New("the file-system server is gone")
