package task

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/control"
)

// finish makes everything durable and returns the exit code. After SIGTERM, before or during the uploads, what is
// not durable at the deadline is given up.
func (j *job) finish(ctx context.Context, result Result, deadline time.Time) int {
	begin := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stopped := result.Stopped
	if stopped {
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	asked := make(chan struct{})
	go func() {
		for s := range j.signals {
			if s == syscall.SIGTERM && !stopped {
				close(asked)
				time.AfterFunc(max(j.env.Grace-margin, j.env.Grace/2), cancel)
				return
			}
		}
	}()
	err := j.flush(ctx, result)
	flushed := time.Since(begin)
	report, reportErr := j.files.Report(context.WithoutCancel(ctx))
	code := result.Code
	if err != nil {
		j.complain(err, report)
		if code == 0 {
			code = codeIO
			select {
			case <-asked: // not S3's fault: we were told to end before the uploads could
				code = 128 + int(unix.SIGTERM)
			default:
			}
		}
	}
	if reportErr == nil && j.dir != (control.Key{}) {
		fmt.Fprintf(j.Err, "fusion: %s\n", summary(report, flushed))
	}
	if j.env.Metrics != "" {
		if err := writeMetrics(j.env.Metrics, report, code, flushed); err != nil {
			fmt.Fprintf(j.Err, "fusion: FUSION_METRICS: %v\n", err)
		}
	}
	return code
}

// flush brings the task's files to S3, then the launcher's own with their last words, then .exitcode.
func (j *job) flush(ctx context.Context, result Result) error {
	scope := control.Results
	if result.Stopped {
		scope = control.Stopped
	}
	first := j.files.Flush(ctx, scope)
	report, err := j.files.Report(context.WithoutCancel(ctx))
	if err == nil {
		j.log.Info("end", "code", result.Code, "seconds", result.Elapsed.Seconds(), "report", report)
	}
	for _, f := range report.Failed {
		j.log.Error("a file did not reach S3", "key", f.Key, "cause", f.Cause)
	}
	if first != nil {
		j.log.Error("not all files reached S3", "error", first)
	}
	if j.env.TraceAsked && j.dir != (control.Key{}) {
		first = errors.Join(first, j.writeTrace(result))
	}
	for _, c := range j.closers {
		first = errors.Join(first, c.Close())
	}
	if first != nil {
		// The launcher's own files may still get through; .exitcode stays away.
		ctx, cancel := context.WithTimeout(ctx, closing)
		defer cancel()
		_ = j.files.Flush(ctx, control.All)
		return first
	}
	return j.files.Flush(ctx, control.All)
}

func (j *job) writeTrace(result Result) error {
	file, err := j.files.Append(j.dir, traceFile)
	if err != nil {
		return err
	}
	_, err = file.Write(newTrace(result, ReadLimits().Container))
	return errors.Join(err, file.Close())
}

// complain says on standard error which files are missing, and why.
func (j *job) complain(err error, report control.Report) {
	if len(report.Failed) == 0 {
		fmt.Fprintf(j.Err, "fusion: not all files reached S3: %v\n", err)
	}
	for i, f := range report.Failed {
		if i == 10 {
			fmt.Fprintf(j.Err, "fusion: %d more files did not reach S3; see .fusion.log\n", len(report.Failed)-i)
			break
		}
		fmt.Fprintf(j.Err, "fusion: %s did not reach S3: %s\n", f.Key, f.Cause)
	}
}
