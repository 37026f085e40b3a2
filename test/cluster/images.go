package cluster

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// pauseImage holds a pod's namespaces; containerd wants it by this name.
const pauseImage = "docker.io/local/pause:1"

// PauseImage is a docker archive of an image that sleeps.
func PauseImage() (io.Reader, error) {
	return Image(pauseImage, v1.Config{Cmd: []string{"/bin/busybox", "sleep", "2147483647"}}, File{Name: "bin/busybox", From: "/bin/busybox"})
}

// File is an entry of a test image: a copy of a file of this machine, a text, a link or a directory.
type File struct {
	Name string // without a leading slash; a directory ends with one
	From string // path on this machine
	Text string
	Link string
	Mode int64 // 0755 when 0
}

// Busybox are the files of a small userland with bash, from Debian's static builds.
func Busybox() ([]File, error) {
	for path, pkg := range map[string]string{"/bin/busybox": "busybox-static", "/bin/bash-static": "bash-static"} {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("%s is missing; install the Debian package %s", path, pkg)
		}
	}
	files := []File{
		{Name: "bin/"}, {Name: "etc/"}, {Name: "proc/"}, {Name: "sys/"}, {Name: "dev/"}, {Name: "usr/"}, {Name: "usr/bin/"}, {Name: "root/", Mode: 0o700},
		{Name: "tmp/", Mode: 0o1777}, {Name: "var/"}, {Name: "var/tmp/", Mode: 0o1777},
		{Name: "bin/busybox", From: "/bin/busybox"}, {Name: "bin/bash", From: "/bin/bash-static"},
		{Name: "etc/passwd", Text: "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000:user:/tmp:/bin/sh\n", Mode: 0o644},
		{Name: "etc/group", Text: "root:x:0:\nuser:x:1000:\n", Mode: 0o644},
	}
	applets, err := exec.Command("/bin/busybox", "--list").Output()
	if err != nil {
		return nil, err
	}
	for a := range strings.FieldsSeq(string(applets)) {
		if a != "busybox" && a != "bash" {
			files = append(files, File{Name: "bin/" + a, Link: "busybox"})
		}
	}
	return append(files, File{Name: "usr/bin/env", Link: "/bin/busybox"}), nil
}

// Image is a docker archive of one layer, made without an engine; ref is the full name that pods use.
func Image(ref string, config v1.Config, files ...File) (io.Reader, error) {
	data, err := tarOf(files)
	if err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil })
	if err != nil {
		return nil, err
	}
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	file, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Config = "linux", "amd64", config
	if file.Config.Env == nil {
		file.Config.Env = []string{"PATH=/usr/local/bin:/usr/bin:/sbin:/bin"}
	}
	if img, err = mutate.ConfigFile(img, file); err != nil {
		return nil, err
	}
	tag, err := name.NewTag(ref)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	return &out, tarball.Write(tag, img, &out)
}

func tarOf(files []File) ([]byte, error) {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		if err := f.write(w); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return out.Bytes(), w.Close()
}

func (f File) write(w *tar.Writer) error {
	h := &tar.Header{Name: f.Name, Mode: f.Mode, Typeflag: tar.TypeReg}
	if h.Mode == 0 {
		h.Mode = 0o755
	}
	data := []byte(f.Text)
	switch {
	case strings.HasSuffix(f.Name, "/"):
		h.Typeflag = tar.TypeDir
	case f.Link != "":
		h.Typeflag, h.Linkname = tar.TypeSymlink, f.Link
	case f.From != "":
		var err error
		if data, err = os.ReadFile(f.From); err != nil {
			return err
		}
	case filepath.IsAbs(f.Name):
		return errors.New("names in an image have no leading slash")
	}
	if h.Typeflag == tar.TypeReg {
		h.Size = int64(len(data))
	}
	if err := w.WriteHeader(h); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeReg {
		return nil
	}
	_, err := w.Write(data)
	return err
}
