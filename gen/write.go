package gen

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// WriteOptions change what Write refuses.
type WriteOptions struct {
	Force bool // overwrite files that were edited by hand, or that no build wrote
}

// WriteResult says what Write did.
type WriteResult struct {
	Written, Removed []string // slash paths below the directory
}

// Conflict is a refusal: files in the way that are not ours to change. Nothing was written.
type Conflict struct {
	Dir   string
	Files []string // path and reason
}

// Error lists the files and says what to do.
func (c *Conflict) Error() string {
	return fmt.Sprintf("%s is left as it is:\n  %s\nmove these away or put the change into the spec; --force overwrites them", c.Dir, strings.Join(c.Files, "\n  "))
}

// Write makes dir hold the tree. Files with the right content keep their time; files that an earlier build wrote and
// this one does not are removed; a file that was edited by hand, a foreign file in the way and a symlink are refused
// by a *Conflict before anything is written. Each file is replaced by rename and SumFile comes last, so a crash
// leaves every file whole, old or new, and the next Write goes on from there.
func (t *Tree) Write(dir string, o WriteOptions) (WriteResult, error) {
	var result WriteResult
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return result, fmt.Errorf("%s is a file, not a directory", dir)
	}
	old, err := readSum(dir)
	if err != nil && !o.Force {
		return result, err
	}
	if old == nil {
		old = &Sum{}
	}
	if err := t.conflicts(dir, old, o); err != nil {
		return result, err
	}
	for _, f := range t.Files() {
		if f.Path == SumFile {
			continue
		}
		if err := result.write(dir, f); err != nil {
			return result, err
		}
	}
	for _, path := range sorted(old.Files) {
		if _, keep := t.files[path]; keep || !filepath.IsLocal(filepath.FromSlash(path)) {
			continue
		}
		if err := result.remove(dir, path); err != nil {
			return result, err
		}
	}
	return result, result.write(dir, File{Path: SumFile, Data: t.files[SumFile]})
}

// readSum is the directory's SumFile; nil when it has none.
func readSum(dir string) (*Sum, error) {
	data, err := os.ReadFile(filepath.Join(dir, SumFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ParseSum(data)
}

func (t *Tree) conflicts(dir string, old *Sum, o WriteOptions) error {
	c := &Conflict{Dir: dir}
	paths := map[string]string{}
	for path := range t.files {
		paths[path] = ""
	}
	for path := range old.Files {
		if filepath.IsLocal(filepath.FromSlash(path)) {
			paths[path] = ""
		}
	}
	for _, path := range sorted(paths) {
		if why := t.inTheWay(dir, path, old, o.Force); why != "" {
			c.Files = append(c.Files, path+": "+why)
		}
	}
	if len(c.Files) > 0 {
		return c
	}
	return nil
}

// inTheWay says why the file at path must not be replaced, or "".
func (t *Tree) inTheWay(dir, path string, old *Sum, force bool) string {
	if link := symlink(dir, path); link != "" {
		return link + " is a symlink, and nothing is written through one"
	}
	have, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
	switch {
	case errors.Is(err, fs.ErrNotExist) || force && err == nil || path == SumFile:
		return ""
	case err != nil:
		return err.Error()
	case bytes.Equal(have, t.files[path]):
		return ""
	case old.Files[path] == "":
		return "no build wrote this file"
	case old.Files[path] != hash(have):
		return "it was edited by hand"
	}
	return ""
}

// symlink is the first part of path below dir that is a symlink, or "".
func symlink(dir, path string) string {
	at := dir
	for part := range strings.SplitSeq(path, "/") {
		at = filepath.Join(at, part)
		if info, err := os.Lstat(at); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return at
		}
	}
	return ""
}

func (r *WriteResult) write(dir string, f File) error {
	target := filepath.Join(dir, filepath.FromSlash(f.Path))
	if have, err := os.ReadFile(target); err == nil && bytes.Equal(have, f.Data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(target), ".fusiongen-*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // gone already when all went well
	_, err = temporary.Write(f.Data)
	err = errors.Join(err, temporary.Chmod(0o644), temporary.Sync(), temporary.Close())
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	if err := os.Rename(temporary.Name(), target); err != nil {
		return err
	}
	r.Written = append(r.Written, f.Path)
	return nil
}

// remove deletes a file of an earlier build, and the directories that it leaves empty.
func (r *WriteResult) remove(dir, path string) error {
	target := filepath.Join(dir, filepath.FromSlash(path))
	if err := os.Remove(target); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r.Removed = append(r.Removed, path)
	for parent := filepath.Dir(target); parent != filepath.Clean(dir); parent = filepath.Dir(parent) {
		if os.Remove(parent) != nil { // not empty
			break
		}
	}
	return nil
}
