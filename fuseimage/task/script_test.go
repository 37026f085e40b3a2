package task

import (
	"reflect"
	"strings"
	"testing"
)

// A header and staging block in the shape that Nextflow 24.10 writes.
const example = `#!/bin/bash
### ---
### name: 'ALIGN (it's a [tag])'
### container: 'quay.io/x/y:1'
### outputs:
### - 'out*.txt'
### - 'dir/**'
### - 'it's.txt'
### ...
set -e
NXF_CHDIR=/fusion/s3/work/ab/cd
nxf_stage() {
    true
    # stage input files; ln -s no/file here
    rm -f sub/y.txt
    mkdir -p sub && ln -sfn /fusion/s3/in/b.txt sub/y.txt
    ln -s /fusion/s3/in/a\ file\ \(1\).txt a\ file\ \(1\).txt
    cp -fRL /fusion/s3/in/dir dir
    ln ../../x.bam sub/x.bam
    ln -sfn "$HOME/z" z
    ln -s /absolute /also
}
printf -- $exit_status > .exitcode
### - 'not in the header'
`

func TestParseScript(t *testing.T) {
	got := ParseScript(example)
	want := Script{
		Name: "ALIGN (it's a [tag])", Container: "quay.io/x/y:1",
		Declared: true, Outputs: []string{"out*.txt", "dir/**", "it's.txt"},
		Inputs: []Input{
			{"/fusion/s3/in/b.txt", "sub/y.txt"},
			{"/fusion/s3/in/a file (1).txt", "a file (1).txt"},
			{"/fusion/s3/in/dir", "dir"},
			{"../x.bam", "sub/x.bam"},
		},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestParseScriptWithoutOutputs(t *testing.T) {
	if got := ParseScript("### ---\n### name: 'A'\n### ...\n"); got.Declared || got.Name != "A" {
		t.Errorf("got %+v, want name A and no declaration", got)
	}
	if got := ParseScript("nxf_stage() {\n  bash /fusion/s3/w/ab/.command.stage\n}\n"); !got.Elsewhere {
		t.Error("staging in .command.stage was not noticed")
	}
}

func TestCommands(t *testing.T) {
	for line, want := range map[string][][]string{
		`a b`:                  {{"a", "b"}},
		`a 'b c' "d \"e\" $f"`: {{"a", "b c", `d "e" $f`}},
		`a\ b && c; d|e`:       {{"a b"}, {"c"}, {"d"}, {"e"}},
		`a '' "" b`:            {{"a", "", "", "b"}},
		`a # b`:                {{"a"}},
		`a b#c`:                {{"a", "b#c"}},
		`a 'b`:                 nil,
		`a "b`:                 nil,
		``:                     nil,
	} {
		if got := commands(line); !reflect.DeepEqual(got, want) {
			t.Errorf("commands(%q) = %q, want %q", line, got, want)
		}
	}
}

// FuzzParseScript: no text makes the parser panic, and no input name leaves the work directory
// by being absolute.
func FuzzParseScript(f *testing.F) {
	f.Add(example)
	f.Add("### ---\n### outputs:\n### - 'a[b{c'\n### ...\nln -s '")
	f.Fuzz(func(t *testing.T, text string) {
		s := ParseScript(text)
		for _, in := range s.Inputs {
			if strings.HasPrefix(in.Name, "/") {
				t.Errorf("input name %q is absolute", in.Name)
			}
		}
	})
}
