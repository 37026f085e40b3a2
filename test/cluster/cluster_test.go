package cluster_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/fusiongen/fusiongen/test/cluster"
)

// A light cluster starts, answers, and leaves no process behind.
func TestLight(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute) // the first start builds the servers
	defer cancel()
	c, err := cluster.Start(ctx, cluster.Options{Dir: t.TempDir(), Root: root})
	defer c.Stop()
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := c.Kubectl(ctx, "", "version")
	t.Log(out, err)
	if err != nil {
		t.Fatal(err)
	}
}
