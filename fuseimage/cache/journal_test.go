package cache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/fuseimage/object"
)

// A journal cut anywhere names every upload that had begun before the cut and had not ended.
func TestR03JournalCut(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		os.Remove(filepath.Join(dir, journalName))
		j, err := newJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer j.close()
		type state struct {
			size int64
			open map[object.Upload]bool
		}
		open := map[object.Upload]bool{}
		var states []state
		for i := range rapid.IntRange(1, 12).Draw(t, "steps") {
			if end := rapid.Bool().Draw(t, "end"); end && len(open) > 0 {
				for u := range open {
					err = j.End(u)
					delete(open, u)
					break
				}
			} else {
				u := object.Upload{Key: object.Key{Bucket: "b", Name: rapid.StringN(1, 8, -1).Draw(t, "name") + "\xff\n"}, ID: fmt.Sprint("id", i)}
				if err = j.Intend(u.Key); err == nil {
					err = j.Begin(u)
				}
				open[u] = true
			}
			if err != nil {
				t.Fatal(err)
			}
			fi, _ := j.f.Stat()
			s := state{fi.Size(), map[object.Upload]bool{}}
			for u := range open {
				s.open[u] = true
			}
			states = append(states, s)
		}
		all, err := os.ReadFile(filepath.Join(dir, journalName))
		if err != nil {
			t.Fatal(err)
		}
		s := rapid.SampledFrom(states).Draw(t, "state")
		cut := s.size + min(rapid.Int64Range(0, 10).Draw(t, "torn"), int64(len(all))-s.size)
		uploads, _ := unfinished(bytes.NewReader(all[:cut]))
		if len(uploads) != len(s.open) {
			t.Fatalf("%v instead of %v", uploads, s.open)
		}
		for _, u := range uploads {
			if !s.open[u] {
				t.Fatalf("%v instead of %v", uploads, s.open)
			}
		}
	})
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte(`{"bucket":"b","name":"YQ=="}` + "\n" + `{"bucket":"b","name":"YQ==","id":"1"}` + "\n" + `{"bucket":"b","name":"YQ==","id":"1","end":true}` + "\n"))
	f.Add([]byte(`{"bucket":"b","name":"YQ==","id":"1"}` + "\n" + `{"buck`))
	f.Fuzz(func(t *testing.T, data []byte) {
		uploads, keys := unfinished(bytes.NewReader(data))
		seen := map[object.Upload]bool{}
		for _, u := range uploads {
			if u.ID == "" || u.Key.Bucket == "" || u.Key.Name == "" || seen[u] {
				t.Errorf("%+v", u)
			}
			seen[u] = true
		}
		for _, k := range keys {
			if k.Bucket == "" || k.Name == "" {
				t.Errorf("%+v", k)
			}
		}
	})
}
