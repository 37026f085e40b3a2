package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/control"
)

const (
	page4k   = 4 << 10
	block64k = 64 << 10
	randoms  = 400    // cold reads of 64 KiB
	cached   = 20_000 // warm reads of 4 KiB
)

// counts are how many small files are read and made: fewer where each costs a long round trip.
func counts(distant bool) (read, made int) {
	if distant {
		return 200, 100
	}
	return manySmall, created
}

// seconds runs f and returns how long it took.
func seconds(f func() error) (float64, error) {
	begin := time.Now()
	err := f()
	return time.Since(begin).Seconds(), err
}

// ceilings measures bare requests, and the plain disk where no request is needed.
func (b *bench) ceilings(out *results, distant bool) error {
	local := filepath.Join(b.dir, "local") // as large as what the clients read, so that caches of the processor help neither
	defer os.Remove(local)
	if !distant && (out.only.has(G2) || out.only.has(G3)) {
		if err := writeAll(local, b.large, 1<<20); err != nil {
			return err
		}
	}
	big := filepath.Join(b.dir, "big")
	read, made := counts(distant)
	defer os.Remove(big)
	steps := []step{
		{G1, mibs(b.large), func() error { return b.raw.getLarge("large", b.large) }},
		{G6, mibs(b.large), func() error { return b.raw.putLarge("written", b.large) }},
		{G7durable, rate(made), func() error {
			return parallel(8, made, func(i int) error { return b.raw.put(fmt.Sprintf("raw/f%d", i), pattern(smallBytes)) })
		}},
		{G8, rate(read), func() error {
			return parallel(1, read, func(i int) error { return b.raw.get(fmt.Sprintf("small/f%05d", i), 0, smallBytes) })
		}},
	}
	if !distant {
		steps = append(steps,
			step{G2, mibs(b.large), func() error { return readAll(local) }},
			step{G3, rate(cached), func() error { return readRandom(local, b.large, cached, page4k) }},
			step{G4, rate(randoms), func() error {
				return parallel(1, randoms, func(i int) error {
					return b.raw.get("random", rand.Int64N(b.large/block64k)*block64k, block64k)
				})
			}},
			step{G5, mibs(b.large), func() error { return writeAll(big, b.large, 1<<20) }},
			step{G9, asIs, func() error { return b.rawList("small/", manySmall) }},
			step{G9more, asIs, func() error { return b.rawList("more/", moreSmall) }},
			step{G15, asIs, func() error { return b.copyStage() }},
		)
	}
	if err := out.steps(ceiling, steps); err != nil || !out.only.has(G7) {
		return err
	}
	return parallel(8, made, func(i int) error { return b.raw.delete(fmt.Sprintf("raw/f%d", i)) })
}

// A step is one measure: what is done, and how its time becomes a figure.
type step struct {
	id    string
	value func(seconds float64) float64
	do    func() error
}

func mibs(n int64) func(float64) float64 {
	return func(s float64) float64 { return float64(n) / (1 << 20) / s }
}
func rate(n int) func(float64) float64 { return func(s float64) float64 { return float64(n) / s } }
func asIs(s float64) float64           { return s }

func (b *bench) rawList(prefix string, want int) error {
	n, err := b.raw.list(prefix)
	if err == nil && n != want {
		err = fmt.Errorf("%d keys, want %d", n, want)
	}
	return err
}

// measure runs all measures of one client, reading and writing on one mount each.
func (b *bench) measure(out *results, c client, distant bool) error {
	if out.only.hasAny(G1, G2, G3, G4, G8, G9, G11, G12) {
		if err := b.reading(out, c, distant); err != nil {
			return fmt.Errorf("reading: %w", err)
		}
	}
	if out.only.hasAny(G5, G6, G7, G10, G11) {
		if err := b.writing(out, c, distant); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
	}
	if distant {
		return nil
	}
	if c.ours {
		begins := step{G13, func(s float64) float64 { return 1000 * s }, func() error { return b.launchTrue(c) }}
		if err := out.steps(c.name, []step{begins}); err != nil {
			return err
		}
	}
	if !out.only.has(G15) || out.unable[c.name] != nil {
		return nil
	}
	took, err := b.replay(c)
	switch {
	case err == nil:
		out.add(c.name, G15, took)
	case c.ours:
		return fmt.Errorf("replay: %w", err)
	default:
		fmt.Fprintf(os.Stderr, "%s: replay: %v\n", c.name, err)
		out.unable[c.name] = err
	}
	return nil
}

func (b *bench) reading(out *results, c client, distant bool) error {
	m, err := b.mount(c)
	if err != nil {
		return err
	}
	defer m.end()
	large := filepath.Join(m.root, "large")
	steps := []step{{G1, mibs(b.large), func() error { return readAll(large) }}}
	if !distant {
		steps = append(steps,
			step{G2, mibs(b.large), func() error { return readAll(large) }},
			step{G12, func(float64) float64 { return m.cpu() * (1 << 30) / float64(b.large) }, func() error { return nil }},
			step{G3, rate(cached), func() error { return readRandom(large, b.large, cached, page4k) }},
			step{G4, rate(randoms), func() error { return readRandom(filepath.Join(m.root, "random"), b.large, randoms, block64k) }},
			step{G9, asIs, func() error { return listAll(filepath.Join(m.root, "small"), manySmall) }},
			step{G9more, asIs, func() error { return listAll(filepath.Join(m.root, "more"), moreSmall) }},
		)
	}
	read, _ := counts(distant)
	steps = append(steps, step{G8, rate(read), func() error { return readSmall(filepath.Join(m.root, "small"), read) }})
	if err := out.steps(c.name, steps); err != nil {
		return fmt.Errorf("%w: %s", err, &m.said)
	}
	out.add(c.name, G11, m.peak())
	return nil
}

func (b *bench) writing(out *results, c client, distant bool) error {
	m, err := b.mount(c)
	if err != nil {
		return err
	}
	defer m.end()
	target := fmt.Sprintf("out-%d", time.Now().UnixNano())
	begin := time.Now()
	steps := []step{
		{G5, mibs(b.large), func() error { return writeAll(filepath.Join(m.root, target), b.large, 1<<20) }},
		{G6, func(float64) float64 { return mibs(b.large)(time.Since(begin).Seconds()) }, func() error { return b.durable(m, b.large, target) }},
	}
	dir := filepath.Join(m.root, "made-"+target)
	_, made := counts(distant)
	steps = append(steps,
		step{G7, rate(made), func() error { begin = time.Now(); return createSmall(dir, made) }},
		step{G7durable, func(float64) float64 { return rate(made)(time.Since(begin).Seconds()) }, func() error {
			return b.durable(m, smallBytes, "made-"+target+fmt.Sprintf("/f%05d", made-1))
		}},
	)
	if err := out.steps(c.name, steps); err != nil {
		return fmt.Errorf("%w: %s", err, &m.said)
	}
	if !distant && c.ours && out.only.has(G10) {
		if err := b.renaming(out, m, dir); err != nil {
			return err
		}
	}
	out.add(c.name, G11, m.peak())
	return b.raw.delete(target)
}

// renaming comes last, because the files it makes are uploaded afterwards, beside whatever follows.
func (b *bench) renaming(out *results, m *mounted, dir string) error {
	fresh := dir + "-fresh"
	if err := createSmall(fresh, manySmall); err != nil {
		return err
	}
	return out.steps(m.name, []step{{G10, func(s float64) float64 { return 1000 * s }, func() error { return os.Rename(fresh, fresh+"-moved") }}})
}

// durable returns when the named objects are whole in S3. Ours is asked to flush, as at a task's end; others do it
// by themselves.
func (b *bench) durable(m *mounted, size int64, keys ...string) error {
	if m.ours {
		server, err := control.Dial(m.dir + ".control")
		if err != nil {
			return err
		}
		defer server.Close()
		if err := server.Flush(context.Background(), control.All); err != nil {
			return err
		}
	}
	for _, key := range keys {
		if err := await(30*time.Second, func() bool { return b.raw.size(key) == size }); err != nil {
			return fmt.Errorf("%s is not in S3: %w", key, err)
		}
	}
	return nil
}

func readAll(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := make([]byte, 1<<20)
	for {
		if _, err := file.Read(buffer); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
	}
}

func readRandom(path string, size int64, n int, block int64) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	buffer := make([]byte, block)
	for range n {
		if _, err := file.ReadAt(buffer, rand.Int64N(size/block)*block); err != nil {
			return err
		}
	}
	return nil
}

func readSmall(dir string, n int) error {
	for i := range n {
		if _, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("f%05d", i))); err != nil {
			return err
		}
	}
	return nil
}

// listAll is ls -l: names, and what stat says of each.
func listAll(dir string, want int) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	if len(entries) != want {
		return fmt.Errorf("%s has %d entries, want %d", dir, len(entries), want)
	}
	for _, e := range entries {
		if _, err := os.Lstat(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

func writeAll(path string, size int64, block int) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	data := pattern(block)
	for done := int64(0); done < size; done += int64(block) {
		if _, err := file.Write(data); err != nil {
			return err
		}
	}
	return file.Close()
}

func createSmall(dir string, n int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	data := pattern(smallBytes)
	for i := range n {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("f%05d", i)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
