package nvme

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A Disk is one whole instance-store disk. Its serial number is its identity: kernel names change over reboots.
type Disk struct {
	Serial string `json:"serial"`
	Model  string `json:"model"`
	Bytes  int64  `json:"bytes"`
	name   string // in /sys/block and /dev
	number string // MAJOR:MINOR
}

// disks finds the disks by the sysfs alone: links of udev may come late, and instance metadata does not list them.
func (p *Preparer) disks() ([]Disk, error) {
	entries, err := os.ReadDir(p.path("sys/block"))
	if err != nil {
		return nil, err
	}
	var out []Disk
	for _, e := range entries {
		d := Disk{name: e.Name(), Model: p.attribute(e.Name(), "device/model"), Serial: p.attribute(e.Name(), "device/serial"), number: p.attribute(e.Name(), "dev")}
		sectors, _ := strconv.ParseInt(p.attribute(e.Name(), "size"), 10, 64) // always of 512 bytes
		d.Bytes = sectors * 512
		switch {
		case !strings.HasPrefix(d.Model, p.Model), strings.Contains(d.Model, neverModel), d.Serial == "":
			continue
		case p.attribute(e.Name(), "hidden") == "1", p.attribute(e.Name(), "ro") == "1", d.Bytes == 0:
			continue // a path of a multipath disk, or nothing to write to
		case slices.ContainsFunc(out, func(o Disk) bool { return o.number == d.number }):
			continue
		}
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b Disk) int { return strings.Compare(a.Serial, b.Serial) })
	for i := 1; i < len(out); i++ {
		if out[i].Serial == out[i-1].Serial {
			return nil, fmt.Errorf("two disks, %s and %s, have the serial %s", out[i-1].name, out[i].name, out[i].Serial)
		}
	}
	return out, nil
}

// attribute is a file of a block device's directory in the sysfs, without space around; "" where it is not there.
func (p *Preparer) attribute(name, file string) string {
	data, _ := os.ReadFile(p.path("sys/block", name, file))
	return strings.TrimSpace(string(data))
}

// children lists names in a directory of a block device: holders, slaves.
func (p *Preparer) children(name, dir string) []string {
	entries, _ := os.ReadDir(p.path("sys/block", name, dir))
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// partitions are the directories of a block device that have a file partition.
func (p *Preparer) partitions(name string) []string {
	found, _ := filepath.Glob(p.path("sys/block", name, "*", "partition"))
	var out []string
	for _, f := range found {
		out = append(out, filepath.Base(filepath.Dir(f)))
	}
	return out
}

// device is a block device's node.
func (p *Preparer) device(name string) string { return p.path("dev", name) }
