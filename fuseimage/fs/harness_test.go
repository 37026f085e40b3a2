package fs

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/cache"
	"github.com/fusiongen/fusiongen/fuseimage/internal/s3test"
	"github.com/fusiongen/fusiongen/fuseimage/mount"
	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// serverConfig is what a mount's server process is told.
type serverConfig struct {
	Dir, Cache, URL string
	Engine          Engine
	Owned           []object.Key
	Prefetch        []object.Key
	Refresh, Delay  time.Duration
	Outputs         []string // suffixes of keys that are uploaded; none: all
	NoOutputs       bool     // all is uploaded, nothing is an output, so links stay links
	Control         string   // suffix of control files' keys
	Follow          time.Duration
	Quota           int64
	PanicKey        string // suffix of keys at which the queue's policy panics
	Mount           string // the Config's; default Dir
}

// serve is the server process: it mounts, obeys the lines on stdin, and unmounts at their end.
func serve(cfg serverConfig) int {
	ctx := context.Background()
	fail := func(err error) int {
		fmt.Println("error", strconv.Quote(err.Error()))
		return 1
	}
	client, err := object.New(ctx, s3test.Config(cfg.URL))
	if err != nil {
		return fail(err)
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	c, err := cache.Open(ctx, cfg.Cache, cfg.Quota, client)
	if err != nil {
		return fail(err)
	}
	defer c.Close()
	if cfg.Mount == "" {
		cfg.Mount = cfg.Dir
	}
	fs, err := New(Config{
		Client: client, Cache: c, Mount: cfg.Mount, Owned: cfg.Owned, Prefetch: cfg.Prefetch, Refresh: cfg.Refresh, Follow: cfg.Follow,
		UID: uint32(os.Getuid()), GID: uint32(os.Getgid()), Engine: cfg.Engine, Log: log,
		Upload: upload.Options{Delay: cfg.Delay, Log: log, Policy: policy(cfg), Stall: 20 * time.Second},
	})
	if err != nil {
		return fail(err)
	}
	conn, err := mount.Direct(cfg.Dir)
	if err != nil {
		return fail(err)
	}
	server, err := fs.Serve(conn)
	if err != nil {
		return fail(err)
	}
	fmt.Println("ready", fs.Stats().Engine)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		switch in.Text() {
		case "sync":
			if err := fs.Sync(ctx); err != nil {
				fmt.Println("error", strconv.Quote(err.Error()))
				continue
			}
			fmt.Println("ok")
		case "stats":
			text, _ := json.Marshal(struct {
				FS     Stats
				Client object.Stats
				Cache  cache.Usage
				Queue  upload.Report
			}{fs.Stats(), client.Stats(), c.Usage(), fs.Queue().Report()})
			fmt.Println(string(text))
		}
	}
	if err := server.Unmount(); err != nil {
		return fail(err)
	}
	server.Wait()
	if err := fs.Close(ctx); err != nil {
		return fail(err)
	}
	return 0
}

func policy(cfg serverConfig) func(object.Key) upload.Class {
	return func(key object.Key) upload.Class {
		if cfg.PanicKey != "" && strings.HasSuffix(key.Name, cfg.PanicKey) {
			panic("a fault planted by the test")
		}
		for _, suffix := range cfg.Outputs {
			if strings.HasSuffix(key.Name, suffix) {
				return upload.Output
			}
		}
		if cfg.Control != "" && strings.HasSuffix(key.Name, cfg.Control) {
			return upload.Control
		}
		if cfg.NoOutputs {
			return upload.Other
		}
		if len(cfg.Outputs) > 0 {
			return upload.Keep
		}
		return upload.Output
	}
}

// A mounted is a mount under test, served by a process of its own.
type mounted struct {
	t       *testing.T
	Engine  Engine
	Dir     string // mount point
	Prefix  string // of all keys of the test, ends with a slash
	Work    string // path of Prefix + "work", which the mount owns
	Shared  string // path of Prefix + "shared", which others write to as well
	Client  *object.Client
	process *exec.Cmd
	stdin   io.WriteCloser
	stdout  *bufio.Reader
	log     *strings.Builder
}

var prefixes atomic.Int64 // makes prefixes unique within the process

// newMount mounts until the test ends. Options change the configuration.
func newMount(t *testing.T, engine Engine, options ...func(*serverConfig)) *mounted {
	t.Helper()
	tmp := t.TempDir()
	m := &mounted{t: t, Engine: engine, Dir: filepath.Join(tmp, "mnt"), log: &strings.Builder{}}
	if err := os.Mkdir(m.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m.Prefix = fmt.Sprintf("t%d-%d/", os.Getpid(), prefixes.Add(1))
	cfg := serverConfig{
		Dir: m.Dir, Cache: filepath.Join(tmp, "cache"), URL: os.Getenv(s3Env), Engine: engine,
		Owned: []object.Key{s3test.Key(m.Prefix + "work")}, Refresh: 50 * time.Millisecond, Delay: 20 * time.Millisecond,
	}
	for _, o := range options {
		o(&cfg)
	}
	m.Work = m.path("work")
	m.Shared = m.path("shared")
	m.Client = s3test.Client(t, os.Getenv(s3Env))
	text, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	m.process = exec.Command("/proc/self/exe")
	m.process.Env = append(os.Environ(), serverEnv+"="+string(text))
	m.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	m.process.Stderr = m.log
	m.stdin, err = m.process.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := m.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	m.stdout = bufio.NewReader(out)
	if err := m.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.unmount)
	if got := m.reply(); got != "ready "+string(engine) {
		t.Fatalf("the server says %q", got)
	}
	return m
}

// reply reads one line of the server.
func (m *mounted) reply() string {
	line, err := m.stdout.ReadString('\n')
	if err != nil {
		m.t.Fatalf("the server ended: %v\n%s", err, m.log)
	}
	return strings.TrimSpace(line)
}

// sync makes everything durable, or fails the test.
func (m *mounted) sync() {
	m.t.Helper()
	if got := m.trySync(); got != "ok" {
		m.t.Fatalf("sync: %s", got)
	}
}

func (m *mounted) trySync() string {
	fmt.Fprintln(m.stdin, "sync")
	return m.reply()
}

// stats is what the server counted.
type stats struct {
	FS     Stats
	Client object.Stats
	Cache  cache.Usage
	Queue  upload.Report
}

func (m *mounted) stats() (s stats) {
	m.t.Helper()
	fmt.Fprintln(m.stdin, "stats")
	if err := json.Unmarshal([]byte(m.reply()), &s); err != nil {
		m.t.Fatal(err)
	}
	return s
}

func (m *mounted) unmount() {
	m.stdin.Close()
	done := make(chan error, 1)
	go func() { done <- m.process.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			m.t.Errorf("the server ended with %v", err)
		}
	case <-time.After(20 * time.Second):
		m.process.Process.Signal(syscall.SIGQUIT)
		<-done
		m.t.Error("the server did not end")
	}
	if m.t.Failed() && m.log.Len() > 0 {
		log := m.log.String()
		m.t.Logf("log of the server:\n%s", log[max(0, len(log)-8000):])
	}
	if mount.Mounted(m.Dir) {
		m.t.Errorf("%s is still mounted", m.Dir)
	}
}

// path returns the path in the mount of a key below the test's prefix.
func (m *mounted) path(name string) string {
	return filepath.Join(m.Dir, "s3", s3test.Bucket, m.Prefix, name)
}

// put stores an object below the test's prefix, from outside of the mount.
func (m *mounted) put(name, content string) object.Info {
	m.t.Helper()
	info, err := m.tryPut(name, content)
	if err != nil {
		m.t.Fatal(err)
	}
	return info
}

func (m *mounted) tryPut(name, content string) (object.Info, error) {
	return m.Client.Put(context.Background(), s3test.Key(m.Prefix+name), strings.NewReader(content), int64(len(content)), object.PutOptions{})
}

// remove deletes an object from outside of the mount.
func (m *mounted) remove(name string) {
	m.t.Helper()
	if err := m.Client.Delete(context.Background(), s3test.Key(m.Prefix+name)); err != nil {
		m.t.Fatal(err)
	}
}

// objects returns what S3 holds below a name: key below the prefix -> content. It looks again where an object was
// replaced between the list and the read.
func (m *mounted) objects(name string) map[string]string {
	m.t.Helper()
	for {
		got, err := m.snapshot(name)
		if err == nil {
			return got
		}
		if !errors.Is(err, object.ErrChanged) {
			m.t.Fatal(err)
		}
	}
}

func (m *mounted) snapshot(name string) (map[string]string, error) {
	ctx := context.Background()
	got := map[string]string{}
	for e, err := range m.Client.List(ctx, s3test.Key(m.Prefix+name), "") {
		if err != nil {
			return nil, err
		}
		p := make([]byte, e.Size)
		if len(p) > 0 {
			if err := m.Client.Read(ctx, e.Info, 0, p); err != nil {
				return nil, err
			}
		}
		got[strings.TrimPrefix(e.Key.Name, m.Prefix)] = string(p)
	}
	return got, nil
}

// eachEngine runs a test on both engines, or on the buffered one where the kernel allows no other.
func eachEngine(t *testing.T, test func(t *testing.T, engine Engine)) {
	for _, e := range engines() {
		t.Run(string(e), func(t *testing.T) { test(t, e) })
	}
}

// engines are those that this process may use: as root both, in a user namespace the buffered one.
func engines() []Engine {
	ids, _ := os.ReadFile("/proc/self/uid_map")
	if strings.Join(strings.Fields(string(ids)), " ") != "0 0 4294967295" {
		return []Engine{Buffered}
	}
	return []Engine{Passthrough, Buffered}
}
