package task

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/fusiongen/fusiongen/fuseimage/control"
)

// attached is a file system that another process serves, outside of this container. Its files are reached through
// the mount.
type attached struct {
	*control.Client
	root string
}

func attach(socket, root string) (attached, error) {
	client, err := control.Dial(socket)
	return attached{client, root}, err
}

func (a attached) path(key control.Key, name string) string {
	return filepath.Join(a.root, "s3", key.Bucket, key.Name, name)
}

func (a attached) Read(_ context.Context, key control.Key) ([]byte, error) {
	return os.ReadFile(a.path(key, ""))
}

func (a attached) Append(dir control.Key, name string) (io.WriteCloser, error) {
	path := a.path(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return nil, err
	}
	return os.Create(path)
}

// Close leaves the mount to its server.
func (a attached) Close(context.Context) error { return a.Client.Close() }
