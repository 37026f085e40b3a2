package image_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

type entry struct {
	*tar.Header
	data []byte
}

func entries(t *testing.T, img v1.Image) []entry {
	t.Helper()
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for _, l := range layers {
		rc, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for r := tar.NewReader(rc); ; {
			h, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			data, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, entry{h, data})
		}
		rc.Close()
	}
	return out
}

// eachEntry calls f with each file of each platform's image.
func eachEntry(t *testing.T, f func(arch string, e entry)) {
	t.Helper()
	eachImage(t, build(t), func(arch string, img v1.Image) {
		for _, e := range entries(t, img) {
			f(arch, e)
		}
	})
}

// IM-03: sorted, root's, and no more than a name, a mode and a time.
func TestIM03Tar(t *testing.T) {
	last := map[string]string{}
	eachEntry(t, func(arch string, e entry) {
		if e.Uid != 0 || e.Gid != 0 || e.Uname != "" || e.Gname != "" || len(e.PAXRecords) > 0 || !e.AccessTime.IsZero() || !e.ChangeTime.IsZero() {
			t.Errorf("%s: %s carries more: %+v", arch, e.Name, e.Header)
		}
		if e.Name != "usr/bin/fusion" { // has a layer of its own
			if e.Name < last[arch] {
				t.Errorf("%s: %s comes after %s", arch, e.Name, last[arch])
			}
			last[arch] = e.Name
		}
	})
}

// IM-04: the gzip header holds neither name nor time.
func TestIM04Gzip(t *testing.T) {
	eachImage(t, build(t), func(arch string, img v1.Image) {
		layers, err := img.Layers()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range layers {
			rc, err := l.Compressed()
			if err != nil {
				t.Fatal(err)
			}
			z, err := gzip.NewReader(rc)
			if err != nil {
				t.Fatal(err)
			}
			if z.Name != "" || z.Comment != "" || len(z.Extra) > 0 || !z.ModTime.IsZero() {
				t.Errorf("%s: the header holds %+v", arch, z.Header)
			}
			rc.Close()
		}
	})
}

// IM-06: what is in the file system, and nothing else.
func TestIM06RootFS(t *testing.T) {
	want := map[string]string{ // mode and, for links, target
		"etc/": "0755", "etc/group": "0644", "etc/nsswitch.conf": "0644", "etc/passwd": "0644", "etc/ssl/": "0755", "etc/ssl/certs/": "0755",
		"etc/ssl/certs/ca-certificates.crt": "0644", "tmp/": "01777", "usr/": "0755", "usr/bin/": "0755", "usr/bin/fusion": "0755",
		"usr/bin/fuse-device-plugin": "0777 fusion", "usr/bin/fusion-node": "0777 fusion", "usr/bin/nvme-prep": "0777 fusion",
	}
	seen := map[string]int{}
	eachEntry(t, func(arch string, e entry) {
		got := "0" + octal(e.Mode)
		if e.Linkname != "" {
			got += " " + e.Linkname
		}
		if want[e.Name] != got {
			t.Errorf("%s: %s is %s, want %q", arch, e.Name, got, want[e.Name])
		}
		seen[arch]++
	})
	for arch, n := range seen {
		if n != len(want) {
			t.Errorf("%s: %d entries, want %d", arch, n, len(want))
		}
	}
}

func octal(mode int64) string {
	text := ""
	for ; mode > 0; mode /= 8 {
		text = string(rune('0'+mode%8)) + text
	}
	return text
}

func TestIM06Certificates(t *testing.T) {
	eachEntry(t, func(arch string, e entry) {
		if strings.HasSuffix(e.Name, ".crt") && strings.Count(string(e.data), "BEGIN CERTIFICATE") < 100 {
			t.Errorf("%s: the bundle has %d certificates", arch, strings.Count(string(e.data), "BEGIN CERTIFICATE"))
		}
	})
}

// IM-15: nothing that gives rights, and nothing that is secret.
func TestIM15NoRightsNoSecrets(t *testing.T) {
	secret := regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY-----\n|AKIA[0-9A-Z]{16}|ghp_[0-9A-Za-z]{36}`)
	if !secret.MatchString("AKIAIOSFODNN7EXAMPLE") {
		t.Error("the search finds nothing")
	}
	eachEntry(t, func(arch string, e entry) {
		if e.Mode&0o6000 != 0 {
			t.Errorf("%s: %s is setuid or setgid", arch, e.Name)
		}
		if len(e.PAXRecords) > 0 { // where file capabilities would be
			t.Errorf("%s: %s has extended attributes", arch, e.Name)
		}
		if found := secret.Find(e.data); found != nil {
			t.Errorf("%s: %s holds %q", arch, e.Name, found)
		}
	})
}

// IM-18: one binary; every other program is a name of it.
func TestIM18OneBinary(t *testing.T) {
	binaries := map[string]int{}
	eachEntry(t, func(arch string, e entry) {
		switch {
		case !strings.HasPrefix(e.Name, "usr/bin/") || e.Typeflag == tar.TypeDir:
		case e.Typeflag == tar.TypeSymlink && e.Linkname == "fusion":
		case e.Name == "usr/bin/fusion" && bytes.HasPrefix(e.data, []byte("\x7fELF")):
			binaries[arch]++
		default:
			t.Errorf("%s: %s is neither the binary nor a name of it", arch, e.Name)
		}
	})
	for arch, n := range binaries {
		if n != 1 {
			t.Errorf("%s: %d binaries", arch, n)
		}
	}
}
