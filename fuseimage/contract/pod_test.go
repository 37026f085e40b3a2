package contract

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Rights that a runtime gives to a container.
const (
	allCaps = ^uint64(0)
	// containerd's default set (oci.defaultUnixCaps)
	defaultCaps = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_FSETID | 1<<unix.CAP_FOWNER | 1<<unix.CAP_MKNOD | 1<<unix.CAP_NET_RAW |
		1<<unix.CAP_SETGID | 1<<unix.CAP_SETUID | 1<<unix.CAP_SETFCAP | 1<<unix.CAP_SETPCAP | 1<<unix.CAP_NET_BIND_SERVICE | 1<<unix.CAP_SYS_CHROOT |
		1<<unix.CAP_KILL | 1<<unix.CAP_AUDIT_WRITE
)

// work is the key of the task's directory in all tests.
const work = "work/ab/cdef0123"

// A pod is a task pod as Nextflow would submit it.
type pod struct {
	box
	*store
	t       *testing.T
	outputs []string // declared; nil for no block
	stage   []string // staging commands
}

// each runs a test privileged (mount(2), kernel passthrough) and as uid 1000 without any right (user namespace,
// page cache).
func each(t *testing.T, test func(t *testing.T, p *pod)) {
	t.Helper()
	for name, b := range map[string]box{"root": {Caps: allCaps, DevMode: 0o666}, "user": {UID: 1000, DevMode: 0o666}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStore(t)
			p := &pod{box: b, store: s, t: t}
			p.Env, p.Dir = s.environment(), "/"
			p.Env["FUSION_WORK"] = p.path("")
			test(t, p)
		})
	}
}

// path of a file in the task's directory, on the mount.
func (p *pod) path(name string) string {
	return strings.TrimSuffix("/fusion/s3/"+p.bucket+"/"+work+"/"+name, "/")
}

// key of a file in the task's directory.
func (p *pod) key(name string) string { return work + "/" + name }

// begin stores what the head stores before it submits a task, and starts the pod.
func (p *pod) begin(script string) *run {
	p.t.Helper()
	p.put(p.key(".command.sh"), "#!/bin/bash -ue\n"+script+"\n")
	p.put(p.key(".command.run"), p.wrapper())
	p.Args = []string{"/opt/fusion", "bash", p.path(".command.run")}
	return p.start(p.t)
}

// task runs a script as a task that has to succeed.
func (p *pod) task(script string) *run {
	p.t.Helper()
	r := p.begin(script)
	if code := r.wait(); code != 0 {
		p.t.Fatalf("exit code %d\nstdout:\n%s\nstderr:\n%s", code, &r.out, &r.err)
	}
	return r
}

// wrapper is a .command.run that does what Nextflow's does: header, staging, tees, exit code in a trap.
func (p *pod) wrapper() string {
	var header strings.Builder
	if p.outputs != nil {
		header.WriteString("### outputs:\n")
		for _, o := range p.outputs {
			fmt.Fprintf(&header, "### - '%s'\n", o)
		}
	}
	return fmt.Sprintf(`#!/bin/bash
### ---
### name: 'TEST (1)'
%s### ...
set -e -u
leave() {
    status=${result:=$?}
    printf -- $status > .exitcode
    exit $status
}
terminated() {
    set +e
    kill $(ps -o pid= --ppid $pid) 2>/dev/null
}
stage() {
    true
    %s
}
trap leave EXIT
trap terminated TERM INT USR2
cd %s
: > .command.begin
stage
set +e
(set -o pipefail; (bash -ue .command.sh | tee .command.out) 3>&1 1>&2 2>&3 | tee .command.err) &
pid=$!
wait $pid || result=$?
`, header.String(), strings.Join(p.stage, "\n    "), p.path(""))
}
