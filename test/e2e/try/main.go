// Command try brings the end-to-end world up for a person to try, or ends it: go run ./e2e/try up|down.
// down takes the folder of another world that was left behind. up takes the way to set the workspace up: SECURITY COMPUTE INJECT SCRATCH, by default unprivileged Job csi csi.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/fusiongen/fusiongen/test/e2e"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "try:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string) error {
	root, err := filepath.Abs("..")
	if err != nil {
		return err
	}
	dir := filepath.Join(root, ".cache", "e2e")
	switch {
	case len(args) == 2 && args[0] == "down":
		dir = args[1]
		fallthrough
	case len(args) == 1 && args[0] == "down":
		e2e.End(root, dir)
		return os.RemoveAll(dir)
	case len(args) == 1 && args[0] == "up":
		args = append(args, "unprivileged", "Job", "csi", "csi")
	case len(args) != 5 || args[0] != "up":
		return errors.New("say up, up SECURITY COMPUTE INJECT SCRATCH, or down")
	}
	if _, err := os.Stat(dir); err == nil {
		return fmt.Errorf("there is a world in %s already; make e2e-down ends it", dir)
	}
	w, err := e2e.Up(ctx, root, dir)
	if err != nil {
		w.Down()
		return errors.Join(err, os.RemoveAll(dir))
	}
	ws, err := w.Open(ctx, e2e.Cell{Security: args[1], Compute: args[2], Inject: args[3], Scratch: args[4]})
	if err != nil {
		w.Down()
		return errors.Join(err, os.RemoveAll(dir))
	}
	commands, err := ws.Commands()
	if err != nil {
		return err
	}
	fmt.Printf("The cluster, an S3 server and the workspace %s are up; make e2e-down ends them. To try:\n\n%s", ws.Name, commands)
	return nil
}
