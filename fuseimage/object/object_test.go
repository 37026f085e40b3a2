package object_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// noise returns n bytes that differ from those of another seed.
func noise(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	r.Read(b)
	return b
}

func put(t *testing.T, c *object.Client, name string, data []byte) object.Info {
	t.Helper()
	info, err := c.Put(context.Background(), s3test.Key(name), bytes.NewReader(data), int64(len(data)), object.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestRoundTrip(t *testing.T) {
	ctx := context.Background()
	c := s3test.Client(t, s3test.Start(t).URL)
	for _, size := range []int{0, 1, 4096, 1<<20 + 1} {
		data := noise(size, 1)
		info := put(t, c, "a/b", data)
		head, err := c.Head(ctx, info.Key)
		if err != nil || head.ETag != info.ETag || head.Size != int64(size) || head.Checksum != info.Checksum {
			t.Fatalf("head is %+v, %v; put said %+v", head, err, info)
		}
		if info.Checksum.Algorithm != "CRC64NVME" {
			t.Fatalf("put was verified by %+v", info.Checksum)
		}
		got := make([]byte, size)
		if err := c.Read(ctx, head, 0, got); err != nil || !bytes.Equal(got, data) {
			t.Fatalf("size %d: read differs, err %v", size, err)
		}
		if size > 10 {
			if err := c.Read(ctx, head, 3, got[:7]); err != nil || !bytes.Equal(got[:7], data[3:10]) {
				t.Fatalf("range differs, err %v", err)
			}
		}
	}
	if err := c.Delete(ctx, s3test.Key("a/b")); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(ctx, s3test.Key("a/b")); err != nil {
		t.Fatalf("a second delete: %v", err)
	}
	if _, err := c.Head(ctx, s3test.Key("a/b")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("head of a deleted key: %v", err)
	}
}

func TestMultipart(t *testing.T) {
	ctx := context.Background()
	c := s3test.Client(t, s3test.Start(t).URL)
	const part = 5 << 20
	data := noise(2*part+77, 2)
	u, err := c.Begin(ctx, s3test.Key("big"), object.PutOptions{Metadata: map[string]string{"mode": "755"}})
	if err != nil {
		t.Fatal(err)
	}
	var parts []object.Part
	for off := int64(0); off < int64(len(data)); off += part {
		p, err := c.Part(ctx, u, int32(len(parts)+1), bytes.NewReader(data), off, min(part, int64(len(data))-off))
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, p)
	}
	if _, err := c.Head(ctx, s3test.Key("big")); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("visible before Complete: %v", err)
	}
	info, err := c.Complete(ctx, u, parts)
	if err != nil {
		t.Fatal(err)
	}
	head, err := c.Head(ctx, info.Key)
	if err != nil || head.Checksum != info.Checksum || head.Checksum.Value == "" || head.Metadata["mode"] != "755" {
		t.Fatalf("head %+v, %v; complete said %+v", head, err, info)
	}
	var got bytes.Buffer
	if err := c.Get(ctx, head, 0, head.Size, func(_ int64, p []byte) error { got.Write(p); return nil }); err != nil || !bytes.Equal(got.Bytes(), data) {
		t.Fatalf("get differs: %v", err)
	}
	if err := c.Abort(ctx, u); err != nil {
		t.Fatalf("abort of a finished upload: %v", err)
	}
	u, err = c.Begin(ctx, s3test.Key("big"), object.PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if ids, err := c.Uploads(ctx, u.Key); err != nil || len(ids) != 1 || ids[0].ID != u.ID {
		t.Fatalf("uploads: %v, %v", ids, err)
	}
	if err := c.Abort(ctx, u); err != nil {
		t.Fatal(err)
	}
	if ids, err := c.Uploads(ctx, u.Key); err != nil || len(ids) != 0 {
		t.Fatalf("uploads after abort: %v, %v", ids, err)
	}
}

// Keys are bytes; pages, prefixes and delimiters see each once.
func TestR20Lists(t *testing.T) {
	ctx := context.Background()
	s := s3test.Start(t)
	c := s3test.Client(t, s.URL)
	odd := []string{" lead", ".dot/x", "a b/c+d", "per%20cent", "ü/日本", "q?x=1&y#z", "tab\tnew", "star*[x]", "-", "back\\slash", `quote"'<>`}
	for _, name := range odd {
		info := put(t, c, "odd/"+name, []byte(name))
		got := make([]byte, len(name))
		if err := c.Read(ctx, info, 0, got); err != nil || string(got) != name {
			t.Fatalf("%q: %q, %v", name, got, err)
		}
	}
	seen := map[string]bool{}
	for e, err := range c.List(ctx, s3test.Key("odd/"), "") {
		if err != nil {
			t.Fatal(err)
		}
		seen[e.Key.Name] = true
	}
	for _, name := range odd {
		if !seen["odd/"+name] {
			t.Errorf("list lacks %q; it has %v", "odd/"+name, seen)
		}
	}
	const n = 2500 // objects without metadata are plain files to this server
	if err := os.MkdirAll(s.Dir+"/bucket/many/sub", 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := os.WriteFile(s.Dir+"/bucket/many/"+name(i), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	os.WriteFile(s.Dir+"/bucket/many/sub/x", nil, 0o644)
	for delimiter, deep := range map[string]string{"/": "", "": "many/sub/x"} {
		var names []string
		for e, err := range c.List(ctx, s3test.Key("many/"), delimiter) {
			if err != nil {
				t.Fatal(err)
			}
			names = append(names, e.Prefix+e.Key.Name)
		}
		want := "many/sub/"
		if deep != "" {
			want = deep
		}
		if len(names) != n+1 || names[n] != want || names[0] != "many/"+name(0) || names[n-1] != "many/"+name(n-1) {
			t.Fatalf("delimiter %q: %d names, the last is %v", delimiter, len(names), names[len(names)-1])
		}
	}
	if any, err := c.Any(ctx, s3test.Key("many/f0001")); err != nil || !any {
		t.Fatal(any, err)
	}
	if any, err := c.Any(ctx, s3test.Key("none/")); err != nil || any {
		t.Fatal(any, err)
	}
}

func name(i int) string {
	return "f" + string([]byte{'0' + byte(i/1000), '0' + byte(i/100%10), '0' + byte(i/10%10), '0' + byte(i%10)})
}

func TestCopy(t *testing.T) {
	ctx := context.Background()
	c := s3test.Client(t, s3test.Start(t).URL)
	from := put(t, c, "from a+b/ü", noise(100000, 3))
	to, err := c.Copy(ctx, from, s3test.Key("to"), object.PutOptions{Tags: "k=v"})
	if err != nil || to.Size != from.Size || to.Checksum != from.Checksum {
		t.Fatalf("%+v, %v", to, err)
	}
	put(t, c, "from a+b/ü", noise(100000, 4))
	if _, err := c.Copy(ctx, from, s3test.Key("to2"), object.PutOptions{}); !errors.Is(err, object.ErrChanged) {
		t.Fatalf("copy of a replaced source: %v", err)
	}
	if err := c.Read(ctx, from, 0, make([]byte, 10)); !errors.Is(err, object.ErrChanged) {
		t.Fatalf("read of a replaced object: %v", err)
	}
}
