// Package containerd holds the versions of containerd that tests run, and compares facts with its source.
package containerd

import (
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/containerd/containerd/v2/contrib/seccomp"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// TestProfile: fusion-node's seccomp profile allows what containerd's default profile allows a container without
// capabilities, four calls more, and nothing else. (The calls of one architecture alone are added at installation.)
func TestProfile(t *testing.T) {
	data, err := os.ReadFile("../../../fuseimage/csi/seccomp.json")
	if err != nil {
		t.Fatal(err)
	}
	var ours specs.LinuxSeccomp
	if err := json.Unmarshal(data, &ours); err != nil {
		t.Fatal(err)
	}
	theirs := seccomp.DefaultProfile(&specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{}}, Linux: &specs.Linux{}})
	if ours.DefaultAction != theirs.DefaultAction {
		t.Errorf("the default action is %s, containerd's %s", ours.DefaultAction, theirs.DefaultAction)
	}
	want := rules(t, theirs.Syscalls)
	for _, architecture := range []string{"arch_prctl", "modify_ldt"} {
		delete(want, architecture)
	}
	for _, more := range []string{"clone", "mount", "umount2", "unshare"} {
		want[more] = []string{`{"names":null,"action":"SCMP_ACT_ALLOW"}`}
	}
	got := rules(t, ours.Syscalls)
	for name, r := range want {
		if !slices.Equal(got[name], r) {
			t.Errorf("%s: %v, want %v", name, got[name], r)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("%s is allowed, and not by containerd", name)
	}
}

// rules are the rules for each call, without the names.
func rules(t *testing.T, all []specs.LinuxSyscall) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, r := range all {
		names := r.Names
		r.Names = nil
		if len(r.Args) == 0 {
			r.Args = nil
		}
		text, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			out[name] = append(out[name], string(text))
		}
	}
	return out
}
