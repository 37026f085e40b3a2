// Command lint prints what fusiongen lint costs on GitOps repositories of 1,000, 3,000 and 10,000 files beside kubeconform with
// local schemas, and on one workspace: wall time, user+sys time and peak memory of whole processes, medians of the runs.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"syscall"
	"time"
)

const runs = 5

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: lint FUSIONGEN KUBECONFORM SWAGGER SPEC (swagger.json of Kubernetes; a spec for the workspaces)")
		os.Exit(2)
	}
	if err := bench(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, "lint:", err)
		os.Exit(2)
	}
}

func bench(fusiongen, kubeconform, swagger, spec string) error {
	dir, err := os.MkdirTemp("", "bench-lint-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	schemas := filepath.Join(dir, "schemas")
	if err := writeSchemas(swagger, schemas); err != nil {
		return err
	}
	workspace := filepath.Join(dir, "workspace")
	if out, err := exec.Command(fusiongen, "build", "-o", workspace, spec).CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	fmt.Printf("%s, %s/%s, %d CPUs; %d runs: median [least, most]\n\n", time.Now().Format("2006-01-02"), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runs)
	fmt.Println("| files | command | wall ms | user+sys ms | peak MB | wall to kubeconform |")
	fmt.Println("|---|---|---|---|---|---|")
	if err := row(1, workspace, []string{fusiongen, "lint", workspace}, nil); err != nil {
		return err
	}
	for _, n := range []int{1000, 3000, 10000} {
		repository := filepath.Join(dir, fmt.Sprint(n))
		made, err := writeRepository(repository, n, workspace)
		if err != nil {
			return err
		}
		peer := []string{kubeconform, "-schema-location", filepath.Join(schemas, "{{.ResourceKind}}{{.KindSuffix}}.json"), "-ignore-missing-schemas",
			"-ignore-filename-pattern", "templates/|values.yaml|dashboards/|/iam/|/s3/", repository}
		if err := row(made, repository, []string{fusiongen, "lint", repository}, peer); err != nil {
			return err
		}
	}
	return nil
}

// row measures the commands in turns, so that a busy moment hits both.
func row(files int, repository string, ours, peer []string) error {
	var a, b cost
	for range runs {
		if err := a.measure(ours); err != nil {
			return err
		}
		if peer != nil {
			if err := b.measure(peer); err != nil {
				return err
			}
		}
	}
	if peer == nil {
		fmt.Printf("| one workspace | fusiongen lint | %s | %s | %s | |\n", a.show(a.wall), a.show(a.cpu), a.show(a.memory))
		return nil
	}
	fmt.Printf("| %d | fusiongen lint | %s | %s | %s | %.2f |\n", files, a.show(a.wall), a.show(a.cpu), a.show(a.memory), float64(median(a.wall))/float64(median(b.wall)))
	fmt.Printf("| %d | kubeconform | %s | %s | %s | 1.00 |\n", files, b.show(b.wall), b.show(b.cpu), b.show(b.memory))
	return nil
}

// cost is what the runs of a command took: milliseconds and MB.
type cost struct{ wall, cpu, memory []int64 }

func (c *cost) measure(command []string) error {
	cmd := exec.Command(command[0], command[1:]...)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	wall := time.Since(begin)
	var exit *exec.ExitError
	if err != nil && (!errors.As(err, &exit) || exit.ExitCode() != 1) { // 1 are findings
		return fmt.Errorf("%s: %w: %s", command[0], err, out)
	}
	c.wall = append(c.wall, wall.Milliseconds())
	c.cpu = append(c.cpu, (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Milliseconds())
	c.memory = append(c.memory, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss>>10)
	return nil
}

func median(v []int64) int64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

func (cost) show(v []int64) string {
	return fmt.Sprintf("%d [%d, %d]", median(v), slices.Min(v), slices.Max(v))
}
