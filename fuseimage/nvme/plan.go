package nvme

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// A Step changes the node. In Command, disks are named by serial and the array as such, so that a plan does not
// depend on the kernel's names.
type Step struct {
	Do      string   `json:"do"`
	Command []string `json:"command,omitempty"` // none for what needs no tool
	Serials []string `json:"serials,omitempty"`
	run     func(context.Context) error
}

func (s Step) String() string { return s.Do + ": " + strings.Join(s.Command, " ") }

// A Plan is what there is and what is missing. It is the same bytes for the same disks.
type Plan struct {
	Phase  Phase  `json:"phase"`
	Reason string `json:"reason,omitempty"`
	Disks  []Disk `json:"disks"`
	Mount  string `json:"mount"`
	Steps  []Step `json:"steps"`
}

// inArray is how a plan calls the array's device.
const inArray = "array:" + arrayName

// steps lists what is missing, in order. The error is a Refusal.
func (p *Preparer) steps(s *survey) ([]Step, error) {
	if s.mounted {
		return p.finish(s), nil
	}
	if err := p.canMount(s); err != nil {
		return nil, err
	}
	writes, err := p.remake(s)
	if err != nil {
		return nil, err
	}
	held := s.held
	if len(writes) > 0 || s.contents[0].kind == blank {
		held = content{kind: blank}
		if len(s.disks) > 1 {
			writes = append(writes, p.tool(s, "create the array", p.create(s)...))
		}
	} else if s.target == "" { // what is on the array shows once it is assembled
		return []Step{p.tool(s, "assemble the array", append([]string{"mdadm", "--assemble", "/dev/md/" + arrayName}, members(s)...)...)}, nil
	}
	switch {
	case held.unfinished && held.ours():
		writes = append(writes, p.own(s, "erase the filesystem that was cut off", func(context.Context) error { return p.system.Erase(p.device(s.target)) }), p.mkfs(s))
	case held.ours() && held.kind == p.Filesystem:
	case held.kind == blank, held.kind == unknown && s.target == s.array: // an array of ours holds what we left
		writes = append(writes, p.mkfs(s))
	default:
		return nil, &Refusal{Phase: Foreign, Reason: "content", Detail: fmt.Sprintf("our array holds %s, which is not ours", held)}
	}
	if p.NeverWrite && len(writes) > 0 {
		return nil, &Refusal{Phase: Foreign, Reason: "policy", Detail: "the disks are not prepared, and the wipe policy is never"}
	}
	out := append(writes, p.own(s, "mount "+p.Mount, func(context.Context) error { return p.mount(s) }))
	return append(out, p.finish(s)...), nil
}

// remake returns the steps that clear what is ours and of no use, none where there is nothing of the kind, or the
// refusal to clear it.
func (p *Preparer) remake(s *survey) ([]Step, error) {
	why := p.unusable(s)
	if why == "" {
		return nil, nil
	}
	for _, m := range s.mounts {
		for _, d := range s.disks {
			if p.isDevice(m, d.name) || s.array != "" && p.isDevice(m, s.array) {
				return nil, &Refusal{Phase: Degraded, Reason: "incomplete", Detail: why + ", and it is mounted"}
			}
		}
	}
	if !p.RecreateOwned {
		return nil, &Refusal{Phase: Degraded, Reason: "incomplete", Detail: why + "; with --recreate-owned it is made anew"}
	}
	var out []Step
	if s.array != "" {
		out = append(out, p.tool(s, "stop the array", "mdadm", "--stop", inArray))
	}
	for i, d := range s.disks {
		switch c := s.contents[i]; {
		case c.kind == "md":
			out = append(out, p.tool(s, "clear our member", "mdadm", "--zero-superblock", "disk:"+d.Serial))
		case c.ours():
			out = append(out, p.own(s, "erase our filesystem on "+d.Serial, func(context.Context) error { return p.system.Erase(p.device(d.name)) }))
		}
	}
	return out, nil
}

// unusable says why what is ours on the disks cannot be used as it is; "" where it can, or where all is blank.
func (p *Preparer) unusable(s *survey) string {
	first, ours := s.contents[0], 0
	for _, c := range s.contents {
		if c.ours() {
			ours++
		}
	}
	if ours == 0 {
		return ""
	}
	if len(s.disks) == 1 && first.kind != "md" {
		return p.otherFilesystem(first)
	}
	for i, c := range s.contents {
		switch {
		case c.kind == "md" && c.members != len(s.disks):
			return fmt.Sprintf("disk %s is one of %d in our array, and there are %d disks", s.disks[i].Serial, c.members, len(s.disks))
		case c.kind != "md" || c.array != first.array:
			return fmt.Sprintf("disk %s holds %s and disk %s holds %s: not one whole array", s.disks[0].Serial, first, s.disks[i].Serial, c)
		}
	}
	return p.otherFilesystem(s.held)
}

func (p *Preparer) otherFilesystem(c content) string {
	if c.ours() && c.kind != "md" && c.kind != p.Filesystem {
		return fmt.Sprintf("our filesystem is %s and %s is asked for", c.kind, p.Filesystem)
	}
	return ""
}

// create makes a striped array. There is no --run: where mdadm finds something that we did not, it asks, gets no
// answer, and does nothing.
func (p *Preparer) create(s *survey) []string {
	return append([]string{"mdadm", "--create", "/dev/md/" + arrayName, "--level=" + strconv.Itoa(p.Level), "--raid-devices=" + strconv.Itoa(len(s.disks)),
		"--chunk=" + strconv.Itoa(chunk), "--metadata=1.2", "--homehost=any", "--name=" + arrayName}, members(s)...)
}

func members(s *survey) []string {
	var out []string
	for _, d := range s.disks {
		out = append(out, "disk:"+d.Serial)
	}
	return out
}

// mkfs does not trim: instance-store disks arrive trimmed, and trimming them again takes minutes. Without force, it
// refuses what it recognises.
func (p *Preparer) mkfs(s *survey) Step {
	device, disks := "disk:"+s.disks[0].Serial, len(s.disks)
	if disks > 1 {
		device = inArray
	}
	if p.Filesystem == "xfs" { // which asks the array how to align itself
		return p.tool(s, "make the filesystem", "mkfs.xfs", "-q", "-K", "-L", label, device)
	}
	extended := "nodiscard"
	if disks > 1 {
		const stride = chunk / 4 // blocks of 4 KiB
		if p.Level == 10 {
			disks /= 2
		}
		extended = fmt.Sprintf("nodiscard,stride=%d,stripe-width=%d", stride, stride*disks)
	}
	return p.tool(s, "make the filesystem", "mkfs.ext4", "-q", "-E", extended, "-m", "0", "-L", label, device)
}

// canMount refuses to hide something: a mount of others, or files, which would be on the root disk.
func (p *Preparer) canMount(s *survey) error {
	dir := p.path(p.Mount)
	if top := p.topAt(s, dir); top != nil {
		return &Refusal{Phase: Foreign, Reason: "mount_point", Detail: fmt.Sprintf("%s has another mount, of %s", p.Mount, top.Source)}
	}
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return canMake(dir)
	case err != nil:
		return err
	case len(entries) > 0:
		return &Refusal{Phase: Foreign, Reason: "mount_point", Detail: fmt.Sprintf("%s is not empty: it has %s", p.Mount, entries[0].Name())}
	}
	return nil
}

// canMake finds out before the disks are written to that the directory could not be made: on a root that is read-only.
func canMake(dir string) error {
	parent, err := dir, os.ErrNotExist
	for errors.Is(err, os.ErrNotExist) {
		parent = filepath.Dir(parent)
		_, err = os.Stat(parent)
	}
	if err == nil {
		err = unix.Access(parent, unix.W_OK)
	}
	if err != nil {
		return fmt.Errorf("the node takes no directory %s: %w", dir, err)
	}
	return nil
}

func (p *Preparer) mount(s *survey) error {
	dir, device := p.path(p.Mount), p.device(s.target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	const flags = unix.MS_NOATIME | unix.MS_NODEV | unix.MS_NOSUID
	if p.Filesystem == "ext4" {
		return p.system.Mount(device, dir, "ext4", flags, "")
	}
	err := p.system.Mount(device, dir, "xfs", flags, "prjquota")
	if errors.Is(err, unix.EINVAL) { // a kernel without XFS_QUOTA
		p.Log.Warn("the kernel has no project quotas; mounting without", "serials", serials(s.disks))
		err = p.system.Mount(device, dir, "xfs", flags, "")
	}
	return err
}

// finish makes the directory that tasks get parts of. It is made in the mounted filesystem only, so that a pod whose
// hostPath it is fails to start where the mount is missing, instead of filling the root disk.
func (p *Preparer) finish(s *survey) []Step {
	dir := p.path(p.Mount, Scratch)
	if info, err := os.Stat(dir); s.mounted && err == nil && info.IsDir() && info.Mode()&(os.ModeSticky|0o777) == os.ModeSticky|0o777 {
		return nil
	}
	return []Step{p.own(s, "make "+p.Mount+"/"+Scratch, func(context.Context) error {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
			return err
		}
		return os.Chmod(dir, os.ModeSticky|0o777)
	})}
}

// tool is a step that runs a program of the node.
func (p *Preparer) tool(s *survey, do string, command ...string) Step {
	return Step{Do: do, Command: command, Serials: serials(s.disks), run: func(ctx context.Context) error {
		args := make([]string, len(command))
		for i, a := range command {
			args[i] = a
			for _, d := range s.disks {
				if a == "disk:"+d.Serial {
					args[i] = p.device(d.name)
				}
			}
			if a == inArray {
				args[i] = p.device(s.array)
			}
		}
		return p.system.Run(ctx, args[0], args[1:]...)
	}}
}

// own is a step that needs no program.
func (p *Preparer) own(s *survey, do string, run func(context.Context) error) Step {
	return Step{Do: do, Serials: serials(s.disks), run: run}
}

func serials(disks []Disk) []string {
	var out []string
	for _, d := range disks {
		out = append(out, d.Serial)
	}
	return out
}

func sectors(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n * 512, err
}
