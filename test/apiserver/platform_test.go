package apiserver

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/lint/rules"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/test/cluster"
)

// launcherRights are the rights that Platform's principal is to have, and no more.
func launcherRights() map[right]bool {
	out := map[right]bool{}
	for _, r := range facts.LauncherRights() {
		for _, verb := range r.Verbs {
			out[right{r.Group, r.Resource, verb}] = true
		}
	}
	return out
}

// testLauncher asks as Platform's principal: with an access entry it is its STS ARN with the session's name, in the mapped
// group; by aws-auth it has the mapped user, too. Without the group it may do nothing, and pods' accounts never get its rights.
func testLauncher(t *testing.T, ctx context.Context, c *cluster.Cluster, u unit, all []right) {
	p := u.workspace.Platform
	if p == nil {
		return
	}
	session := "arn:aws:sts::123456789012:assumed-role/platform-launcher/seqera-0123"
	compare(t, "the mapped group", allowed(t, ctx, c, u.workspace.Name, subject{session, []string{p.Group}}, all), launcherRights(), all)
	compare(t, "the same principal without the group", allowed(t, ctx, c, u.workspace.Name, subject{session, nil}, all), nil, all)
	compare(t, "the mapped group in another namespace", allowed(t, ctx, c, "default", subject{session, []string{p.Group}}, all), nil, all)
	byUser := map[right]bool{}
	if p.Access == "aws-auth" {
		byUser = launcherRights()
	}
	compare(t, "the mapped user", allowed(t, ctx, c, u.workspace.Name, subject{p.Group, nil}, all), byUser, all)
}

func compare(t *testing.T, who string, got, want map[right]bool, all []right) {
	t.Helper()
	for _, r := range all {
		if got[r] != want[r] {
			t.Errorf("%s: %s %s (group %q): allowed %v, want %v", who, r.verb, r.resource, r.group, got[r], want[r])
		}
	}
}

// testPublished: the mapping of the published guide grants nothing, on a real server, which FG550 says of the same files; with
// the group as a subject it grants the rights of the Role.
func testPublished(t *testing.T, ctx context.Context, c *cluster.Cluster, root string, all []right) {
	if _, _, err := c.Kubectl(ctx, "", "create", "namespace", "tower-nf"); err != nil {
		t.Fatal(err)
	}
	mapped := subject{"tower-launcher-role", []string{"tower-launcher-role"}}
	for _, kind := range []string{"bad", "good"} {
		dir := filepath.Join(root, "lint", "testdata", "FG550", kind)
		for _, file := range []string{"role.yaml", "binding.yaml"} {
			if _, _, err := c.Kubectl(ctx, "", "apply", "-f", filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
		}
		rights := 0
		for _, yes := range allowed(t, ctx, c, "tower-nf", mapped, all) {
			if yes {
				rights++
			}
		}
		found := false
		findings, err := lint.Run(lint.Input{Tree: lint.Disk{}, Paths: []string{dir}}, rules.All(), lint.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range findings {
			found = found || f.Rule == "FG550"
		}
		if (rights == 0) != found || found != (kind == "bad") {
			t.Errorf("%s: the principal has %d rights, and FG550 is found: %v", kind, rights, found)
		}
	}
}
