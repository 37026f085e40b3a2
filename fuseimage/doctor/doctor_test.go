package doctor

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/mount"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// healthy is an unprivileged pod on a good node.
func healthy(t *testing.T) Patient {
	return Patient{
		Node:     mount.Node{Kernel: "6.12.40-63.114.amzn2023.x86_64", UID: 1000, MaxUserNamespaces: 30_000, DeviceMode: 0o666},
		CacheDir: t.TempDir(),
		Mount:    func() (string, error) { return "in a user namespace", nil },
	}
}

func TestNodeVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(p *Patient)
		check   string
		verdict Verdict
		says    string
	}{
		"good kernel":      {func(p *Patient) {}, "kernel", Pass, "6.12.40"},
		"old kernel":       {func(p *Patient) { p.Node.Kernel = "4.14.1" }, "kernel", Fail, "4.18"},
		"no passthrough":   {func(p *Patient) { p.Node.Kernel = "6.1.155-176.282.amzn2023" }, "kernel", Degraded, "6.9"},
		"good device":      {func(p *Patient) {}, "device", Pass, "0666"},
		"no device":        {func(p *Patient) { p.Node.DeviceErr = &mount.Failure{Stage: mount.StageDevice, Err: syscall.ENOENT} }, "device", Fail, "nextflow.io/fuse"},
		"mounts":           {func(p *Patient) {}, "mount", Pass, "user namespace"},
		"does not mount":   {func(p *Patient) { p.Mount = func() (string, error) { return "", errors.New("cannot mount: because") } }, "mount", Fail, "because"},
		"namespaces off":   {func(p *Patient) { p.Node.MaxUserNamespaces = 0 }, "user namespaces", Fail, "16384"},
		"off, privileged":  {func(p *Patient) { p.Node.MaxUserNamespaces, p.Node.Effective = 0, 1<<unix.CAP_SYS_ADMIN }, "user namespaces", Pass, "off"},
		"not told":         {func(p *Patient) { p.Node.MaxUserNamespaces = -1 }, "user namespaces", Pass, "no limit"},
		"seccomp":          {func(p *Patient) { p.Node.Seccomp = 2 }, "seccomp", Degraded, "umount2"},
		"AppArmor":         {func(p *Patient) { p.Node.AppArmor = "docker-default (enforce)" }, "AppArmor", Degraded, "docker-default"},
		"AppArmor, Ubuntu": {func(p *Patient) { p.Node.AppArmorRestricts = true }, "AppArmor", Fail, "apparmor_restrict"},
		"cache":            {func(p *Patient) {}, "cache disk", "", "GiB free"},
		"no cache":         {func(p *Patient) { p.CacheDir = "/nowhere" }, "cache disk", Fail, "FUSION_CACHE_LOCATION"},
		"cache in memory":  {func(p *Patient) { p.CacheDir = "/dev/shm" }, "cache disk", Degraded, "tmpfs"},
		"no limit":         {func(p *Patient) {}, "memory", Pass, "no limit"},
		"large limit":      {func(p *Patient) { p.Memory = 2 << 30 }, "memory", Pass, "2048 MiB"},
		"small limit":      {func(p *Patient) { p.Memory = 128 << 20 }, "memory", Degraded, "128 MiB"},
		"no bucket":        {func(p *Patient) {}, "bucket", Degraded, "fusion doctor BUCKET"},
	} {
		p := healthy(t)
		c.change(&p)
		found := false
		for _, check := range Examine(t.Context(), p).Checks {
			if check.Name != c.check {
				continue
			}
			found = true
			if c.verdict != "" && check.Verdict != c.verdict || !strings.Contains(check.Found+" "+check.Hint, c.says) {
				t.Errorf("%s: %+v; want %s and %q", name, check, c.verdict, c.says)
			}
		}
		if !found {
			t.Errorf("%s: no check %q", name, c.check)
		}
	}
}

func TestClock(t *testing.T) {
	for skew, want := range map[time.Duration]Verdict{0: Pass, 5 * time.Minute: Degraded, -5 * time.Minute: Degraded, 20 * time.Minute: Fail} {
		endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", time.Now().Add(-skew).UTC().Format(http.TimeFormat))
		}))
		p := healthy(t)
		p.S3 = object.Config{Endpoint: endpoint.URL}
		if got := p.clock(t.Context()); got.Verdict != want {
			t.Errorf("%v: %+v, want %s", skew, got, want)
		}
		endpoint.Close()
		if got := p.clock(t.Context()); got.Verdict != Fail {
			t.Errorf("an endpoint that is away: %+v, want fail", got)
		}
	}
}

// The whole takes the worst verdict, and both forms say the same.
func TestReport(t *testing.T) {
	p := healthy(t)
	p.Memory = 64 << 20
	r := Examine(t.Context(), p)
	if r.Verdict != Degraded {
		t.Errorf("verdict %s, want degraded", r.Verdict)
	}
	p.Node.MaxUserNamespaces = 0
	if r = Examine(t.Context(), p); r.Verdict != Fail {
		t.Errorf("verdict %s, want fail", r.Verdict)
	}
	var text, data bytes.Buffer
	if err := errors.Join(r.WriteText(&text), r.WriteJSON(&data)); err != nil {
		t.Fatal(err)
	}
	var again Report
	if err := json.Unmarshal(data.Bytes(), &again); err != nil || len(again.Checks) != len(r.Checks) || again.Version != 1 {
		t.Errorf("%v: %s", err, &data)
	}
	for _, c := range r.Checks {
		if !strings.Contains(text.String(), c.Found) {
			t.Errorf("the text does not say %q", c.Found)
		}
	}
}

func TestRelease(t *testing.T) {
	for text, want := range map[string][2]int{"6.18.44-fc": {6, 18}, "5.4": {5, 4}, "6.9-rc1": {6, 9}, "": {0, 0}, "x.y": {0, 0}} {
		if got := release(text); got != want {
			t.Errorf("release(%q) = %v, want %v", text, got, want)
		}
	}
}
