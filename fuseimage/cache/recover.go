package cache

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	prefix   = ".fusion-" // of the directories of caches: hidden, as dir is often the task's own /tmp
	lockName = "lock"     // held by flock(2) while the process lives, so a kill -9 gives it back
)

// errTaken is the error of a directory that somebody else locks, or has removed in the meantime.
var errTaken = errors.New("another process has taken the directory")

// own makes a directory below dir and locks it. A recovery in another process may take one that is not locked yet;
// then the next name is tried.
func own(dir string) (path string, l *os.File, err error) {
	for range 100 {
		if path, err = os.MkdirTemp(dir, prefix); err != nil {
			return "", nil, err
		}
		if l, err = lock(path); err == nil {
			return path, l, nil
		}
		if !errors.Is(err, errTaken) && !errors.Is(err, os.ErrNotExist) {
			os.RemoveAll(path)
			break
		}
	}
	return "", nil, err
}

// lock takes the directory's lock.
func lock(dir string) (*os.File, error) {
	name := filepath.Join(dir, lockName)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil && !sameFile(f, name) {
		err = errTaken // the one who had it has removed it
	} else if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errTaken
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func sameFile(f *os.File, name string) bool {
	mine, err := f.Stat()
	there, err2 := os.Lstat(name)
	return err == nil && err2 == nil && os.SameFile(mine, there)
}

// removeLocked removes a directory whose lock we hold: the lock last, so that whoever finds the rest of a removal
// that was killed can tell by the lock that nobody is at it.
func removeLocked(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if e.Name() != lockName {
			err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
		}
	}
	err = errors.Join(err, os.Remove(filepath.Join(dir, lockName)))
	if gone := os.Remove(dir); !errors.Is(gone, os.ErrNotExist) && !errors.Is(gone, syscall.ENOTEMPTY) {
		err = errors.Join(err, gone) // else the next one to recover has locked it since, and removes it
	}
	return err
}

// recoverOthers removes the caches of dead processes in dir. One whose uploads could not be aborted stays for the
// next process.
func (c *Cache) recoverOthers(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		other := filepath.Join(dir, e.Name())
		if !e.IsDir() || !strings.HasPrefix(e.Name(), prefix) || other == c.dir {
			continue
		}
		l, err := lock(other)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
		err = c.abandon(ctx, other)
		cancel()
		if err != nil {
			c.log.Warn("uploads of an earlier process could not be aborted", "dir", other, "err", err)
		} else if err := removeLocked(other); err != nil {
			c.log.Warn("the cache of an earlier process could not be removed", "dir", other, "err", err)
		}
		l.Close()
	}
}

// abandon aborts the uploads in the journal of dir.
func (c *Cache) abandon(ctx context.Context, dir string) error {
	f, err := os.Open(filepath.Join(dir, journalName))
	if err != nil {
		return nil // it died before it had one
	}
	defer f.Close()
	uploads, keys := unfinished(f)
	for _, k := range keys {
		ids, err := c.client.Uploads(ctx, k)
		if ctx.Err() != nil {
			return err
		}
		uploads = append(uploads, ids...) // listing may be forbidden: the bucket's lifecycle rule is left
	}
	for _, u := range uploads {
		if err := c.client.Abort(ctx, u); err != nil {
			return err
		}
		c.log.Info("aborted an upload of an earlier process", "key", u.Key.String())
	}
	return nil
}
