package task

import (
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/fusiongen/fusiongen/fuseimage/object"
	"github.com/fusiongen/fusiongen/fuseimage/upload"
)

// Root is where Nextflow expects the mount.
const Root = "/fusion"

// An Environment is what the variables ask for. The first block are Nextflow's and Fusion's names; the second are
// this runtime's own.
type Environment struct {
	Work        string        // FUSION_WORK: the task's directory on the mount
	Tags        upload.Tags   // FUSION_TAGS
	LogLevel    slog.Level    // FUSION_LOG_LEVEL: debug, info, warn, error; default info
	LogOutput   string        // FUSION_LOG_OUTPUT: stdout, stderr or a path; default .fusion.log in the task's directory
	CacheSize   int64         // FUSION_CACHE_SIZE in bytes, 0 for what the disk has
	CacheDir    string        // FUSION_CACHE_LOCATION, else TMPDIR, else /tmp
	Refresh     time.Duration // FUSION_REFRESH_TIMEOUT: how long a listing outside the task's directory is believed
	StopTimeout time.Duration // FUSION_STOP_SHUTDOWN_TIMEOUT: how long the last uploads may stand still, default 300 s
	Retries     int           // FUSION_MAX_MOUNT_RETRIES: how often mounting is tried again, a second apart, default 0
	S3          object.Config
	TraceAsked  bool // NXF_FUSION_TRACE=true: write .fusion/trace.json

	Grace   time.Duration // FUSION_GRACE_PERIOD: the pod's terminationGracePeriodSeconds, default 30 s
	Engine  string        // FUSION_ENGINE: auto, passthrough or buffered
	KeepAll bool          // FUSION_UPLOAD=all: upload what is not a declared output, too
	Metrics string        // FUSION_METRICS: file that gets the counters in Prometheus' text format at exit
	Control string        // FUSION_CONTROL: socket of a server that has mounted already
}

// ReadEnvironment reads the variables by getenv. Unknown ones and those of snapshots and licences are left alone.
// The error names the variable and what would be right.
func ReadEnvironment(getenv func(string) string) (Environment, error) {
	e := Environment{
		Work: getenv("FUSION_WORK"), LogOutput: getenv("FUSION_LOG_OUTPUT"),
		CacheDir: getenv("FUSION_CACHE_LOCATION"), S3: object.ConfigFromEnv(getenv),
		TraceAsked: getenv("NXF_FUSION_TRACE") == "true",
		Refresh:    5 * time.Second, StopTimeout: 300 * time.Second, Grace: 30 * time.Second,
		Engine: "auto", KeepAll: getenv("FUSION_UPLOAD") == "all", Metrics: getenv("FUSION_METRICS"), Control: getenv("FUSION_CONTROL"),
	}
	if e.CacheDir == "" {
		e.CacheDir = os.TempDir() // TMPDIR, else /tmp
	}
	for _, v := range []struct {
		name string
		read func(value string) error
	}{
		{"FUSION_TAGS", func(v string) (err error) { e.Tags, err = upload.ParseTags(v); return }},
		{"FUSION_LOG_LEVEL", func(v string) (err error) { e.LogLevel, err = parseLevel(v); return }},
		{"FUSION_CACHE_SIZE", func(v string) (err error) { e.CacheSize, err = parseSize(v); return }},
		{"FUSION_REFRESH_TIMEOUT", func(v string) (err error) { e.Refresh, err = parseDuration(v); return }},
		{"FUSION_STOP_SHUTDOWN_TIMEOUT", func(v string) (err error) { e.StopTimeout, err = parseDuration(v); return }},
		{"FUSION_MAX_MOUNT_RETRIES", func(v string) (err error) { e.Retries, err = parseCount(v); return }},
		{"FUSION_GRACE_PERIOD", func(v string) (err error) { e.Grace, err = parseDuration(v); return }},
		{"FUSION_ENGINE", func(v string) (err error) { e.Engine, err = parseEngine(v); return }},
	} {
		if value := getenv(v.name); value != "" {
			if err := v.read(value); err != nil {
				return e, fmt.Errorf("%s: %w", v.name, err)
			}
		}
	}
	return e, nil
}

// parseLevel also takes the names trace, fatal and panic, which Fusion has and this runtime has not.
func parseLevel(text string) (slog.Level, error) {
	switch strings.ToLower(text) {
	case "trace", "debug":
		return slog.LevelDebug, nil
	case "info":
		return slog.LevelInfo, nil
	case "warn", "warning":
		return slog.LevelWarn, nil
	case "error", "fatal", "panic", "off":
		return slog.LevelError, nil
	}
	return 0, fmt.Errorf("%q is not a level; write debug, info, warn or error", text)
}

func parseCount(text string) (int, error) {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return 0, fmt.Errorf("%q is not a number of times; write one such as 3", text)
	}
	return int(n), nil
}

func parseEngine(text string) (string, error) {
	switch text {
	case "auto", "passthrough", "buffered":
		return text, nil
	}
	return "", fmt.Errorf("%q is not an engine; write auto, passthrough or buffered", text)
}
