// Command bench prints what fusiongen build costs beside its peers, all measured in the same run: user+sys time and
// peak memory of whole processes, medians with the least and the most of the runs.
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

const runs = 7

// cost is one command's CPU time and peak memory over all runs, sorted.
type cost struct {
	cpu    []time.Duration
	memory []int64 // KiB
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: bench FUSIONGEN KUBECTL CUE")
		os.Exit(2)
	}
	if err := bench(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

func bench(fusiongen, kubectl, cue string) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	info, err := os.Stat(fusiongen)
	if err != nil {
		return err
	}
	fmt.Printf("%s, %s/%s, %d CPUs, binary %.1f MB; %d runs: median [least, most]\n\n", time.Now().Format("2006-01-02"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), float64(info.Size())/1e6, runs)
	fmt.Println("| environments | command | user+sys ms | peak MB | to kubectl kustomize |")
	fmt.Println("|---|---|---|---|---|")
	for _, n := range []int{0, 1, 10, 100, 1000} {
		spec, tree := filepath.Join(dir, fmt.Sprintf("spec%d.cue", n)), filepath.Join(dir, fmt.Sprintf("tree%d", n))
		if err := os.WriteFile(spec, []byte(text(n)), 0o644); err != nil {
			return err
		}
		if out, err := exec.Command(fusiongen, "build", "-o", tree, spec).CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %s", err, out)
		}
		env, root := []string{}, tree
		if n > 0 {
			env, root = []string{"--env", "e0"}, filepath.Join(tree, "overlays", "e0")
		}
		commands := [][]string{
			slices.Concat([]string{fusiongen, "build"}, env, []string{spec}),
			{fusiongen, "build", "-o", tree, spec},
			{fusiongen, "build", "-o", filepath.Join(dir, "fresh"), spec},
			{kubectl, "kustomize", root},
			{cue, "export", spec},
		}
		names := []string{"fusiongen build, one stream", "fusiongen build -o, unchanged", "fusiongen build -o, fresh", "kubectl kustomize, the same stream", "cue export of the spec"}
		costs := make([]cost, len(commands))
		for range runs { // the peers take turns, so that a busy moment hits all of them
			for i, command := range commands {
				if i == 2 {
					os.RemoveAll(filepath.Join(dir, "fresh"))
				}
				if err := costs[i].measure(command); err != nil {
					return err
				}
			}
		}
		for i, c := range costs {
			fmt.Printf("| %d | %s | %s | %s | %.2f |\n", n, names[i], c.times(), c.memories(), float64(c.median())/float64(costs[3].median()))
		}
	}
	return nil
}

// measure runs a command once.
func (c *cost) measure(command []string) error {
	cmd := exec.Command(command[0], command[1:]...)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, errs.String())
	}
	c.cpu = append(c.cpu, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime())
	c.memory = append(c.memory, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
	slices.Sort(c.cpu)
	slices.Sort(c.memory)
	return nil
}

func (c cost) median() time.Duration { return c.cpu[len(c.cpu)/2] }

func (c cost) times() string {
	return fmt.Sprintf("%d [%d, %d]", c.median().Milliseconds(), c.cpu[0].Milliseconds(), c.cpu[len(c.cpu)-1].Milliseconds())
}

func (c cost) memories() string {
	return fmt.Sprintf("%d [%d, %d]", c.memory[len(c.memory)/2]>>10, c.memory[0]>>10, c.memory[len(c.memory)-1]>>10)
}

// text is a spec with n environments, each on a cluster of its own.
func text(n int) string {
	var out strings.Builder
	out.WriteString("name: \"bench\"\ncluster: {name: \"c\", account: \"123456789012\", region: \"eu-west-1\", oidc: \"EXAMPLED539D4633E53DE1B71EXAMPLE\"}\nstorage: {work: \"s3://acme-work/bench\", inputs: [\"s3://acme-in\"], publish: [\"s3://acme-out/bench\"]}\n")
	for i := range n {
		fmt.Fprintf(&out, "environments: e%d: {cluster: name: \"c%d\", storage: work: \"s3://acme-work/e%d\"}\n", i, i, i)
	}
	return out.String()
}
