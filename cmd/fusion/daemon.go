package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/telemetry"
	"github.com/prometheus/client_golang/prometheus"
)

// startTime is when a daemon's work has begun, and what only its start needed can go.
const startTime = 10 * time.Second

// A daemon is what the node's programs have in common: flags and no other arguments, JSON logs, a port for metrics and
// health, an end by signal.
type daemon struct {
	name    string
	streams Streams
	flags   *flag.FlagSet
	listen  *string
	log     *slog.Logger
	metrics *prometheus.Registry
}

// newDaemon declares the flags that all have. namespace begins the names of its metrics.
func newDaemon(name, usage, namespace, listen string, streams Streams) *daemon {
	d := &daemon{name: name, streams: streams, flags: flag.NewFlagSet(name, flag.ContinueOnError),
		log: telemetry.Logger(streams.Err, name), metrics: telemetry.Registry(namespace, version)}
	d.flags.SetOutput(streams.Err)
	d.flags.Usage = func() { fmt.Fprint(streams.Err, usage); d.flags.PrintDefaults() }
	d.listen = d.flags.String("listen", listen, "`address` of /metrics, /healthz and /readyz")
	return d
}

// parse reads the arguments. done means: exit with code.
func (d *daemon) parse(args []string) (code int, done bool) {
	switch err := d.flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0, true
	case err != nil:
		return 1, true
	case d.flags.NArg() > 0:
		return d.fail(1, fmt.Errorf("takes flags only, not %q", d.flags.Arg(0))), true
	}
	return 0, false
}

// fail says what went wrong, and gives the exit code back.
func (d *daemon) fail(code int, err error) int {
	fmt.Fprintf(d.streams.Err, "%s: %v\n", d.name, err)
	return code
}

// serve opens the port and runs the program until SIGTERM. more is what the line that says so tells beside the version.
func (d *daemon) serve(ctx context.Context, checks telemetry.Checks, run func(context.Context) error, more ...any) int {
	ctx, stop := untilTold(ctx)
	defer stop()
	address, err := telemetry.Listen(ctx, d.log, *d.listen, d.metrics, checks)
	if err != nil {
		return d.fail(2, fmt.Errorf("cannot open the health port: %w", err))
	}
	d.log.Info("started", append([]any{"version", version, "listen", address.String()}, more...)...)
	d.giveBack() // of the initialisation
	defer time.AfterFunc(startTime, d.giveBack).Stop()
	if err := run(ctx); err != nil {
		return d.fail(2, err)
	}
	return 0
}

// giveBack drops memory that is no longer needed.
func (d *daemon) giveBack() {
	if err := telemetry.LowMemory(); err != nil {
		d.log.Warn("the memory of the start is kept", "error", err)
	}
}

// untilTold ends with the signals that end a program.
func untilTold(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
}
