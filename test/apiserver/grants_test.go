package apiserver

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/test/cluster"
)

// right is one thing that an account may do with a kind of namespaced resource.
type right struct{ group, resource, verb string }

// testGrants asks the server, for each service account, about every verb on every namespaced resource that it serves:
// allowed must be exactly what Nextflow calls in that version and mode for the head, and nothing for the tasks.
func testGrants(t *testing.T, ctx context.Context, c *cluster.Cluster, u unit, all []right) {
	ws := u.workspace
	head := map[right]bool{}
	for _, call := range facts.Calls(ws.Nextflow.Version, ws.Nextflow.Compute) {
		head[right{call.Group, call.Resource, call.Verb}] = true
	}
	accounts := map[string]map[right]bool{ws.Identity.Head.ServiceAccount: head}
	if task := ws.Identity.Task.ServiceAccount; task != ws.Identity.Head.ServiceAccount {
		accounts[task] = nil
	}
	for account, want := range accounts {
		for r := range want {
			if !slices.Contains(all, r) {
				t.Errorf("Nextflow's table names %v, which the server does not have", r)
			}
		}
		got := allowed(t, ctx, c, ws.Name, serviceAccount(ws.Name, account), all)
		for _, r := range all {
			if got[r] != want[r] {
				t.Errorf("%s: %s %s (group %q): allowed %v, want %v", account, r.verb, r.resource, r.group, got[r], want[r])
			}
		}
	}
}

func everyRight(t *testing.T, c *cluster.Cluster) []right {
	_, lists, err := c.Client.Discovery().ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	rights := map[right]bool{}
	for _, list := range lists {
		group, _, found := strings.Cut(list.GroupVersion, "/")
		if !found {
			group = ""
		}
		for _, r := range list.APIResources {
			for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"} {
				if r.Namespaced {
					rights[right{group, r.Name, verb}] = true
				}
			}
		}
	}
	if len(rights) < 500 {
		t.Fatalf("the server lists only %d rights", len(rights))
	}
	return slices.Collect(maps.Keys(rights))
}

// subject is who asks.
type subject struct {
	user   string
	groups []string
}

func serviceAccount(namespace, name string) subject {
	return subject{"system:serviceaccount:" + namespace + ":" + name, []string{"system:serviceaccounts", "system:serviceaccounts:" + namespace}}
}

// allowed asks the server about each right, 16 questions at a time.
func allowed(t *testing.T, ctx context.Context, c *cluster.Cluster, namespace string, who subject, rights []right) map[right]bool {
	answers := make([]bool, len(rights))
	var wait sync.WaitGroup
	places := make(chan struct{}, 16)
	for i, r := range rights {
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			resource, sub, _ := strings.Cut(r.resource, "/")
			review, err := c.Client.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
				Spec: authorizationv1.SubjectAccessReviewSpec{
					User: who.user, Groups: append(slices.Clone(who.groups), "system:authenticated"),
					ResourceAttributes: &authorizationv1.ResourceAttributes{
						Namespace: namespace, Verb: r.verb, Group: r.group, Resource: resource, Subresource: sub},
				}}, metav1.CreateOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			answers[i] = review.Status.Allowed
		})
	}
	wait.Wait()
	got := map[right]bool{}
	for i, r := range rights {
		got[r] = answers[i]
	}
	return got
}
