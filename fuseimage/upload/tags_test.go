package upload

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseTags(t *testing.T) {
	tags, err := ParseTags("[.command.*|.exitcode|.fusion.*](nextflow.io/metadata=true),[*](nextflow.io/temporary=true)")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"a/b/.command.out": "nextflow.io%2Fmetadata=true",
		".exitcode":        "nextflow.io%2Fmetadata=true",
		"a/.exitcode/x":    "nextflow.io%2Ftemporary=true",
	} {
		if got := tags.For(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if none, err := ParseTags(""); err != nil || none.For("x") != "" {
		t.Error("no tags: ", none, err)
	}
	for _, wrong := range []string{"x", "[*]", "[*](", "[*](a)", "[](a=b)", "[[](a=b)", "[*](a=b),", "[*](a=b)[*](c=d)", "[*](=b)"} {
		if _, err := ParseTags(wrong); err == nil || !strings.Contains(err.Error(), "the form is") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}

func FuzzParseTags(f *testing.F) {
	f.Add("[.command.*|.exitcode](a=b),[*](c=d&e=f)", "x/.command.run")
	f.Add("[*](=)", "")
	f.Fuzz(func(t *testing.T, s, name string) {
		tags, err := ParseTags(s)
		if err != nil {
			return
		}
		if _, err := url.ParseQuery(tags.For(name)); err != nil {
			t.Errorf("%q: the header %q cannot be read: %v", s, tags.For(name), err)
		}
	})
}

// The ladder reaches 5 TiB in 10,000 parts without a gap, and each part is one that S3 takes.
func TestR21PartLadder(t *testing.T) {
	end, n := int64(0), 0
	for ; ; n++ {
		off, size, ok := partRange(n)
		if !ok {
			break
		}
		if off != end || size < 5<<20 || size > 5<<30 {
			t.Fatalf("part %d is %d+%d, the one before ended at %d", n, off, size, end)
		}
		end = off + size
	}
	if n != 10000 || end < 5<<40 {
		t.Fatalf("%d parts hold %d bytes", n, end)
	}
}
