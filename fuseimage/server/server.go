// Package server puts the file system together: S3, the cache, the uploads and the kernel's connection.
package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path"
	"sync/atomic"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/control"
	"github.com/fusiongen/fusiongen/fuseimage/fs"
	"github.com/fusiongen/fusiongen/fuseimage/mount"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// A Config says how to serve.
type Config struct {
	S3        object.Config
	Bucket    string // what the mount shows; "" for all, as s3/BUCKET
	CacheDir  string
	CacheSize int64 // bytes, 0 for what the disk has
	Tags      upload.Tags
	Refresh   time.Duration // how long a listing of a directory that is not the task's is believed
	Stall     time.Duration // a Flush gives up after so long without progress
	Engine    string        // auto, passthrough or buffered
	Log       *slog.Logger
}

// A Server serves one mount. It is a control.Server.
type Server struct {
	client *object.Client
	cache  *cache.Cache
	queue  *upload.Queue
	fs     *fs.FS
	kernel *fs.Server
	plan   atomic.Pointer[plan]
}

var _ control.Server = (*Server)(nil)

// Start serves conn. The caller unmounts when it fails. No request is made to S3 yet.
func Start(ctx context.Context, conn *mount.Connection, c Config) (*Server, error) {
	s := &Server{}
	s.plan.Store(newPlan(control.Task{}))
	if err := s.start(ctx, conn, c); err != nil {
		return nil, errors.Join(err, s.release(ctx))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, conn *mount.Connection, c Config) (err error) {
	if s.client, err = object.New(ctx, c.S3); err != nil {
		return fmt.Errorf("cannot reach S3: %w", err)
	}
	if s.cache, err = cache.Open(ctx, c.CacheDir, c.CacheSize, s.client); err != nil {
		return fmt.Errorf("the cache directory %s cannot be used: %w; set FUSION_CACHE_LOCATION to one that can", c.CacheDir, err)
	}
	s.fs, err = fs.New(fs.Config{
		Client: s.client, Cache: s.cache, Bucket: c.Bucket, Mount: conn.Dir, Refresh: c.Refresh, Engine: fs.Engine(c.Engine), Log: c.Log,
		UID: uint32(os.Getuid()), GID: uint32(os.Getgid()),
		Upload: upload.Options{
			Tags: c.Tags, Stall: c.Stall, Log: c.Log,
			Policy: func(key object.Key) upload.Class { return s.plan.Load().class(key) },
		},
	})
	if err != nil {
		return err
	}
	s.queue = s.fs.Queue()
	s.kernel, err = s.fs.Serve(conn)
	return err
}

// Begin implements control.Server.
func (s *Server) Begin(_ context.Context, t control.Task) error {
	s.plan.Store(newPlan(t))
	var prefetch []object.Key
	for _, key := range t.Prefetch {
		prefetch = append(prefetch, object.Key{Bucket: key.Bucket, Name: key.Name})
	}
	s.fs.Begin([]object.Key{{Bucket: t.Bucket, Name: t.Dir}}, prefetch)
	return nil
}

// Flush implements control.Server.
func (s *Server) Flush(ctx context.Context, scope control.Scope) error {
	var flush error
	switch scope {
	case control.Results:
		flush = s.fs.Sync(ctx, upload.Control, upload.Output, upload.Other)
	case control.Stopped:
		s.plan.Load().stopped.Store(true)
		flush = s.queue.Flush(ctx, upload.Control)
	case control.All:
		flush = s.fs.Sync(ctx)
	default:
		return fmt.Errorf("unknown scope %q; want results, all or stopped", scope)
	}
	return flush
}

// Report implements control.Server.
func (s *Server) Report(context.Context) (control.Report, error) {
	up, down, usage := s.queue.Report(), s.client.Stats(), s.cache.Usage()
	r := control.Report{
		Down: down.Down, Up: up.Bytes, Objects: up.Objects, Copies: up.Copies, Deletes: up.Deletes,
		Retries: down.Retries, Hedges: down.Hedges, Waited: time.Duration(down.Waited),
		Hits: usage.Hits, Misses: usage.Misses, Dirty: usage.Dirty, Clean: usage.Clean, Evicted: usage.Evicted, Pending: up.Pending,
	}
	for _, n := range down.Requests {
		r.Requests += n
	}
	for _, f := range up.Failed {
		r.Failed = append(r.Failed, control.Failure{Key: f.Key.String(), Cause: f.Err.Error()})
	}
	return r, nil
}

// Read returns a small object's bytes.
func (s *Server) Read(ctx context.Context, key control.Key) ([]byte, error) {
	info, err := s.client.Head(ctx, object.Key{Bucket: key.Bucket, Name: key.Name})
	if err != nil {
		return nil, err
	}
	data := make([]byte, info.Size)
	if len(data) == 0 {
		return data, nil
	}
	return data, s.client.Read(ctx, info, 0, data)
}

// Close unmounts, aborts what is not uploaded and removes the cache, within ctx.
func (s *Server) Close(ctx context.Context) error { return s.release(ctx) }

func (s *Server) release(ctx context.Context) error {
	var errs []error
	if s.kernel != nil {
		errs = append(errs, s.kernel.Unmount())
	}
	if s.fs != nil {
		errs = append(errs, s.fs.Close(ctx))
	}
	if s.cache != nil {
		errs = append(errs, s.cache.Close())
	}
	if s.client != nil {
		s.client.Close()
	}
	return errors.Join(errs...)
}

// name joins a directory's key and a path below it.
func name(dir control.Key, file string) object.Key {
	return object.Key{Bucket: dir.Bucket, Name: path.Join(dir.Name, file)}
}
