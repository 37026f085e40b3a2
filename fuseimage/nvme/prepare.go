package nvme

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// An Outcome is what a run came to.
type Outcome struct {
	Phase       Phase
	Err         error // why, where the phase is not Ready or NoDisks
	Disks       []Disk
	Total, Free int64 // bytes of the mounted filesystem
	Steps       int   // that were run
}

// Tell logs what a run came to.
func (o Outcome) Tell(log *slog.Logger) {
	log = log.With("phase", o.Phase, "serials", serials(o.Disks), "steps", o.Steps)
	switch {
	case o.Err != nil:
		log.Error("the disks are not ready", "event", "NotReady", "error", o.Err)
	case o.Phase == NoDisks:
		log.Info("there are no disks to prepare", "event", "NoDisks")
	default:
		log.Info("the disks are ready", "event", "Ready", "bytes", o.Total, "free", o.Free)
	}
}

// Prepare brings the disks to be ready, or refuses, or fails. Two on one node wait for each other.
func (p *Preparer) Prepare(ctx context.Context) Outcome {
	began := time.Now()
	out := p.prepare(ctx)
	p.metrics.outcome(out, time.Since(began))
	return out
}

func (p *Preparer) prepare(ctx context.Context) Outcome {
	unlock, err := p.lock(ctx)
	if err != nil {
		out := failed(err)
		out.Disks, _ = p.disks() // to name them
		return out
	}
	defer unlock()
	disks, err := p.settle(ctx)
	if err != nil {
		return failed(err)
	}
	out := Outcome{Disks: disks, Phase: NoDisks}
	if len(disks) == 0 && p.Expected == 0 && !p.RequireDisks {
		return out
	}
	if err := p.count(disks); err != nil {
		out.Err, out.Phase = err, failed(err).Phase
		return out
	}
	done := map[string]bool{} // a step that is wanted again had no effect
	for ; ; out.Steps++ {
		steps, survey, err := p.next(disks)
		if err == nil && len(steps) == 0 {
			out.Total, out.Free, err = p.verify(survey)
			if err == nil {
				out.Phase = Ready
				return out
			}
		} else if err == nil && done[steps[0].String()] {
			err = fmt.Errorf("%q had no effect", steps[0].Do)
		} else if err == nil {
			done[steps[0].String()] = true
			p.Log.Info(steps[0].Do, "command", steps[0].Command, "serials", steps[0].Serials)
			err = steps[0].run(ctx)
		}
		if err != nil {
			failure := failed(err)
			out.Err, out.Phase = failure.Err, failure.Phase
			return out
		}
	}
}

// next surveys the node and plans from there.
func (p *Preparer) next(disks []Disk) ([]Step, *survey, error) {
	s, err := p.look(disks)
	if err != nil {
		return nil, nil, err
	}
	steps, err := p.steps(s)
	return steps, s, err
}

// Plan tells what Prepare would do, and does nothing.
func (p *Preparer) Plan(ctx context.Context) Plan {
	out := Plan{Phase: NoDisks, Mount: p.Mount, Disks: []Disk{}, Steps: []Step{}}
	disks, err := p.settle(ctx)
	if err == nil && len(disks) == 0 && p.Expected == 0 && !p.RequireDisks {
		return out
	}
	var steps []Step
	if err == nil {
		out.Disks = append(out.Disks, disks...)
		if err = p.count(disks); err == nil {
			steps, _, err = p.next(disks)
		}
	}
	out.Phase = Ready
	if len(steps) > 0 {
		out.Phase, out.Steps = Preparing, steps
	}
	if err != nil {
		out.Phase, out.Reason = failed(err).Phase, err.Error()
	}
	return out
}

// count refuses another number of disks than asked for.
func (p *Preparer) count(disks []Disk) error {
	no := func(phase Phase, format string, args ...any) error {
		return &Refusal{Phase: phase, Reason: "disk_count", Detail: fmt.Sprintf(format, args...)}
	}
	switch n := len(disks); {
	case p.Expected > 0 && n < p.Expected:
		return no(DiskMissing, "there are %d instance-store disks, %d are expected", n, p.Expected)
	case p.Expected > 0 && n > p.Expected:
		return no(Failed, "there are %d instance-store disks, %d are expected", n, p.Expected)
	case n == 0:
		return no(DiskMissing, "there are no instance-store disks, and they are required")
	case p.Level == 10 && n < 4:
		return no(DiskMissing, "RAID 10 needs 4 disks, there are %d", n)
	}
	return nil
}

// failed names the phase of an error.
func failed(err error) Outcome {
	var r *Refusal
	switch {
	case errors.As(err, &r):
		return Outcome{Phase: r.Phase, Err: err}
	case errors.Is(err, exec.ErrNotFound):
		return Outcome{Phase: ToolMissing, Err: err}
	case errors.Is(err, unix.EROFS):
		return Outcome{Phase: ReadOnly, Err: err}
	}
	return Outcome{Phase: Failed, Err: err}
}

// settle waits until so many looks in a row find the same disks.
func (p *Preparer) settle(ctx context.Context) ([]Disk, error) {
	last, err := p.disks()
	for same := 1; err == nil && same < p.Polls; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(p.Poll):
		}
		var now []Disk
		if now, err = p.disks(); slices.Equal(now, last) {
			same++
		} else {
			last, same = now, 1
		}
	}
	return last, err
}

// lock holds the node's lock file, which a kill lets go.
func (p *Preparer) lock(ctx context.Context) (unlock func(), err error) {
	path := p.path("run/fusiongen-nvme.lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("another preparer holds %s: %w", path, err), f.Close())
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// verify accepts a mount that is the right one, has the disks' room, and keeps what is written to it.
func (p *Preparer) verify(s *survey) (total, free int64, err error) {
	kind, total, free, err := p.system.Space(p.path(p.Mount))
	if err != nil {
		return 0, 0, err
	}
	want, sum := int64(unix.XFS_SUPER_MAGIC), int64(0)
	if p.Filesystem == "ext4" {
		want = unix.EXT4_SUPER_MAGIC
	}
	for _, d := range s.disks {
		sum += d.Bytes
	}
	if p.Level == 10 {
		sum /= 2
	}
	switch {
	case kind != want:
		return 0, 0, fmt.Errorf("what is mounted at %s has the magic number %#x, not %s", p.Mount, kind, p.Filesystem)
	case total < sum/100*minimum:
		return 0, 0, fmt.Errorf("the filesystem has %d bytes, less than %d %% of the disks' %d", total, minimum, sum)
	}
	return total, free, p.writeThrough()
}

// minimum is how many percent of the disks a filesystem must show. XFS keeps less than 1 % of disks of this kind.
const minimum = 95

func (p *Preparer) writeThrough() error {
	path := p.path(p.Mount, ".fusiongen-probe")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer os.Remove(path)
	want := []byte(time.Now().String())
	_, err = f.Write(want)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	got, err := os.ReadFile(path)
	if err == nil && string(got) != string(want) {
		err = fmt.Errorf("%s does not hold what was written to it", path)
	}
	return err
}
