package nvme

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// A survey is the node as it is now.
type survey struct {
	disks    []Disk
	contents []content // of disks
	mounts   []*mountinfo.Info
	array    string // name of the assembled array of our disks; "" without
	target   string // name of the device that has the filesystem: the disk, or the array; "" before the array is there
	held     content
	mounted  bool // the target, at the mount path
}

// look surveys the node, and refuses what must not be touched. Every disk is checked before the first refusal is
// acted on, and none is written to.
func (p *Preparer) look(disks []Disk) (*survey, error) {
	s := &survey{disks: disks}
	var err error
	if s.mounts, err = p.mounts(); err != nil {
		return nil, err
	}
	for _, d := range disks {
		c, err := probe(p.device(d.name), d.Bytes)
		if gone(err) {
			return nil, &Refusal{Phase: DiskMissing, Reason: "vanished", Serial: d.Serial, Detail: fmt.Sprintf("went away: %v", err)}
		}
		if err != nil {
			return nil, err
		}
		s.contents = append(s.contents, c)
	}
	s.array = p.assembled(s)
	switch {
	case len(disks) == 1:
		s.target, s.held = disks[0].name, s.contents[0]
	case s.array != "":
		size, err := sectors(p.attribute(s.array, "size"))
		if err == nil {
			s.target = s.array
			s.held, err = probe(p.device(s.array), size)
		}
		if err != nil {
			return nil, err
		}
	}
	s.mounted = s.target != "" && p.isMountedAt(s, s.target, p.path(p.Mount))
	var refusals []error
	for i, d := range disks {
		if r := p.refuse(s, d, s.contents[i]); r != nil {
			refusals = append(refusals, r)
		}
	}
	return s, errors.Join(refusals...)
}

// gone says whether an error is of a device that is no longer there.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENODEV)
}

// refuse says why a disk must not be touched, or nil.
func (p *Preparer) refuse(s *survey, d Disk, c content) error {
	no := func(reason, format string, args ...any) error {
		return &Refusal{Phase: Foreign, Reason: reason, Serial: d.Serial, Detail: fmt.Sprintf(format, args...)}
	}
	if parts := p.partitions(d.name); len(parts) > 0 {
		return no("partitions", "has %d partitions", len(parts))
	}
	holders := p.children(d.name, "holders")
	if len(holders) > 0 && !slices.Equal(holders, []string{s.array}) {
		if c.ours() && strings.HasPrefix(holders[0], "md") {
			return &Refusal{Phase: Degraded, Reason: "half_assembled", Serial: d.Serial, Detail: "is in an array of ours that is not whole, " + holders[0]}
		}
		return no("held", "is in use by %s%s", strings.Join(holders, ", "), owner(c))
	}
	if p.isSwap(d) {
		return no("swap", "is swap space")
	}
	inUse := false
	for _, m := range s.mounts {
		if !p.isDevice(m, d.name) && (s.array == "" || !p.isDevice(m, s.array)) {
			continue
		}
		inUse = true
		if !p.isOurMount(m, c) {
			return no("mounted", "is mounted at %s%s", strings.TrimPrefix(m.Mountpoint, p.Root), ownerOfMount(m.Mountpoint))
		}
	}
	if path := p.systemPath(s, d.name); path != "" {
		return no("system", "holds %s of the node", path)
	}
	if c.kind != blank && !c.ours() {
		return no("content", "holds %s%s; it is not blank and not ours", c, owner(c))
	}
	if s.array == "" && !inUse { // then nobody, not even we, may have it open
		if err := p.system.Claim(p.device(d.name), d.number); errors.Is(err, unix.EBUSY) {
			return no("busy", "is in use by something that the kernel does not name")
		} else if err != nil {
			return err
		}
	}
	return nil
}

// isOurMount reports whether a mount of a disk with such content is one that we made, or made of ours: the volumes of
// pods are binds of it, and outlive it when somebody takes it off.
func (p *Preparer) isOurMount(m *mountinfo.Info, c content) bool {
	at := m.Mountpoint
	return c.ours() && (at == p.path(p.Mount) || strings.HasPrefix(at, p.path(p.Mount)+"/") || strings.HasPrefix(at, p.path("/var/lib/kubelet/pods")+"/"))
}

// assembled finds the md device made of our disks and no others, whatever it is called.
func (p *Preparer) assembled(s *survey) string {
	var names []string
	for i, d := range s.disks {
		if s.contents[i].kind != "md" || !s.contents[i].ours() {
			return ""
		}
		names = append(names, d.name)
	}
	slices.Sort(names)
	for _, dir := range glob(p.path("sys/block/md*")) {
		slaves := p.children(filepath.Base(dir), "slaves")
		slices.Sort(slaves)
		state := p.attribute(filepath.Base(dir), "md/array_state")
		if len(names) > 0 && slices.Equal(slaves, names) && state != "inactive" && state != "clear" {
			return filepath.Base(dir)
		}
	}
	return ""
}

// owner says who is known to leave such a thing.
func owner(c content) string {
	switch {
	case c.kind == "md" && c.name == "kubernetes":
		return " (the node's own set-up, nodeadm, made it: leave scratch.provider to it)"
	case c.kind == "md" && c.name == "ephemeral":
		return " (Bottlerocket made it: leave scratch.provider to it)"
	case c.kind == "LVM2":
		return " (a volume manager has it, like the instance store CSI driver)"
	}
	return ""
}

func ownerOfMount(path string) string {
	switch {
	case strings.Contains(path, "/mnt/k8s-disks"):
		return " (the node's own set-up, nodeadm, did that)"
	case strings.Contains(path, "/mnt/.ephemeral"):
		return " (Bottlerocket did that)"
	}
	return ""
}

func glob(pattern string) []string {
	out, _ := filepath.Glob(pattern) // only a malformed pattern is an error
	return out
}

// mounts are those of the node's first process.
func (p *Preparer) mounts() ([]*mountinfo.Info, error) {
	f, err := os.Open(p.path("proc/1/mountinfo"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return mountinfo.GetMountsFromReader(f, nil)
}

// isDevice reports whether a mount is of a block device.
func (p *Preparer) isDevice(m *mountinfo.Info, name string) bool {
	return fmt.Sprintf("%d:%d", m.Major, m.Minor) == p.attribute(name, "dev")
}

func (p *Preparer) isMountedAt(s *survey, name, path string) bool {
	top := p.topAt(s, path)
	return top != nil && p.isDevice(top, name)
}

// topAt is what is seen at a mount point; nil where it is none.
func (p *Preparer) topAt(s *survey, path string) *mountinfo.Info {
	var top *mountinfo.Info
	for _, m := range s.mounts {
		if m.Mountpoint == path {
			top = m
		}
	}
	return top
}

func (p *Preparer) isSwap(d Disk) bool {
	data, _ := os.ReadFile(p.path("proc/swaps"))
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 0 && filepath.Base(fields[0]) == d.name {
			return true
		}
	}
	return false
}

// systemPath is the first of the node's vital paths whose chain of devices contains the disk.
func (p *Preparer) systemPath(s *survey, disk string) string {
	for _, path := range []string{"/", "/boot", "/var/lib/kubelet", "/var/lib/containerd"} {
		var best *mountinfo.Info
		at := p.path(path)
		for _, m := range s.mounts {
			covers := m.Mountpoint == at || m.Mountpoint == "/" || strings.HasPrefix(at, m.Mountpoint+"/")
			if covers && (best == nil || len(m.Mountpoint) >= len(best.Mountpoint)) {
				best = m
			}
		}
		if best != nil && p.reaches(fmt.Sprintf("%d:%d", best.Major, best.Minor), filepath.Base(best.Source), disk) {
			return path
		}
	}
	return ""
}

// reaches follows a device, by number or (for filesystems with numbers of their own) by name, to what it is made of.
func (p *Preparer) reaches(number, name, disk string) bool {
	for _, dir := range glob(p.path("sys/block/*")) {
		block := filepath.Base(dir)
		mine := p.attribute(block, "dev") == number || block == name
		for _, part := range p.partitions(block) {
			mine = mine || p.attribute(block, part+"/dev") == number || part == name
		}
		if mine && p.madeOf(block, disk) {
			return true
		}
	}
	return false
}

func (p *Preparer) madeOf(block, disk string) bool {
	return block == disk || slices.ContainsFunc(p.children(block, "slaves"), func(slave string) bool {
		whole := slave
		for _, dir := range glob(p.path("sys/block/*", slave, "partition")) {
			whole = filepath.Base(filepath.Dir(filepath.Dir(dir)))
		}
		return p.madeOf(whole, disk)
	})
}
