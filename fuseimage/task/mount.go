package task

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/control"
	"github.com/fusiongen/fusiongen/fuseimage/mount"
	"github.com/fusiongen/fusiongen/fuseimage/server"
)

// mount serves a mount until it is told to end: of one bucket, or of all as s3/BUCKET. With FUSION_CONTROL it
// listens there for a launcher.
//
// It mounts in the caller's own namespace, because a mount in another one would not be seen.
func (p Program) mount(ctx context.Context, o options) int {
	args := o.args[1:]
	if len(args) == 0 || len(args) > 2 {
		return p.fail(errors.New("usage: fusion mount [BUCKET] DIR"))
	}
	dir, err := filepath.Abs(args[len(args)-1])
	if err != nil {
		return p.fail(err)
	}
	bucket, what := "", "S3"
	if len(args) == 2 {
		bucket, what = args[0], "s3://"+args[0]
	}
	signals := notify()
	env, err := ReadEnvironment(os.Getenv)
	if err != nil {
		return p.fail(err)
	}
	conn, err := mount.Here(dir)
	if err != nil {
		return p.fail(err)
	}
	limits := ReadLimits()
	limits.Apply()
	log := newLogFile(env.LogLevel)
	log.open(p.Err)
	config := env.serverConfig(limits, log)
	config.Bucket = bucket
	files, err := server.Start(ctx, conn, config)
	if err != nil {
		_ = conn.Unmount()
		return p.fail(err)
	}
	if env.Control != "" {
		stop, err := listen(ctx, env.Control, files)
		if err != nil {
			_ = files.Close(ctx)
			return p.fail(err)
		}
		defer stop()
	}
	fmt.Fprintf(p.Err, "fusion: %s is at %s until SIGINT or SIGTERM\n", what, dir)
	for s := range signals {
		if s == unix.SIGINT || s == unix.SIGTERM {
			break
		}
	}
	code := 0
	if err := files.Flush(ctx, control.All); err != nil {
		report, _ := files.Report(ctx)
		(&job{Program: p}).complain(err, report)
		code = codeIO
	}
	ctx, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	if err := files.Close(ctx); err != nil {
		fmt.Fprintf(p.Err, "fusion: leaving: %v\n", err)
	}
	return code
}

// listen answers launchers on a socket that only this user may connect to.
func listen(ctx context.Context, path string, s control.Server) (stop func(), err error) {
	old := unix.Umask(0o177)
	listener, err := net.Listen("unix", path)
	unix.Umask(old)
	if err != nil {
		return nil, fmt.Errorf("FUSION_CONTROL: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = control.Serve(ctx, conn, s) }() // what a launcher says wrong is its own loss
		}
	}()
	return func() { cancel(); listener.Close() }, nil
}
