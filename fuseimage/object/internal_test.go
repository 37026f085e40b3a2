package object

import (
	"context"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/minio/crc64nvme"
	"pgregory.net/rapid"
)

// Runs of bytes that arrive in any order, some twice, add up to the checksum of the whole.
func TestTally(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := make([]byte, rapid.IntRange(1, 5000).Draw(t, "size"))
		rand.NewChaCha8([32]byte{byte(rapid.IntRange(0, 255).Draw(t, "seed"))}).Read(data)
		sum := map[string]Checksum{
			"64":  {algorithmCRC64, encode64(crc64nvme.Checksum(data))},
			"32c": {algorithm32C, encode32(crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))},
			"32":  {algorithm32, encode32(crc32.ChecksumIEEE(data))},
		}[rapid.SampledFrom([]string{"64", "32c", "32"}).Draw(t, "algorithm")]
		tally := NewTally(Info{Size: int64(len(data)), Checksum: sum})
		cuts := rapid.SliceOfN(rapid.IntRange(0, len(data)), 0, 8).Draw(t, "cuts")
		cuts = append(cuts, 0, len(data))
		flip := rapid.Bool().Draw(t, "flip")
		type piece struct{ a, b int }
		var pieces []piece
		for i := range cuts {
			next := len(data)
			for _, c := range cuts {
				if c > cuts[i] {
					next = min(next, c)
				}
			}
			pieces = append(pieces, piece{cuts[i], next})
		}
		if flip {
			data[rapid.IntRange(0, len(data)-1).Draw(t, "at")] ^= 1
		}
		for _, p := range rapid.Permutation(pieces).Draw(t, "order") {
			r := tally.Begin(int64(p.a))
			for a := p.a; a < p.b; a += 700 {
				r.Write(data[a:min(p.b, a+700)])
			}
			tally.Add(r)
		}
		if seen, match := tally.Verdict(); !seen || match == flip {
			t.Fatalf("seen %v, match %v, flipped %v", seen, match, flip)
		}
	})
}

// The most urgent waits least; a raised one passes; speculative requests leave a quarter of the window free.
func TestLimiter(t *testing.T) {
	l := newLimiter(4)
	ctx := context.Background()
	var held []*ticket
	for range 4 {
		tk, err := l.admit(ctx)
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, tk)
	}
	order := make(chan string, 4)
	raised, raise := WithRaisable(ctx, Speculative)
	for i, w := range []struct {
		name string
		ctx  context.Context
	}{{"speculative", WithPriority(ctx, Speculative)}, {"output", WithPriority(ctx, Output)}, {"raised", raised}, {"control", WithPriority(ctx, Control)}} {
		go func() {
			if _, err := l.admit(w.ctx); err == nil {
				order <- w.name
			}
		}()
		for { // until it waits
			l.mu.Lock()
			n := len(l.waiting)
			l.mu.Unlock()
			if n == i+1 {
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	raise(Demand)
	for _, want := range []string{"control", "raised", "output"} {
		l.release(held[0], false, false)
		held = held[1:]
		if got := <-order; got != want {
			t.Fatalf("%s before %s", got, want)
		}
	}
	select {
	case <-order:
		t.Fatal("a speculative request took the last place")
	case <-time.After(10 * time.Millisecond):
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	l.window = 0
	if _, err := l.admit(cancelled); err == nil {
		t.Fatal("admitted although cancelled")
	}
}

func TestLimiterFollowsTheServer(t *testing.T) {
	l := newLimiter(64)
	round := func(throttled bool) {
		var all []*ticket
		for range int(l.window) {
			tk, _ := l.admit(context.Background())
			all = append(all, tk)
		}
		for _, tk := range all {
			l.release(tk, !throttled, throttled)
		}
	}
	for range 8 {
		round(false)
	}
	if l.window < 60 {
		t.Fatalf("window %v after eight round trips", l.window)
	}
	before := l.window
	round(true)
	if l.window != before/2 {
		t.Fatalf("window %v after one throttled round trip of %v", l.window, before)
	}
	before = l.window
	round(false)
	if l.window <= before || l.window > before+1.1 {
		t.Fatalf("window went from %v to %v", before, l.window)
	}
}

func TestTargets(t *testing.T) {
	for _, test := range []struct{ endpoint, bucket, want string }{
		{"", "plain", "https://plain.s3.eu-west-1.amazonaws.com"},
		{"", "with.dots", "https://s3.eu-west-1.amazonaws.com/with.dots"},
		{"http://127.0.0.1:9000", "plain", "http://127.0.0.1:9000/plain"},
		{"", "dir--euw1-az1--x-s3", ""},
	} {
		creds := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil })
		c, err := New(context.Background(), Config{Endpoint: test.endpoint, Region: "eu-west-1", Credentials: creds})
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.target(context.Background(), c.bucket(test.bucket), test.bucket)
		switch {
		case test.want == "":
			if err == nil || !strings.Contains(err.Error(), "not supported") {
				t.Errorf("%s: %v", test.bucket, err)
			}
		case err != nil || got.base.String() != test.want || got.region != "eu-west-1" || got.service != "s3":
			t.Errorf("%s: %+v, %v", test.bucket, got, err)
		}
	}
}
