package image

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"io/fs"

	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// The names that the multi-call binary answers to; the first is the file, the others link to it.
const (
	Binary    = "usr/bin/fusion"
	directory = "usr/bin/"
)

// Programs are the further names of the binary in the image.
func Programs() []string { return []string{"fuse-device-plugin", "fusion-node", "nvme-prep"} }

// file is an entry of a layer. Owner and group are root, times are the image's.
type file struct {
	name string // without a leading slash
	mode fs.FileMode
	data []byte
	link string // target of a symbolic link
}

// base is all that the image holds besides the binary: accounts, certificates, /tmp. Time zones are in the binary.
func base() []file {
	return []file{
		{name: "etc", mode: fs.ModeDir | 0o755},
		{name: "etc/group", mode: 0o644, data: []byte("root:x:0:\nnonroot:x:65532:\n")},
		{name: "etc/nsswitch.conf", mode: 0o644, data: []byte("hosts: files dns\n")},
		{name: "etc/passwd", mode: 0o644, data: []byte("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/:/sbin/nologin\n")},
		{name: "etc/ssl", mode: fs.ModeDir | 0o755},
		{name: "etc/ssl/certs", mode: fs.ModeDir | 0o755},
		{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, data: certificates()},
		{name: "tmp", mode: fs.ModeDir | fs.ModeSticky | 0o777},
	}
}

// runtime is the binary with its names.
func runtime(binary []byte) []file {
	files := []file{
		{name: "usr", mode: fs.ModeDir | 0o755},
		{name: "usr/bin", mode: fs.ModeDir | 0o755},
		{name: Binary, mode: 0o755, data: binary},
	}
	for _, name := range Programs() {
		files = append(files, file{name: directory + name, mode: 0o777, link: "fusion"})
	}
	return files
}

// certificates are the roots that browsers trust, without those that are trusted under a constraint that a PEM file cannot
// express (golang.org/x/crypto/x509roots).
func certificates() []byte {
	var out bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}) // a buffer takes every write
		}
	}
	return out.Bytes()
}

// certificatesHash is what the SBOM says of the bundle.
func certificatesHash() string {
	sum := sha256.Sum256(certificates())
	return hex.EncodeToString(sum[:])
}
