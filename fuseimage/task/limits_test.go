package task

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestContainerMemory(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		list  string
		want  int64
	}{
		"v2, limit above":   {map[string]string{"memory.max": "max\n", "pod/memory.max": "1073741824\n", "pod/c/memory.max": "max\n"}, "0::/pod/c\n", 1 << 30},
		"v2, namespaced":    {map[string]string{"memory.max": "536870912\n"}, "0::/\n", 512 << 20},
		"v1":                {map[string]string{"memory/pod/memory.limit_in_bytes": "268435456\n", "memory/memory.limit_in_bytes": "9223372036854771712\n"}, "4:memory:/pod\n3:cpu,cpuacct:/x\n", 256 << 20},
		"v1, path hidden":   {map[string]string{"memory/memory.limit_in_bytes": "268435456\n"}, "4:memory:/kubepods/pod1/c\n", 256 << 20},
		"v1, no limit":      {map[string]string{"memory/memory.limit_in_bytes": "9223372036854771712\n"}, "4:memory:/\n", 0},
		"nothing is there":  {nil, "0::/\n", 0},
		"no control groups": {nil, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for path, text := range c.files {
				write(t, filepath.Join(dir, path), text)
			}
			write(t, filepath.Join(dir, "list"), c.list)
			if got := containerMemory(dir, filepath.Join(dir, "list")); got != c.want {
				t.Errorf("got %d, want %d", got, c.want)
			}
		})
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "512": 512, "10240M": 10 << 30, "1g": 1 << 30, "2GiB": 2 << 30, "3 KB": 3 << 10, "1T": 1 << 40} {
		if got, err := parseSize(text); err != nil || got != want {
			t.Errorf("parseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "M", "-1", "1.5G", "ten", "9999999999T"} {
		if got, err := parseSize(text); err == nil {
			t.Errorf("parseSize(%q) = %d, want an error", text, got)
		}
	}
}

func TestReadEnvironment(t *testing.T) {
	env := map[string]string{
		"FUSION_WORK": "/fusion/s3/b/w", "FUSION_CACHE_SIZE": "100M", "FUSION_STOP_SHUTDOWN_TIMEOUT": "20s", "FUSION_REFRESH_TIMEOUT": "7", "FUSION_MAX_MOUNT_RETRIES": "3",
		"FUSION_LOG_LEVEL": "DEBUG", "FUSION_LICENSE_TOKEN": "x", "AWS_S3_ENDPOINT": "http://e", "FUSION_AWS_REGION": "eu-west-1",
	}
	e, err := ReadEnvironment(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if e.Work != "/fusion/s3/b/w" || e.CacheSize != 100<<20 || e.StopTimeout != 20*time.Second || e.Refresh != 7*time.Second || e.Retries != 3 ||
		e.LogLevel != -4 || e.S3.Endpoint != "http://e" || e.S3.Region != "eu-west-1" || e.Grace != 30*time.Second || e.Engine != "auto" {
		t.Errorf("got %+v", e)
	}
	for name, value := range map[string]string{
		"FUSION_CACHE_SIZE": "lots", "FUSION_STOP_SHUTDOWN_TIMEOUT": "soon", "FUSION_LOG_LEVEL": "loud", "FUSION_ENGINE": "warp", "FUSION_GRACE_PERIOD": "-3s",
		"FUSION_MAX_MOUNT_RETRIES": "-1",
	} {
		_, err := ReadEnvironment(func(n string) string {
			if n == name {
				return value
			}
			return ""
		})
		if err == nil || len(err.Error()) < len(name) || err.Error()[:len(name)] != name {
			t.Errorf("%s=%s: error %v, want one that begins with the name", name, value, err)
		}
	}
}
