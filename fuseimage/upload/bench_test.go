package upload_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// BenchmarkDurable compares the queue, from the first wish to a flush that verified all, with the bare requests.
func BenchmarkDurable(b *testing.B) {
	s, stop, err := s3test.Run(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	defer stop()
	ctx := context.Background()
	client := s3test.Client(b, s.URL)
	c, err := cache.Open(ctx, b.TempDir(), 0, client)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	q := upload.New(client, c, upload.Options{})
	defer q.Close(ctx)
	check := func(err error) {
		if err != nil {
			b.Error(err)
		}
	}
	local := func(data []byte) *cache.Local {
		l, err := c.Local()
		check(err)
		_, err = l.WriteAt(ctx, data, 0)
		check(err)
		return l
	}
	parallel := func(n, workers int, f func(i int)) {
		var next atomic.Int64
		var group sync.WaitGroup
		for range workers {
			group.Go(func() {
				for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
					f(i)
				}
			})
		}
		group.Wait()
	}
	const files, size = 500, 256 << 20
	small, big := noise(4096, 1), noise(size, 2)
	b.Run("500 small, client", func(b *testing.B) {
		for range b.N {
			parallel(files, 8, func(i int) {
				_, err := client.Put(ctx, s3test.Key(fmt.Sprint("c", i)), bytes.NewReader(small), 4096, object.PutOptions{})
				check(err)
			})
		}
		b.ReportMetric(files*float64(b.N)/b.Elapsed().Seconds(), "files/s")
	})
	b.Run("500 small, queue", func(b *testing.B) {
		for range b.N {
			b.StopTimer() // the disk is not what is measured
			var locals []*cache.Local
			for range files {
				locals = append(locals, local(small))
			}
			b.StartTimer()
			for i, l := range locals {
				q.Want(s3test.Key(fmt.Sprint("q", i)), upload.Stored(l, nil))
			}
			check(q.Flush(ctx))
			b.StopTimer()
			for _, l := range locals {
				l.Close()
			}
			b.StartTimer()
		}
		b.ReportMetric(files*float64(b.N)/b.Elapsed().Seconds(), "files/s")
	})
	b.Run("256 MiB, client", func(b *testing.B) {
		b.SetBytes(size)
		for range b.N {
			u, err := client.Begin(ctx, s3test.Key("big"), object.PutOptions{})
			check(err)
			parts := make([]object.Part, size>>23)
			parallel(len(parts), 8, func(i int) {
				parts[i], err = client.Part(ctx, u, int32(i+1), bytes.NewReader(big), int64(i)<<23, 8<<20)
				check(err)
			})
			_, err = client.Complete(ctx, u, parts)
			check(err)
		}
	})
	b.Run("256 MiB, queue", func(b *testing.B) {
		l := local(big)
		defer l.Close()
		b.SetBytes(size)
		b.ResetTimer()
		for range b.N {
			q.Want(s3test.Key("big"), upload.Stored(l, nil))
			check(q.Flush(ctx))
		}
	})
}
