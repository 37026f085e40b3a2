package upload_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// uploads counts the multipart uploads in progress on the server.
func (r *rig) uploads(name string) int {
	r.t.Helper()
	ids, err := s3test.Client(r.t, r.server.URL).Uploads(r.t.Context(), s3test.Key(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return len(ids)
}

// until waits for a condition that background work brings about.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: ", what)
		}
	}
}

func TestR01BytesAreVerified(t *testing.T) {
	r := newRig(t, upload.Options{})
	files := map[string][]byte{}
	for i, size := range []int{0, 1, 8 << 20, 8<<20 + 1, 16 << 20, 27<<20 + 13} {
		name := fmt.Sprintf("f%d", i)
		files[name] = noise(size, byte(i))
		r.queue.Want(s3test.Key(name), upload.Stored(r.file(files[name]), nil))
	}
	bad := 0
	r.proxy.Plan(func(q s3test.Request) s3test.Fault { // every tenth body is damaged on its way
		if bad++; (q.Op == "PutObject" || q.Op == "UploadPart") && q.Header.Get("Content-Length") != "0" && bad%10 == 3 {
			return s3test.Fault{FlipSent: 1}
		}
		return s3test.Fault{}
	})
	r.flush()
	for name, data := range files {
		info := r.holds(name, data)
		sum, err := r.client.Sum(t.Context(), bytes.NewReader(data), 0, int64(len(data)))
		if err != nil || info.Checksum.Algorithm != "CRC64NVME" || info.Checksum.Value != fmt.Sprint(encode(sum)) {
			t.Errorf("%s: the server says %+v, %v", name, info.Checksum, err)
		}
	}
}

// A reader that polls while a key is written again and again sees whole versions only.
func TestR02NothingPartialIsVisible(t *testing.T) {
	r := newRig(t, upload.Options{Delay: time.Millisecond})
	versions := [][]byte{noise(1000, 1), noise(12<<20, 2), noise(9<<20, 3), {}, noise(20<<20, 4)}
	stop, polled := make(chan struct{}), make(chan int)
	direct := s3test.Client(t, r.server.URL)
	go func() {
		n := 0
		defer func() { polled <- n }()
		for {
			select {
			case <-stop:
				return
			default:
			}
			info, err := direct.Head(t.Context(), s3test.Key("x"))
			if err != nil {
				continue
			}
			got := make([]byte, info.Size)
			if direct.Read(t.Context(), info, 0, got) != nil {
				continue // replaced meanwhile
			}
			n++
			whole := false
			for _, v := range versions {
				whole = whole || bytes.Equal(v, got)
			}
			if !whole {
				t.Errorf("%d bytes are no version", len(got))
			}
		}
	}()
	for _, v := range versions {
		r.queue.Want(s3test.Key("x"), upload.Stored(r.file(v), nil))
		r.flush()
		r.holds("x", v)
	}
	close(stop)
	if n := <-polled; n == 0 {
		t.Error("nothing was polled")
	}
}

func exitLast(key object.Key) upload.Class {
	switch {
	case strings.HasSuffix(key.Name, ".exitcode"):
		return upload.Final
	case strings.Contains(key.Name, ".command"):
		return upload.Control
	}
	return upload.Output
}

func TestR04ExitcodeIsLast(t *testing.T) {
	r := newRig(t, upload.Options{Policy: exitLast})
	var mu sync.Mutex
	var order []string
	r.proxy.Plan(func(q s3test.Request) s3test.Fault {
		mu.Lock()
		defer mu.Unlock()
		order = append(order, q.Name)
		return s3test.Fault{Delay: 3 * time.Millisecond}
	})
	r.queue.Want(s3test.Key(".exitcode"), upload.Stored(r.file([]byte("0")), nil))
	for i := range 20 {
		r.queue.Want(s3test.Key(fmt.Sprint("out", i)), upload.Stored(r.file(noise(100, byte(i))), nil))
	}
	r.queue.Want(s3test.Key("big"), upload.Stored(r.file(noise(20<<20, 9)), nil))
	if err := r.queue.Flush(t.Context(), upload.Control, upload.Output, upload.Other); err != nil {
		t.Fatal(err)
	}
	r.flush()
	if last := order[len(order)-1]; last != ".exitcode" || strings.Count(strings.Join(order, " "), ".exitcode") != 1 {
		t.Errorf("the order was %v", order)
	}
	r.holds(".exitcode", []byte("0"))
}

// One upload that fails for good fails the flush with its cause, the others come, and .exitcode does not.
func TestR05FailedUpload(t *testing.T) {
	r := newRig(t, upload.Options{Policy: exitLast})
	r.proxy.Plan(func(q s3test.Request) s3test.Fault {
		if q.Name == "bad" {
			return s3test.Fault{Status: 403, Code: "AccessDenied"}
		}
		return s3test.Fault{}
	})
	r.queue.Want(s3test.Key("bad"), upload.Stored(r.file([]byte("x")), nil))
	r.queue.Want(s3test.Key("good"), upload.Stored(r.file([]byte("y")), nil))
	r.queue.Want(s3test.Key(".exitcode"), upload.Stored(r.file([]byte("0")), nil))
	err := r.queue.Flush(t.Context())
	if err == nil || !strings.Contains(err.Error(), "REQUEST403") || !strings.Contains(err.Error(), "s3://bucket/bad") {
		t.Fatalf("flush says %v", err)
	}
	if !errors.Is(err, syscall.EACCES) {
		t.Errorf("%v is not EACCES", err)
	}
	r.holds("good", []byte("y"))
	r.holds(".exitcode", nil)
	if rep := r.queue.Report(); len(rep.Failed) != 1 || rep.Failed[0].Key.Name != "bad" {
		t.Errorf("%+v", rep)
	}
	r.proxy.Plan(nil) // the permission came
	r.flush()
	r.holds("bad", []byte("x"))
	r.holds(".exitcode", []byte("0"))
}

func TestR05ServerStaysAway(t *testing.T) {
	r := newRig(t, upload.Options{Stall: time.Second}, func(c *object.Config) { c.Retry = 100 * time.Millisecond })
	r.proxy.Plan(func(s3test.Request) s3test.Fault { return s3test.Fault{Reset: true} })
	r.queue.Want(s3test.Key("x"), upload.Stored(r.file([]byte("x")), nil))
	begun := time.Now()
	err := r.queue.Flush(t.Context())
	if err == nil || !strings.Contains(err.Error(), "no progress") || !strings.Contains(err.Error(), "PutObject s3://bucket/x") || time.Since(begun) > 3*time.Second {
		t.Fatalf("after %s: %v", time.Since(begun), err)
	}
	r.proxy.Plan(nil)
	r.flush()
	r.holds("x", []byte("x"))
}

// Wishes that are replaced in time cost nothing: a file renamed twice and rewritten is one request.
func TestR16Coalescing(t *testing.T) {
	r := newRig(t, upload.Options{})
	l := r.file([]byte("one"))
	r.queue.Want(s3test.Key("a"), upload.Stored(l, nil))
	r.queue.Want(s3test.Key("b"), upload.Stored(l, nil))
	r.queue.Want(s3test.Key("a"), upload.Gone(false))
	r.queue.Want(s3test.Key("b"), upload.Gone(false))
	r.queue.Want(s3test.Key("c"), upload.Stored(l, nil))
	r.queue.Want(s3test.Key("c"), upload.Stored(r.file([]byte("two")), nil))
	r.flush()
	if ops := r.ops(); len(ops) != 1 || ops["PutObject"] != 1 {
		t.Errorf("requests: %v", ops)
	}
	r.holds("c", []byte("two"))
	info := r.holds("c", []byte("two"))
	r.queue.Want(s3test.Key("c"), upload.Copied(info)) // renamed away and back
	r.flush()
	if ops := r.ops(); len(ops) != 0 {
		t.Errorf("a copy to itself made %v", ops)
	}
}

// Two files change names. Neither may be lost, though each is the other's source.
func TestR16Exchange(t *testing.T) {
	r := newRig(t, upload.Options{})
	r.queue.Want(s3test.Key("a"), upload.Stored(r.file([]byte("A")), nil))
	r.queue.Want(s3test.Key("b"), upload.Stored(r.file([]byte("B")), nil))
	r.flush()
	a, b := r.holds("a", []byte("A")), r.holds("b", []byte("B"))
	r.queue.WantAll(upload.Wish{Key: a.Key, Content: upload.Copied(b)}, upload.Wish{Key: b.Key, Content: upload.Copied(a)})
	r.flush()
	r.holds("a", []byte("B"))
	r.holds("b", []byte("A"))
}

// The source of a copy that fails is not deleted, and the flush says both.
func TestR16FailedCopyKeepsItsSource(t *testing.T) {
	r := newRig(t, upload.Options{})
	r.queue.Want(s3test.Key("a"), upload.Stored(r.file([]byte("A")), nil))
	r.flush()
	a := r.holds("a", []byte("A"))
	r.proxy.Plan(func(q s3test.Request) s3test.Fault {
		if q.Op == "CopyObject" {
			return s3test.Fault{Status: 403, Code: "AccessDenied"}
		}
		return s3test.Fault{}
	})
	r.queue.Want(s3test.Key("b"), upload.Copied(a))
	r.queue.Want(s3test.Key("a"), upload.Gone(true))
	if err := r.queue.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "AccessDenied") || !strings.Contains(err.Error(), "held back") {
		t.Fatal(err)
	}
	r.holds("a", []byte("A"))
	r.proxy.Plan(nil)
	r.flush()
	r.holds("b", []byte("A"))
	r.holds("a", nil)
}

func TestGrow(t *testing.T) {
	r := newRig(t, upload.Options{})
	key := s3test.Key("g")
	data := noise(70<<20, 1)
	l := r.file(nil)
	mode := map[string]string{"mode": "33188"}
	for n := 0; n < len(data); n += 1 << 20 {
		if _, err := l.WriteAt(t.Context(), data[n:n+1<<20], int64(n)); err != nil {
			t.Fatal(err)
		}
		r.queue.Grow(key, l, int64(n+1<<20), mode)
	}
	parts := 0
	until(t, "six parts behind the end", func() bool {
		parts += r.ops()["UploadPart"]
		return parts >= 6
	})
	r.holds("g", nil)
	copy(data[8<<20+100:], "a header, fixed at the end")
	l.File().WriteAt(data[8<<20:9<<20], 8<<20)
	r.queue.Want(key, upload.Stored(l, maps.Clone(mode)))
	r.flush()
	if n := r.ops()["UploadPart"]; n != 4 { // 9 parts, 6 sent before, 1 of them again
		t.Errorf("%d parts at the end", n)
	}
	if info := r.holds("g", data); info.Metadata["mode"] != "33188" {
		t.Errorf("metadata %v", info.Metadata)
	}
	if r.uploads("g") != 0 {
		t.Error("an upload is left")
	}
}

// What Grow began for a file that is then removed, replaced or renamed is aborted.
func TestGrowInVain(t *testing.T) {
	r := newRig(t, upload.Options{})
	l := r.file(noise(40<<20, 1))
	for name, end := range map[string]func(object.Key){
		"cancelled": func(k object.Key) { r.queue.Cancel(t.Context(), k) },
		"gone":      func(k object.Key) { r.queue.Want(k, upload.Gone(false)) },
		"replaced":  func(k object.Key) { r.queue.Want(k, upload.Stored(r.file([]byte("x")), nil)) },
		"shrunk":    func(k object.Key) { r.queue.Want(k, upload.Stored(l, map[string]string{"mode": "755"})) },
	} {
		r.queue.Grow(s3test.Key(name), l, 40<<20, nil)
		until(t, "an upload", func() bool { return r.uploads(name) == 1 })
		end(s3test.Key(name))
		r.flush()
		until(t, name+": the upload aborted", func() bool { return r.uploads(name) == 0 })
	}
	r.holds("gone", nil)
	r.holds("replaced", []byte("x"))
}

// Cancel in the middle of a multipart upload: nothing appears, nothing is left, and a later wish is on its own.
func TestCancel(t *testing.T) {
	r := newRig(t, upload.Options{Delay: time.Millisecond})
	r.proxy.Plan(func(q s3test.Request) s3test.Fault { return s3test.Fault{Delay: 20 * time.Millisecond} })
	data := noise(60<<20, 1)
	r.queue.Want(s3test.Key("x"), upload.Stored(r.file(data), nil))
	until(t, "a part", func() bool { return r.ops()["UploadPart"] > 0 })
	if err := r.queue.Cancel(t.Context(), s3test.Key("x")); err != nil {
		t.Fatal(err)
	}
	r.flush()
	r.holds("x", nil)
	until(t, "the upload aborted", func() bool { return r.uploads("x") == 0 })
	r.queue.Want(s3test.Key("x"), upload.Stored(r.file([]byte("later")), nil))
	r.flush()
	r.holds("x", []byte("later"))
}

// The caller hears of each wish that came true when the queue has let go of the file, so it can become clean data.
func TestDone(t *testing.T) {
	var r *rig
	cleaned := 0
	r = newRig(t, upload.Options{Done: func(key object.Key, c upload.Content, info object.Info) {
		if l := c.Local(); l != nil {
			o, err := l.Clean(info)
			if err != nil {
				t.Error(err)
				return
			}
			defer o.Close()
			if !o.Complete() {
				t.Error("not complete")
			}
			cleaned++
		}
	}})
	l, err := r.cache.Local()
	if err != nil {
		t.Fatal(err)
	}
	l.WriteAt(t.Context(), []byte("data"), 0)
	r.queue.Want(s3test.Key("x"), upload.Stored(l, nil))
	r.flush()
	if u := r.cache.Usage(); cleaned != 1 || u.Dirty != 0 || u.Clean == 0 {
		t.Errorf("%d cleaned, %+v", cleaned, u)
	}
	o, err := r.cache.Object(r.holds("x", []byte("data")))
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	r.ops()
	got := make([]byte, 4)
	if _, err := o.ReadAt(t.Context(), got, 0); err != nil || string(got) != "data" || len(r.ops()) != 0 {
		t.Errorf("%q, %v: read from S3 what was just written", got, err)
	}
}

// A policy may change its mind: the exit code of a task that was told to stop goes first.
func TestPolicyChanges(t *testing.T) {
	var mu sync.Mutex
	stopping := false
	r := newRig(t, upload.Options{Policy: func(key object.Key) upload.Class {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case key.Name == "scratch":
			return upload.Keep
		case key.Name == ".exitcode" && stopping:
			return upload.Control
		}
		return exitLast(key)
	}})
	r.proxy.Plan(func(q s3test.Request) s3test.Fault {
		if q.Name == "bad" {
			return s3test.Fault{Status: 403, Code: "AccessDenied"}
		}
		return s3test.Fault{}
	})
	for _, name := range []string{"bad", ".exitcode", "scratch"} {
		r.queue.Want(s3test.Key(name), upload.Stored(r.file([]byte(name)), nil))
	}
	if r.queue.Flush(t.Context()) == nil {
		t.Fatal("no error")
	}
	r.holds(".exitcode", nil)
	mu.Lock()
	stopping = true
	mu.Unlock()
	if err := r.queue.Flush(t.Context(), upload.Control); err != nil {
		t.Fatal(err)
	}
	r.holds(".exitcode", []byte(".exitcode"))
	r.holds("scratch", nil)
}

func TestR19TwoTasks(t *testing.T) {
	r := newRig(t, upload.Options{Delay: time.Millisecond})
	other, err := cache.Open(t.Context(), t.TempDir(), 0, r.client)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	q := upload.New(r.client, other, upload.Options{Delay: time.Millisecond})
	defer q.Close(t.Context())
	for i := range 20 {
		l, err := other.Local()
		if err != nil {
			t.Fatal(err)
		}
		l.WriteAt(t.Context(), []byte("two"), 0)
		q.Want(s3test.Key(fmt.Sprint("dir/two", i)), upload.Stored(l, nil))
		l.Close()
		r.queue.Want(s3test.Key(fmt.Sprint("dir/one", i)), upload.Stored(r.file([]byte("one")), nil))
		r.queue.Want(s3test.Key(fmt.Sprint("dir/two", i, "x")), upload.Gone(true))
	}
	if err := errors.Join(q.Flush(t.Context()), r.queue.Flush(t.Context())); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		r.holds(fmt.Sprint("dir/one", i), []byte("one"))
		r.holds(fmt.Sprint("dir/two", i), []byte("two"))
	}
}

func TestTagsAndEncryption(t *testing.T) {
	tags, err := upload.ParseTags("[.command.*|.exitcode](nextflow.io/metadata=true),[*](a=b c&d=)")
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, upload.Options{Tags: tags}, func(c *object.Config) { c.SSE, c.SSEKey = "aws:kms", "key-1" })
	r.proxy.Plan(func(q s3test.Request) s3test.Fault { return s3test.Fault{} })
	r.queue.Want(s3test.Key("d/.command.out"), upload.Stored(r.file([]byte("x")), nil))
	r.queue.Want(s3test.Key("big"), upload.Stored(r.file(noise(9<<20, 1)), nil))
	r.queue.Flush(t.Context()) // the server may or may not know KMS; the headers count
	for _, q := range r.proxy.Requests() {
		want := map[string]string{"d/.command.out": "nextflow.io%2Fmetadata=true", "big": "a=b+c&d="}[q.Name]
		if q.Op == "PutObject" || q.Op == "CreateMultipartUpload" {
			if got := q.Header.Get("X-Amz-Tagging"); got != want {
				t.Errorf("%s: tags %q", q.Name, got)
			}
			if q.Header.Get("X-Amz-Server-Side-Encryption") != "aws:kms" || q.Header.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id") != "key-1" {
				t.Errorf("%s: no encryption in %v", q.Name, q.Header)
			}
		}
	}
}

// A process that is killed leaves only whole objects, and its successor aborts its uploads and removes its cache.
// FUSION_SOAK=1 kills it more often.
func TestR03KilledAndRecovered(t *testing.T) {
	if url := os.Getenv("UPLOAD_VICTIM_URL"); url != "" {
		victim(t, url, os.Getenv("UPLOAD_VICTIM_DIR"))
		return
	}
	r := newRig(t, upload.Options{})
	dir := t.TempDir()
	kills := 4
	if os.Getenv("FUSION_SOAK") != "" {
		kills = 100
	}
	for i := range kills {
		killAfter(t, r.proxy.URL, dir, time.Duration(20+37*i%400)*time.Millisecond)
		for e, err := range r.client.List(t.Context(), s3test.Key("victim/"), "") {
			if err != nil {
				t.Fatal(err)
			}
			var n byte
			fmt.Sscanf(e.Key.Name, "victim/%d", &n)
			r.holds(e.Key.Name, noise(victimSize(n), n))
		}
	}
	next, err := cache.Open(t.Context(), dir, 0, r.client)
	if err != nil {
		t.Fatal(err)
	}
	defer next.Close()
	until(t, "the caches of the dead removed", func() bool {
		entries, _ := os.ReadDir(dir)
		return len(entries) == 1
	})
	for n := range byte(victims) {
		if r.uploads(fmt.Sprintf("victim/%d", n)) != 0 {
			t.Errorf("upload %d is left", n)
		}
	}
}
