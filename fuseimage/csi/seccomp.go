package csi

import (
	"bytes"
	_ "embed" // the profile
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	goruntime "runtime"
)

// ProfileName is the seccomp profile's file in the kubelet's seccomp directory: localhostProfile of a pod.
const ProfileName = "fusion.json"

// What all architectures have in common: containerd's default profile for a container without capabilities, plus
// what a process needs to mount FUSE in a namespace of its own: clone with any flags, unshare, mount, umount2.
//
//go:embed seccomp.json
var commonProfile []byte

// Profile is the seccomp profile for nodes of a Go architecture, in the form of the OCI runtime specification.
func Profile(goarch string) ([]byte, error) {
	type rule map[string]any
	var profile struct {
		DefaultAction string   `json:"defaultAction"`
		Architectures []string `json:"architectures"`
		Syscalls      []rule   `json:"syscalls"`
	}
	if err := json.Unmarshal(commonProfile, &profile); err != nil {
		return nil, err
	}
	var own []string
	switch goarch {
	case "amd64":
		profile.Architectures = []string{"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"}
		own = []string{"arch_prctl", "modify_ldt"}
	case "arm64":
		profile.Architectures = []string{"SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64"}
		own = []string{"arm_fadvise64_64", "arm_sync_file_range", "breakpoint", "cacheflush", "set_tls", "sync_file_range2"}
	default:
		return nil, fmt.Errorf("no seccomp profile for %s; there are amd64 and arm64", goarch)
	}
	profile.Syscalls = append(profile.Syscalls, rule{"names": own, "action": "SCMP_ACT_ALLOW"})
	data, err := json.MarshalIndent(profile, "", "  ")
	return append(data, '\n'), err
}

// installProfile puts the profile into dir unless it is there byte for byte, and reports whether it had to. The
// file is whole at any time: a container that starts meanwhile gets the old or the new one.
func installProfile(dir string) (changed bool, err error) {
	profile, err := Profile(goruntime.GOARCH)
	if err != nil {
		return false, err
	}
	path := filepath.Join(dir, ProfileName)
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, profile) {
		return false, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, err
	}
	half := filepath.Join(dir, "."+ProfileName+".new")
	if err := writeSynced(half, profile, 0o644); err != nil {
		return false, errors.Join(err, os.Remove(half))
	}
	return true, os.Rename(half, path)
}
