package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A client is one way to show the bucket as files.
type client struct {
	name  string
	ours  bool
	start func(dir, cache string) *exec.Cmd // foreground; the bucket shows up in root(dir)
	root  func(dir string) string
	stop  syscall.Signal
}

func (b *bench) clients(address string) []client {
	url := "http://" + address
	fusion := func(engine string) func(dir, cache string) *exec.Cmd {
		return func(dir, cache string) *exec.Cmd {
			cmd := exec.Command(b.fusion, "mount", dir)
			cmd.Env = append(os.Environ(), "AWS_S3_ENDPOINT="+url, "AWS_REGION="+region, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey,
				"FUSION_CONTROL="+dir+".control", "FUSION_ENGINE="+engine, "FUSION_CACHE_LOCATION="+cache, "FUSION_LOG_LEVEL=error")
			return cmd
		}
	}
	s3fs := func(options ...string) func(dir, cache string) *exec.Cmd {
		return func(dir, cache string) *exec.Cmd {
			all := "url=" + url + ",use_path_request_style,enable_noobj_cache,parallel_count=8,multipart_size=8"
			for _, o := range options {
				all += "," + strings.ReplaceAll(o, "CACHE", cache)
			}
			cmd := exec.Command("s3fs", bucket, dir, "-f", "-o", all)
			cmd.Env = append(os.Environ(), "AWSACCESSKEYID="+accessKey, "AWSSECRETACCESSKEY="+secretKey)
			return cmd
		}
	}
	rclone := func(dir, cache string) *exec.Cmd {
		cmd := exec.Command(b.rclone, "mount", ":s3:"+bucket, dir, "--config", "/dev/null", "--s3-provider", "Other", "--s3-endpoint", url, "--s3-region", region,
			"--s3-access-key-id", accessKey, "--s3-secret-access-key", secretKey, "--vfs-cache-mode", "full", "--vfs-links", "--vfs-write-back", "0s", "--cache-dir", cache,
			"--transfers", "16", "--s3-upload-concurrency", "4", "--s3-chunk-size", "8Mi")
		return cmd
	}
	same := func(dir string) string { return dir }
	inside := func(dir string) string { return filepath.Join(dir, "s3", bucket) }
	ours := []client{
		{"fusion A", true, fusion("auto"), inside, syscall.SIGTERM},
		{"fusion B", true, fusion("buffered"), inside, syscall.SIGTERM},
	}
	if !b.peers {
		return ours
	}
	return append(ours, []client{
		{"s3fs", false, s3fs(), same, syscall.SIGTERM},
		{"s3fs, use_cache", false, s3fs("use_cache=CACHE"), same, syscall.SIGTERM},
		{"rclone, full", false, rclone, same, syscall.SIGTERM},
	}...)
}

// A mounted client.
type mounted struct {
	client
	root  string // where the bucket is
	dir   string
	cache string
	cmd   *exec.Cmd
	said  bytes.Buffer
}

// mount starts the client with an empty cache and returns when the bucket is there.
func (b *bench) mount(c client) (*mounted, error) {
	dir, err := os.MkdirTemp(b.dir, "mnt-")
	if err != nil {
		return nil, err
	}
	cache, err := os.MkdirTemp(b.dir, "cache-")
	if err != nil {
		return nil, err
	}
	m := &mounted{client: c, dir: dir, cache: cache, root: c.root(dir), cmd: c.start(dir, cache)}
	m.cmd.Stderr = &m.said
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := m.cmd.Start(); err != nil {
		return nil, err
	}
	err = await(20*time.Second, func() bool {
		_, err := os.Stat(filepath.Join(m.root, "large"))
		return err == nil
	})
	if err != nil {
		m.end()
		return nil, fmt.Errorf("the mount does not come: %w: %s", err, &m.said)
	}
	return m, nil
}

// end unmounts, which also flushes ours, and removes the directories.
func (m *mounted) end() {
	if !m.ours {
		_ = exec.Command("fusermount3", "-u", m.dir).Run()
	}
	_ = m.cmd.Process.Signal(m.stop)
	ended := make(chan struct{})
	go func() { _ = m.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(60 * time.Second):
		_ = m.cmd.Process.Kill()
		<-ended
	}
	_ = syscall.Unmount(m.dir, syscall.MNT_DETACH)
	_ = os.Remove(m.dir)
	_ = os.RemoveAll(m.cache) // peers leave theirs: some GiB a run
}

// peak is the client's largest resident size so far, in MiB.
func (m *mounted) peak() float64 {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(m.cmd.Process.Pid) + "/status")
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) == 3 && fields[0] == "VmHWM:" {
			kib, _ := strconv.ParseFloat(fields[1], 64)
			return kib / 1024
		}
	}
	return 0
}

// cpu is the processor time that the client has used, in seconds.
func (m *mounted) cpu() float64 {
	data, _ := os.ReadFile("/proc/" + strconv.Itoa(m.cmd.Process.Pid) + "/stat")
	_, rest, _ := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest) // from the state on: utime and stime are the 12th and 13th, proc_pid_stat(5)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // USER_HZ
}
