package cache_test

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// BenchmarkCold compares reading through the cache with the client alone, in the same run on the same server.
func BenchmarkCold(b *testing.B) {
	s, stop, err := s3test.Run(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	const size = 256 << 20
	ctx := context.Background()
	client := s3test.Client(b, s.URL)
	info, err := client.Put(ctx, s3test.Key("x"), bytes.NewReader(noise(size, 1)), size, object.PutOptions{})
	if err != nil {
		b.Fatal(err)
	}
	measure := func(name string, bytes int64, f func()) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(bytes)
			before := cpuTime()
			for range b.N {
				f()
			}
			b.ReportMetric(float64((cpuTime()-before).Milliseconds())/float64(b.N), "cpu-ms/op")
		})
	}
	check := func(err error) {
		if err != nil {
			b.Error(err)
		}
	}
	measure("client 8 MiB x4", size, func() {
		var group sync.WaitGroup
		var next atomic.Int64
		for range 4 {
			group.Go(func() {
				for off := next.Add(8<<20) - 8<<20; off < size; off = next.Add(8<<20) - 8<<20 {
					check(client.Get(ctx, info, off, 8<<20, func(int64, []byte) error { return nil }))
				}
			})
		}
		group.Wait()
	})
	fresh := func(f func(o *cache.Object)) {
		c, err := cache.Open(ctx, b.TempDir(), 0, client)
		check(err)
		o, err := c.Object(info)
		check(err)
		f(o)
		o.Close()
		check(c.Close())
	}
	measure("cache sequential", size, func() {
		fresh(func(o *cache.Object) {
			r, p := o.Reader(), make([]byte, 128<<10)
			for off := int64(0); off < size; off += int64(len(p)) {
				_, err := r.ReadAt(ctx, p, off)
				check(err)
			}
		})
	})
	random := func(read func(p []byte, off int64) error) {
		p := make([]byte, 64<<10)
		for i := range int64(100) {
			check(read(p, (i*7919%4000)*(64<<10)))
		}
	}
	measure("client 100 random 64 KiB", 100*64<<10, func() {
		random(func(p []byte, off int64) error { return client.Read(ctx, info, off, p) })
	})
	measure("cache 100 random 64 KiB", 100*64<<10, func() {
		fresh(func(o *cache.Object) {
			r := o.Reader()
			random(func(p []byte, off int64) error { _, err := r.ReadAt(ctx, p, off); return err })
		})
	})
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
