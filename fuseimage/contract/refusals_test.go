package contract

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// F33 and the other ways in which a node refuses: one sentence before the child starts, exit code 1.
func TestF33Refusals(t *testing.T) {
	for name, c := range map[string]struct {
		box  box
		says []string
	}{
		"no device":            {box{UID: 1000, NoDevice: true}, []string{"no /dev/fuse", "nextflow.io/fuse"}},
		"device closed":        {box{UID: 1000, DevMode: 0o600}, []string{"mode 0600", "uid 1000"}},
		"no mount point":       {box{UID: 1000, DevMode: 0o666, NoPoint: true, ReadOnly: true}, []string{"/fusion does not exist", "emptyDir"}},
		"no mount point, root": {box{Caps: allCaps, DevMode: 0o666, NoPoint: true}, []string{"/fusion does not exist"}},
		"root without rights":  {box{DevMode: 0o666}, []string{"CAP_SETFCAP"}},
		"seccomp, clone":       {box{UID: 1000, DevMode: 0o666, Deny: []int{unix.SYS_CLONE, unix.SYS_UNSHARE}}, []string{"seccomp", "user namespace"}},
		"seccomp, mount":       {box{UID: 1000, DevMode: 0o666, Deny: []int{unix.SYS_MOUNT}}, []string{"seccomp", "mount"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := c.box
			b.Args = []string{"/opt/fusion", "echo", "the child ran"}
			r := b.start(t)
			code := r.wait()
			if code != 1 || r.out.String() != "" {
				t.Errorf("exit code %d, output %q; want 1 and none", code, &r.out)
			}
			said := r.err.String()
			if strings.Count(said, "\n") != 1 || !strings.HasPrefix(said, "fusion: ") {
				t.Errorf("said %q, want one line", said)
			}
			for _, word := range c.says {
				if !strings.Contains(said, word) {
					t.Errorf("said %q, want it to hold %q", said, word)
				}
			}
		})
	}
}

// FUSION_MAX_MOUNT_RETRIES: mounting is tried again for a node that is late, and the sentence says how often it was.
func TestMountRetries(t *testing.T) {
	late := box{Caps: allCaps, DevMode: 0o666, NoPoint: true, Env: map[string]string{"FUSION_MAX_MOUNT_RETRIES": "5"}}
	late.Args = []string{"bash", "-c", "(sleep 0.3; mkdir /fusion) & exec /opt/fusion echo the child ran"}
	r := late.start(t)
	if code := r.wait(); code != 0 || r.out.String() != "the child ran\n" {
		t.Errorf("a late mount point: exit code %d, output %q, said %q", code, &r.out, &r.err)
	}
	never := box{Caps: allCaps, DevMode: 0o666, NoPoint: true, Env: map[string]string{"FUSION_MAX_MOUNT_RETRIES": "1"}, Args: []string{"/opt/fusion", "echo", "the child ran"}}
	r = never.start(t)
	if code := r.wait(); code != 1 || r.out.String() != "" || !strings.Contains(r.said(), "/fusion does not exist") || !strings.Contains(r.said(), "tried 2 times") {
		t.Errorf("no mount point: exit code %d, output %q, said %q", code, &r.out, &r.err)
	}
}

// What cannot be understood is refused before the child starts.
func TestF33Environment(t *testing.T) {
	for _, c := range []struct{ name, value string }{{"FUSION_CACHE_SIZE", "lots"}, {"FUSION_TAGS", "[x"}, {"FUSION_CACHE_LOCATION", "/proc/none"}} {
		b := box{UID: 1000, DevMode: 0o666, Env: map[string]string{c.name: c.value}, Args: []string{"/opt/fusion", "echo", "the child ran"}}
		r := b.start(t)
		if code := r.wait(); code != 1 || r.out.String() != "" || !strings.Contains(r.said(), c.name) {
			t.Errorf("%s=%s: exit code %d, output %q, said %q", c.name, c.value, code, &r.out, &r.err)
		}
	}
}

// The doctor's verdict is the launcher's: what fails there fails here.
func TestDoctor(t *testing.T) {
	s := newStore(t)
	for name, c := range map[string]struct {
		box  box
		code int
		want map[string]string
	}{
		"good": {box{UID: 1000, DevMode: 0o666}, 0, map[string]string{"mount": "pass", "device": "pass", "bucket": "pass", "clock": "pass"}},
		"bad":  {box{UID: 1000, DevMode: 0o600}, 1, map[string]string{"mount": "fail", "device": "fail", "bucket": "pass"}},
	} {
		c.box.Env, c.box.Args = s.environment(), []string{"/opt/fusion", "doctor", "--json", s.bucket}
		r := c.box.start(t)
		code := r.wait()
		var report struct {
			Version int
			Checks  []struct{ Name, Verdict, Found string }
		}
		if err := json.Unmarshal([]byte(r.out.String()), &report); err != nil || report.Version != 1 || code != c.code {
			t.Fatalf("%s: exit code %d, want %d; %v; %s%s", name, code, c.code, err, &r.out, &r.err)
		}
		got := map[string]string{}
		for _, check := range report.Checks {
			got[check.Name] = check.Verdict
		}
		for check, verdict := range c.want {
			if got[check] != verdict {
				t.Errorf("%s: %s is %q, want %q (%s)", name, check, got[check], verdict, fmt.Sprint(report.Checks))
			}
		}
	}
}
