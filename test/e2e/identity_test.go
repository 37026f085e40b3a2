package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	corev1 "k8s.io/api/core/v1"

	"github.com/fusiongen/fusiongen/test/account"
	"github.com/fusiongen/fusiongen/test/e2e"
)

// life is that of a pod's credentials: shorter than a run, and than the tasks of the pipeline slow.
const life = 8 * time.Second

// testIdentity runs head and tasks with the roles that fusiongen made, and with nothing else: no pod has a key.
func testIdentity(t *testing.T, ctx context.Context, w *e2e.World, loadHead func() error) {
	if w.Kubernetes < "1.36" {
		t.Logf("Kubernetes %s has no stable admission policies, so nothing can stand in for EKS's webhook: pods get no roles here", w.Kubernetes)
		return
	}
	if err := loadHead(); err != nil {
		t.Fatal(err)
	}
	cell := headCell
	cell.Identity = true
	ws := open(t, ctx, w, cell)
	addConfig(t, ctx, ws)
	id, err := ws.Identify(ctx, life)
	t.Cleanup(func() {
		if err := id.Close(context.WithoutCancel(ctx)); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Run("smoke", func(t *testing.T) { withRoles(t, ctx, id, ws, pipeline{name: "smoke"}, 4) })
	t.Run("grants", func(t *testing.T) { testRoles(t, ctx, id, ws) })
	if *all {
		t.Run("outlives", func(t *testing.T) { testOutlives(t, ctx, id, ws) })
		t.Run("refused", func(t *testing.T) { testMistrust(t, ctx, id, ws) })
	}
}

// withRoles runs a pipeline of so many tasks to its end and looks at its pods and at what was decided about them.
func withRoles(t *testing.T, ctx context.Context, id *e2e.Identity, ws *e2e.Workspace, p pipeline, tasks int) {
	t.Helper()
	stop, err := ws.NewPods(ctx)
	if err != nil {
		t.Fatal(err)
	}
	headBegin, taskBegin, decided := id.Sessions(ws.Name+"-head"), id.Sessions(ws.Name+"-task"), len(id.Decisions())
	completes(t, ctx, ws, startHead(t, ctx, ws, p))
	pods := stop()
	published(t, ctx, ws, p)
	if len(pods) != tasks+1 {
		t.Errorf("%d pods, want a head and %d tasks", len(pods), tasks)
	}
	settings, _, err := ws.World.Cluster.Kubectl(ctx, "", "-n", ws.Name, "get", "secrets,configmaps", "-o", "json")
	if err != nil {
		t.Fatal(err)
	}
	keyless(t, "a Secret or ConfigMap", settings)
	for _, pod := range pods {
		text, err := json.Marshal(pod)
		if err != nil {
			t.Fatal(err)
		}
		keyless(t, pod.Name, string(text))
		role := "arn:aws:iam::" + account.ID + ":role/" + pod.Spec.ServiceAccountName
		if !slices.Contains(pod.Spec.Containers[0].Env, corev1.EnvVar{Name: "AWS_ROLE_ARN", Value: role}) {
			t.Errorf("%s has not its account's role: %v", pod.Name, pod.Spec.Containers[0].Env)
		}
	}
	if n := id.Sessions(ws.Name+"-head") - headBegin; n < 2 {
		t.Errorf("the head took its role %d times, and its credentials live for %s", n, life)
	}
	if n := id.Sessions(ws.Name+"-task") - taskBegin; n < tasks {
		t.Errorf("%d tasks took their role %d times", tasks, n)
	}
	// The S3 provider of the test's Nextflow looks for the work directory itself, which Nextflow's own plugin never does.
	harmless := account.Decision{Role: ws.Name + "-head", Action: "s3:GetObject", Resource: "arn:aws:s3:::" + ws.Bucket + "/work"}
	for _, d := range id.Decisions()[decided:] {
		if !d.Allowed && d != harmless {
			t.Errorf("denied: %+v", d)
		}
	}
}

// keyless: nothing of an object is a key of S3's.
func keyless(t *testing.T, name, text string) {
	t.Helper()
	for _, word := range append(e2e.Keys(), "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN") {
		if strings.Contains(text, word) {
			t.Errorf("%s holds %s", name, word)
		}
	}
}

// testRoles: with tokens of the cluster, a role is taken by its own account alone, and does what its policy says alone.
func testRoles(t *testing.T, ctx context.Context, id *e2e.Identity, ws *e2e.Workspace) {
	head, task := ws.Name+"-head", ws.Name+"-task"
	for _, c := range []struct{ account, role, bucket, key, want string }{
		{task, task, ws.Bucket, "work/probe", ""},
		{task, task, ws.Bucket, "elsewhere/probe", "AccessDenied"},
		{task, task, "results-" + ws.Name, "probe", "AccessDenied"},
		{head, head, "results-" + ws.Name, "probe", ""},
		{task, head, "results-" + ws.Name, "probe", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
		{"default", task, ws.Bucket, "work/probe", "Not authorized to perform sts:AssumeRoleWithWebIdentity"},
	} {
		client, err := id.As(ctx, c.account, c.role)
		if err != nil {
			t.Fatal(err)
		}
		_, err = client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(c.bucket), Key: aws.String(c.key), Body: strings.NewReader("x")})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s as %s writes %s/%s: %v", c.account, c.role, c.bucket, c.key, err)
		}
	}
}

// testOutlives: tasks that run for longer than credentials live upload what they wrote.
func testOutlives(t *testing.T, ctx context.Context, id *e2e.Identity, ws *e2e.Workspace) {
	seconds, tasks := int(life/time.Second)+4, 2
	begin := id.Sessions(ws.Name + "-task")
	withRoles(t, ctx, id, ws, pipeline{name: "slow", args: []string{"--seconds", fmt.Sprint(seconds)}}, tasks)
	if n := id.Sessions(ws.Name+"-task") - begin; n < 2*tasks {
		t.Errorf("%d tasks of %d s took their role %d times", tasks, seconds, n)
	}
}

// testMistrust: with a trust policy that is wrong, a person reads why.
func testMistrust(t *testing.T, ctx context.Context, id *e2e.Identity, ws *e2e.Workspace) {
	const refusal = "Not authorized to perform sts:AssumeRoleWithWebIdentity"
	for _, c := range []struct{ name, role, right, wrong, want string }{
		{"subject of the tasks' role", ws.Name + "-task", ":" + ws.Name + "-task", ":default", "HTTP 403 NoCredentials: " + refusal},
		{"audience of the head's role", ws.Name + "-head", "sts.amazonaws.com", "sts.amazonaws.com.cn", refusal},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := id.Retrust(ctx, c.role, c.right, c.wrong); err != nil {
				t.Fatal(err)
			}
			job := startHead(t, ctx, ws, pipeline{name: "smoke"})
			end := ended(t, ctx, ws, job)
			said := told(ctx, ws, job)
			if end != "Failed" || !strings.Contains(said, c.want) {
				t.Errorf("%s; nobody reads %q:\n%s", end, c.want, said)
			}
			if err := id.Retrust(ctx, c.role, c.wrong, c.right); err != nil {
				t.Fatal(err)
			}
		})
	}
}
