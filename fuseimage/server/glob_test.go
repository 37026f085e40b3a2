package server

import (
	"strings"
	"testing"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no []string
	}{
		{"out*.txt", []string{"out1.txt", "out.txt", "out*.txt"}, []string{"dir/out1.txt", "xout.txt", "out1.txt.gz"}},
		{"dir/**", []string{"dir/a", "dir/a/b"}, []string{"dirx/a"}},
		{"**/x.txt", []string{"x.txt", "a/x.txt", "a/b/x.txt"}, []string{"a/xx.txt"}},
		{"{a,b}.txt", []string{"a.txt", "b.txt", "{a,b}.txt"}, []string{"c.txt"}},
		{"s[12].txt", []string{"s1.txt", "s[12].txt"}, []string{"s3.txt"}},
		{"s[!12].txt", []string{"s3.txt"}, []string{"s1.txt"}},
		{"a?.txt", []string{"ab.txt"}, []string{"a/.txt", "a.txt"}},
		{"it's (1).txt", []string{"it's (1).txt"}, []string{"it's 1.txt"}},
		{"results/", []string{"results"}, []string{"result"}},
		{`a\*`, []string{"a*", `a\*`}, []string{"ab"}},
		{"a[", []string{"a["}, []string{"a"}},
		{"{a", []string{"{a"}, []string{"a"}},
	} {
		g := compileGlob(c.pattern)
		for _, name := range c.yes {
			if !g.match(name) {
				t.Errorf("%q does not match %q", c.pattern, name)
			}
		}
		for _, name := range c.no {
			if g.match(name) {
				t.Errorf("%q matches %q", c.pattern, name)
			}
		}
	}
}

// FuzzGlob: any pattern compiles and matches itself.
func FuzzGlob(f *testing.F) {
	f.Add("a[b{c,**/?")
	f.Fuzz(func(t *testing.T, pattern string) {
		if name := strings.TrimSuffix(strings.TrimPrefix(pattern, "./"), "/"); !compileGlob(pattern).match(name) {
			t.Errorf("pattern %q does not match itself", pattern)
		}
	})
}
