package task

import (
	"context"
	"errors"
	"flag"
	"os"
	"runtime"

	"github.com/fusiongen/fusiongen/fuseimage/doctor"
	"github.com/fusiongen/fusiongen/fuseimage/mount"
)

// doctor examines this container. The exit code is 0 unless a check failed.
func (p Program) doctor(ctx context.Context, o options) int {
	flags := flag.NewFlagSet("fusion doctor", flag.ContinueOnError)
	flags.SetOutput(p.Err)
	asJSON := flags.Bool("json", false, "print the report as JSON")
	if err := flags.Parse(o.args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return codeFatal
	}
	env, err := ReadEnvironment(os.Getenv)
	if err != nil {
		return p.fail(err)
	}
	patient := doctor.Patient{
		Node: mount.Probe(), Memory: ReadLimits().Container, CacheDir: env.CacheDir, S3: env.S3, Buckets: flags.Args(), Mount: tryMount,
	}
	if key, ok := keyOf(o.root, env.Work); ok && len(patient.Buckets) == 0 {
		patient.Buckets = []string{key.Bucket}
	}
	report := doctor.Examine(ctx, patient)
	write := report.WriteText
	if *asJSON {
		write = report.WriteJSON
	}
	if err := write(p.Out); err != nil {
		return p.fail(err)
	}
	if report.Verdict == doctor.Fail {
		return codeFatal
	}
	return 0
}

// tryMount mounts on a directory of its own, as the launcher would, and unmounts.
func tryMount() (string, error) {
	dir, err := os.MkdirTemp("", "fusion-doctor-")
	if err != nil {
		return "", err
	}
	defer os.Remove(dir)
	runtime.LockOSThread() // the kernel ends the inner process with the thread that started it
	defer runtime.UnlockOSThread()
	conn, inner, err := mount.Attach(dir, os.Args[0], []string{"--inside", "--root", dir, "--try"})
	switch {
	case err != nil:
		return "", err
	case inner != nil:
		_, err := inner.Wait()
		return "in a user namespace", err
	case conn.Helped():
		return "by fusermount3", conn.Unmount()
	}
	return "directly, by mount(2)", conn.Unmount()
}
