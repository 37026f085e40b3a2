package upload_test

import (
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// tree is what a file system knows of its files: a reference for the queue.
type tree struct {
	mu    sync.Mutex
	files map[object.Key]*file
	local map[*cache.Local]*file
}

// file is the content of a name: local until the queue says that S3 has it.
type file struct {
	data   string
	local  *cache.Local
	stored upload.Content // of local, which other names may share
	info   object.Info
}

func (f *file) content() upload.Content {
	if f.local != nil {
		return f.stored
	}
	return upload.Copied(f.info)
}

// Whatever order files are written, removed, renamed and replaced in, before, during and after their upload: in the
// end S3 holds what the tree does.
func TestR16Model(t *testing.T) { checkModel(t, nil) }

// The same while one request in twenty fails: refused, cut before it was done, or done with the reply lost.
func TestR16ModelWithFaults(t *testing.T) {
	n := 0
	checkModel(t, func(q s3test.Request) s3test.Fault {
		if n++; n%20 != 7 {
			return s3test.Fault{}
		}
		faults := []s3test.Fault{{Status: 500, Code: "InternalError"}, {Reset: true}, {Reset: true, After: true}}
		if q.Op == "CopyObject" { // the error in a 200 that S3 is known for
			faults = append(faults, s3test.Fault{Status: 200, Code: "InternalError"})
		}
		return faults[n/20%len(faults)]
	})
}

func checkModel(t *testing.T, plan func(s3test.Request) s3test.Fault) {
	s := s3test.Start(t)
	client := s3test.Client(t, s3test.NewProxy(t, s, plan).URL)
	c, err := cache.Open(t.Context(), t.TempDir(), 0, client)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		name := func(n int) object.Key { return s3test.Key(fmt.Sprintf("r%d/%c", round, 'a'+n)) }
		m := &tree{files: map[object.Key]*file{}, local: map[*cache.Local]*file{}}
		q := upload.New(client, c, upload.Options{Delay: 2 * time.Millisecond, Done: func(key object.Key, content upload.Content, info object.Info) {
			m.mu.Lock()
			defer m.mu.Unlock()
			// Only the file that still has this name learns where its bytes are; links and older versions do not.
			f := m.files[key]
			src, copied := content.Source()
			if f != nil && (content.Local() != nil && f.local == content.Local() || copied && f.local == nil && f.info.ETag == src.ETag) {
				f.local, f.info = nil, info
			}
		}})
		defer q.Close(t.Context())
		key := rapid.Custom(func(t *rapid.T) object.Key { return name(rapid.IntRange(0, 3).Draw(t, "key")) })
		want := func(k object.Key) {
			if f := m.files[k]; f != nil {
				q.Want(k, f.content())
			} else {
				q.Want(k, upload.Gone(false))
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				k, data := key.Draw(t, "to"), rapid.StringN(0, 20, 40).Draw(t, "data")
				l, err := c.Local()
				if err != nil {
					t.Fatal(err)
				}
				l.WriteAt(t.Context(), []byte(data), 0)
				m.mu.Lock()
				defer m.mu.Unlock()
				m.files[k] = &file{data: data, local: l, stored: upload.Stored(l, nil)}
				want(k)
			},
			"link": func(t *rapid.T) {
				from, to := key.Draw(t, "from"), key.Draw(t, "to")
				m.mu.Lock()
				defer m.mu.Unlock()
				if f := m.files[from]; f != nil && from != to {
					same := *f
					m.files[to] = &same
					want(to)
				}
			},
			"remove": func(t *rapid.T) {
				k := key.Draw(t, "of")
				m.mu.Lock()
				defer m.mu.Unlock()
				delete(m.files, k)
				want(k)
			},
			"rename": func(t *rapid.T) {
				from, to := key.Draw(t, "from"), key.Draw(t, "to")
				m.mu.Lock()
				defer m.mu.Unlock()
				if f := m.files[from]; f != nil && from != to {
					m.files[to] = f
					delete(m.files, from)
					want(to)
					want(from)
				}
			},
			"exchange": func(t *rapid.T) {
				a, b := key.Draw(t, "a"), key.Draw(t, "b")
				m.mu.Lock()
				defer m.mu.Unlock()
				if m.files[a] != nil && m.files[b] != nil && a != b {
					m.files[a], m.files[b] = m.files[b], m.files[a]
					q.WantAll(upload.Wish{Key: a, Content: m.files[a].content()}, upload.Wish{Key: b, Content: m.files[b].content()})
				}
			},
			"wait": func(t *rapid.T) { time.Sleep(time.Duration(rapid.IntRange(0, 6).Draw(t, "ms")) * time.Millisecond) },
			"flush": func(t *rapid.T) {
				if err := q.Flush(t.Context()); err != nil {
					t.Fatal(err)
				}
			},
		})
		if err := q.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		for n := range 4 {
			info, err := client.Head(t.Context(), name(n))
			f := m.files[name(n)]
			if f == nil {
				if !errors.Is(err, fs.ErrNotExist) {
					t.Fatalf("%s is there: %v", name(n), err)
				}
				continue
			}
			got := make([]byte, len(f.data))
			if err == nil {
				err = client.Read(t.Context(), info, 0, got)
			}
			if err != nil || string(got) != f.data || info.Size != int64(len(got)) {
				t.Fatalf("%s holds %q, not %q: %v", name(n), got, f.data, err)
			}
		}
	})
}
