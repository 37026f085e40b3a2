package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/fusiongen/fusiongen/gen"
	"github.com/fusiongen/fusiongen/schema"
)

var applyCommand = command{
	name: "apply", args: "SPEC [-- KUBECTL-FLAGS…]", summary: "as kubectl plugin: build and kubectl apply -k",
	example: `kubectl fusiongen apply spec.cue
kubectl fusiongen apply --env prod --context prod spec.cue -- --server-side`,
	setup: func(c *cli, fs *flag.FlagSet) func(context.Context, []string) error {
		a := apply{cli: c}
		fs.StringVar(&a.env, "env", "", "the one `ENVIRONMENT` to apply")
		fs.StringVar(&a.context, "context", "", "the kubeconfig `CONTEXT`; without it the current one, if its cluster is the spec's")
		return a.run
	},
}

type apply struct {
	*cli
	env, context string
}

func (a *apply) run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return usageError{"name one spec"}
	}
	path, ws, err := a.load(args[:1], a.env)
	if err != nil {
		return err
	}
	if err := environment(ws, a.env); err != nil {
		return err
	}
	target := ws
	for _, e := range ws.Environments {
		if e.Name == a.env {
			target = e.Workspace
		}
	}
	if err := a.rightCluster(ctx, target); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fusiongen-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tree, _, err := a.tree(path, "", ws)
	if err != nil {
		return err
	}
	if err := a.lintTree(tree, path, a.env, ws, false); err != nil {
		return err
	}
	if _, err := tree.Write(dir, gen.WriteOptions{}); err != nil {
		return err
	}
	kubectl := []string{"apply", "-k", filepath.Join(dir, filepath.FromSlash(gen.Root(a.env)))}
	if a.context != "" {
		kubectl = append(kubectl, "--context="+a.context)
	}
	cmd := exec.CommandContext(ctx, "kubectl", append(kubectl, args[1:]...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = a.in, a.out, a.err
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("kubectl apply: %w", err)
	}
	return nil
}

// rightCluster refuses to apply to a cluster that is not the spec's: EKS names the cluster of a context by its ARN,
// eksctl by NAME.REGION.eksctl.io.
func (a *apply) rightCluster(ctx context.Context, ws *schema.Workspace) error {
	if a.context != "" {
		return nil
	}
	cmd := exec.CommandContext(ctx, "kubectl", "config", "view", "--minify", "-o", "jsonpath={.clusters[0].name}")
	cmd.Stderr = a.err
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("kubectl config view: %w", err)
	}
	c, have := ws.Cluster, strings.TrimSpace(string(out))
	arn := "arn:" + c.Partition + ":eks:" + c.Region + ":" + c.Account + ":cluster/" + c.Name
	if have == arn || have == c.Name+"."+c.Region+".eksctl.io" {
		return nil
	}
	return usageError{fmt.Sprintf("the current context's cluster is %q, the spec's is %q; name the context with --context if it is right", have, arn)}
}
