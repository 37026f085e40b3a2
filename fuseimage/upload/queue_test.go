package upload_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// rig is a server behind a proxy, with a client, a cache and a queue.
type rig struct {
	t      *testing.T
	server *s3test.Server
	proxy  *s3test.Proxy
	client *object.Client
	cache  *cache.Cache
	queue  *upload.Queue
}

func newRig(t *testing.T, o upload.Options, config ...func(*object.Config)) *rig {
	t.Helper()
	r := &rig{t: t, server: s3test.Start(t)}
	r.proxy = s3test.NewProxy(t, r.server, nil)
	r.client = s3test.Client(t, r.proxy.URL, config...)
	var err error
	if r.cache, err = cache.Open(t.Context(), t.TempDir(), 0, r.client); err != nil {
		t.Fatal(err)
	}
	r.queue = upload.New(r.client, r.cache, o)
	t.Cleanup(func() {
		if err := r.queue.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if err := r.cache.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func noise(n int, seed byte) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// file makes a local with data; its reference is the test's.
func (r *rig) file(data []byte) *cache.Local {
	r.t.Helper()
	l, err := r.cache.Local()
	if err != nil {
		r.t.Fatal(err)
	}
	if _, err := l.WriteAt(r.t.Context(), data, 0); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(l.Close)
	return l
}

func (r *rig) flush() {
	r.t.Helper()
	if err := r.queue.Flush(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// holds checks what S3 has under a name; nil for nothing. It asks the server without the proxy.
func (r *rig) holds(name string, want []byte) object.Info {
	r.t.Helper()
	c := s3test.Client(r.t, r.server.URL)
	info, err := c.Head(r.t.Context(), s3test.Key(name))
	if want == nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.t.Fatalf("%s is there: %+v, %v", name, info, err)
		}
		return info
	}
	if err != nil {
		r.t.Fatal(err)
	}
	got := make([]byte, info.Size)
	if err := c.Read(r.t.Context(), info, 0, got); err != nil || !bytes.Equal(got, want) {
		r.t.Fatalf("%s holds %d bytes that are not the %d wanted, %v", name, len(got), len(want), err)
	}
	return info
}

// ops counts the requests that the proxy saw since the last call, by operation.
func (r *rig) ops() map[string]int {
	n := map[string]int{}
	for _, q := range r.proxy.Requests() {
		n[q.Op]++
	}
	return n
}

func TestStoreCopyDelete(t *testing.T) {
	r := newRig(t, upload.Options{})
	small, big := noise(1000, 1), noise(20<<20+5, 2)
	r.queue.Want(s3test.Key("small"), upload.Stored(r.file(small), nil))
	r.queue.Want(s3test.Key("big"), upload.Stored(r.file(big), nil))
	r.queue.Want(s3test.Key("empty"), upload.Stored(r.file(nil), nil))
	r.flush()
	info := r.holds("small", small)
	r.holds("big", big)
	r.holds("empty", []byte{})
	r.queue.Want(s3test.Key("moved"), upload.Copied(info))
	r.queue.Want(s3test.Key("small"), upload.Gone(true))
	r.flush()
	r.holds("moved", small)
	r.holds("small", nil)
	if rep := r.queue.Report(); rep.Objects != 3 || rep.Copies != 1 || rep.Deletes != 1 || rep.Pending != 0 || rep.Bytes != int64(len(small)+len(big)) {
		t.Errorf("%+v", rep)
	}
	o, err := r.cache.Object(r.holds("big", big))
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	got, err := io.ReadAll(io.NewSectionReader(at{o.Reader()}, 0, o.Info().Size))
	if err != nil || !bytes.Equal(got, big) {
		t.Fatalf("the cache reads %d bytes, %v", len(got), err)
	}
}

type at struct{ r *cache.Reader }

func (a at) ReadAt(p []byte, off int64) (int, error) { return a.r.ReadAt(context.Background(), p, off) }
