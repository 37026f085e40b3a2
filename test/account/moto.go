package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/test/server"
)

// Moto starts moto's server, an implementation of the AWS API, on loopback with an empty account, and gives its URL. It is the
// caller's child and ends with stop.
func Moto(ctx context.Context, root string, env ...string) (url string, stop func(), err error) {
	var errs bytes.Buffer
	venv := exec.CommandContext(ctx, filepath.Join(root, "test", "venv"), "iam")
	venv.Stderr = &errs
	bin, err := venv.Output()
	if err != nil {
		return "", nil, fmt.Errorf("test/venv iam: %w: %s", err, errs.String())
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	address := listener.Addr().(*net.TCPAddr)
	listener.Close()
	var said bytes.Buffer
	cmd := exec.Command(filepath.Join(strings.TrimSpace(string(bin)), "moto_server"), "-H", "127.0.0.1", "-p", fmt.Sprint(address.Port))
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	url = "http://" + address.String()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		err := server.Answers(ctx, url+"/moto-api/data.json")
		if err == nil {
			return url, stop, nil
		}
		select {
		case <-ctx.Done():
			stop()
			return "", nil, errors.Join(errors.New("moto does not answer: "+said.String()), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
