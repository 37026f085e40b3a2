package fs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
	"golang.org/x/sys/unix"

	"github.com/fusiongen/fusiongen/fuseimage/mount"
)

const (
	maxRequest  = 1 << 20 // bytes of a READ or WRITE: what kernels since 4.20 send at most
	background  = 64      // asynchronous requests under way, as mountpoint-s3 has it
	inflight    = 8 << 20 // bytes of request buffers
	growth      = 100 * time.Millisecond
	overlayType = 0x794c7630 // OVERLAYFS_SUPER_MAGIC
)

// A Server serves one mount.
type Server struct {
	conn *mount.Connection
	fuse *fuse.Server
	stop context.CancelFunc
	done chan struct{}
}

// Serve answers the kernel's requests on conn until it is unmounted. It returns at once.
func (fs *FS) Serve(conn *mount.Connection) (*Server, error) {
	options := &fuse.MountOptions{
		MaxWrite: maxRequest, MaxReadAhead: maxRequest, MaxBackground: background, MaxInflightRequestBytes: inflight,
		// An inode is one version and every change passes the kernel, so it never has to drop its pages.
		ExplicitDataCacheControl: true,
		EnableSymlinkCaching:     true,
		MaxStackDepth:            fs.stackDepth(),
		ExtraCapabilities:        fuse.CAP_ATOMIC_O_TRUNC | fuse.CAP_HANDLE_KILLPRIV_V2 | fuse.CAP_DIRECT_IO_ALLOW_MMAP,
		PanicHandler:             fs.panicked,
		Logger:                   slog.NewLogLogger(fs.cfg.Log.Handler(), slog.LevelDebug), // such as pipes that it could not have
	}
	if !fs.mayPassThrough() {
		if fs.cfg.Engine == Passthrough {
			return nil, errors.New("kernel passthrough needs CAP_SYS_ADMIN in the initial user namespace; use the buffered engine")
		}
		options.ExtraCapabilities |= fuse.CAP_WRITEBACK_CACHE // excludes passthrough
		options.DisabledCapabilities |= fuse.CAP_PASSTHROUGH
	}
	server, err := fuse.NewServer(fs, conn.ServePath(), options)
	if err != nil {
		return nil, fmt.Errorf("serve %s: %w", conn.Dir, err)
	}
	if fs.cfg.Engine == Passthrough && !fs.through {
		return nil, errors.New("the kernel refuses passthrough (CONFIG_FUSE_PASSTHROUGH, since Linux 6.9); use the buffered engine")
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{conn: conn, fuse: server, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		server.Serve()
	}()
	if err := readFurther(conn.Dir); err != nil {
		fs.cfg.Log.Debug("the kernel reads ahead as far as it does by default", "error", err)
	}
	go fs.watchGrowth(ctx)
	fs.life = ctx
	go fs.prefetch(ctx, fs.cfg.Prefetch)
	return s, nil
}

// Unmount detaches the mount at once, whoever still uses it.
func (s *Server) Unmount() error { return s.conn.Unmount() }

// Wait returns when the mount is gone and no operation runs any more.
func (s *Server) Wait() {
	<-s.done
	s.stop()
}

// Init is called once the kernel has told its abilities, before the first operation.
func (fs *FS) Init(server *fuse.Server) {
	fs.server = server
	if !fs.mayPassThrough() {
		return
	}
	id, errno := server.RegisterBackingFd(&fuse.BackingMap{Fd: int32(fs.scratch.File().Fd())})
	if errno != 0 {
		fs.cfg.Log.Warn("no kernel passthrough", "error", errno)
		return
	}
	server.UnregisterBackingFd(id)
	fs.through = true
}

// mayPassThrough reports whether the kernel lets this process name backing files: root of the initial user namespace.
func (fs *FS) mayPassThrough() bool {
	ids, err := os.ReadFile("/proc/self/uid_map")
	initial := err == nil && strings.Join(strings.Fields(string(ids)), " ") == "0 0 4294967295"
	return fs.cfg.Engine != Buffered && initial && mount.Probe().CanMount()
}

// stackDepth is how many file systems may lie below this one; an overlay counts as one more.
func (fs *FS) stackDepth() int {
	var st unix.Statfs_t
	if err := unix.Fstatfs(int(fs.scratch.File().Fd()), &st); err == nil && st.Type == overlayType {
		return 2
	}
	return 1
}

// panicked turns a fault of ours into EIO for the operation that met it.
func (fs *FS) panicked(cause any) fuse.Status {
	fs.panics.Add(1)
	fs.cfg.Log.Error("an operation failed by a fault in this program", "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
	return fuse.EIO
}
