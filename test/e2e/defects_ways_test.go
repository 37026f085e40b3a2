package e2e_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/test/e2e"
)

// look asks until the answer holds the evidence, or it is too late.
func look(ctx context.Context, limit time.Duration, evidence string, ask func() string) string {
	deadline := time.Now().Add(limit)
	for {
		seen := ask()
		if strings.Contains(seen, evidence) || time.Now().After(deadline) || ctx.Err() != nil {
			return seen
		}
		time.Sleep(time.Second)
	}
}

// run runs a pipeline that cannot end well, or not as it was meant. A person looks at what Nextflow says and at the task's pods and Jobs.
func run(pipeline string, args ...string) way {
	return func(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
		k := ws.World.Cluster.Kubectl
		name := "d" + filepath.Base(ws.Dir)[strings.LastIndexByte(filepath.Base(ws.Dir), '-')+1:]
		run, err := ws.Start(ctx, pipeline, append([]string{"-name", name, "--out", "s3://results-" + ws.Name + "/" + name}, named(ws, args)...)...)
		if err != nil {
			t.Fatal(err)
		}
		over := make(chan struct{})
		go func() { run.Wait(); close(over) }()
		tasks := ""
		look(ctx, time.Minute, evidence, func() string {
			ended := false
			select {
			case <-over:
				ended = true
			default:
			}
			of := "nextflow.io/runName=" + name
			described, _, _ := k(ctx, "", "-n", ws.Name, "describe", "pods,jobs", "--show-events=true", "-l", of)
			logs, _, _ := k(ctx, "", "-n", ws.Name, "logs", "--tail=100", "-l", of)
			if tasks = described + logs; ended {
				return evidence // no more is to come
			}
			return tasks + run.LogSoFar()
		})
		run.Kill()
		<-over
		k(ctx, "", "-n", ws.Name, "delete", "jobs,pods", "-l", "nextflow.io/runName="+name, "--wait=false")
		return run.Output + run.Log + tasks
	}
}

// elsewhere runs a pipeline whose work directory the configuration alone says.
func elsewhere(pipeline string) way {
	return func(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
		ws.WorkDir = ""
		return run(pipeline)(t, ctx, ws, evidence)
	}
}

// stored runs a pipeline with a secret in Nextflow's own store.
func stored(pipeline string) way {
	return func(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
		file := filepath.Join(ws.Dir, "store.json")
		if err := os.WriteFile(file, []byte(`[{"name": "LICENCE", "value": "for one machine"}]`), 0o600); err != nil {
			t.Fatal(err)
		}
		ws.Env = []string{"NXF_SECRETS_FILE=" + file}
		return run(pipeline)(t, ctx, ws, evidence)
	}
}

// script runs a task with a script.
func script(text string) way { return run("script", "--script", text) }

func named(ws *e2e.Workspace, args []string) (out []string) {
	for _, a := range args {
		out = append(out, strings.ReplaceAll(a, "%s", ws.Name))
	}
	return out
}

// daemon looks at a DaemonSet of the node.
func daemon(name string) way {
	return func(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
		k := ws.World.Cluster.Kubectl
		return look(ctx, time.Minute, evidence, func() string {
			of := "app.kubernetes.io/name=" + name
			described, _, _ := k(ctx, "", "-n", "fusiongen-system", "describe", "daemonsets,pods", "--show-events=true", "-l", of)
			logs, _, _ := k(ctx, "", "-n", "fusiongen-system", "logs", "--tail=100", "-l", of)
			return described + logs
		})
	}
}

// applied is what kubectl says of one file, without kustomize.
func applied(file string) way {
	return func(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
		_, said, _ := ws.World.Cluster.Kubectl(ctx, "", "apply", "-f", filepath.Join(ws.Dir, filepath.FromSlash(file)))
		return said
	}
}

// may asks the API server what somebody may do: "create pods --as=NAME". The answers stand behind the questions.
func may(questions ...string) way {
	return func(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
		var seen strings.Builder
		for _, q := range named(ws, questions) {
			answer, _, _ := ws.World.Cluster.Kubectl(ctx, "", append([]string{"-n", ws.Name, "auth", "can-i"}, strings.Fields(q)...)...) // it fails for a no
			seen.WriteString(q + ": " + answer)
		}
		return seen.String()
	}
}

// pod starts one pod, and looks at it.
func pod(spec string) way {
	return func(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
		k := ws.World.Cluster.Kubectl
		name := "pod/" + filepath.Base(ws.Dir)
		body := `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "` + filepath.Base(ws.Dir) + `"}, "spec": ` + spec + `}`
		if _, _, err := k(ctx, body, "-n", ws.Name, "apply", "-f", "-"); err != nil {
			return err.Error()
		}
		defer k(ctx, "", "-n", ws.Name, "delete", name, "--wait=false")
		return look(ctx, time.Minute, evidence, func() string {
			described, _, _ := k(ctx, "", "-n", ws.Name, "describe", name)
			logs, _, _ := k(ctx, "", "-n", ws.Name, "logs", name)
			return described + logs
		})
	}
}

// configured prints the configuration as Nextflow reads it.
func configured(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
	out, err := ws.Print(ctx)
	if err != nil {
		t.Error(err)
	}
	return out
}

// headRuns starts the head in the cluster.
func headRuns(t *testing.T, ctx context.Context, ws *e2e.Workspace, evidence string) string {
	k := ws.World.Cluster.Kubectl
	job := startHead(t, ctx, ws, pipeline{name: "smoke"})
	defer k(ctx, "", "-n", ws.Name, "delete", "jobs,pods", "--all", "--grace-period=1")
	return look(ctx, 90*time.Second, evidence, func() string {
		described, _, _ := k(ctx, "", "-n", ws.Name, "describe", "jobs,pods", "--show-events=true")
		logs, _, _ := k(ctx, "", "-n", ws.Name, "logs", job)
		tasks, _, _ := k(ctx, "", "-n", ws.Name, "logs", "--tail=100", "-l", "nextflow.io/app=nextflow")
		return described + logs + tasks
	})
}
