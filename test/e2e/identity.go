package e2e

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/coreos/go-oidc/v3/oidc"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/fusiongen/fusiongen/test/account"
)

// issuer is the cluster's, as the specs have it. It is named as EKS's are; nobody looks it up: the API server says what its keys are.
const issuer = "https://oidc.eks." + region + ".amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"

//go:embed identity.yaml
var webhook string

// Identity is an account in which a workspace has its roles, and a cluster whose pods are given them.
type Identity struct {
	*account.Account

	ws       *Workspace
	manifest string
}

// Identify makes the roles as a person does, by fusiongen iam apply, and puts a stand-in for EKS's webhook on the cluster. Credentials
// of pods then live for as long as life says. Close it, also after an error.
func (ws *Workspace) Identify(ctx context.Context, life time.Duration) (*Identity, error) {
	w, id := ws.World, &Identity{ws: ws}
	client, err := rest.HTTPClientFor(w.Cluster.Config)
	if err != nil {
		return id, err
	}
	keys := oidc.NewRemoteKeySet(oidc.ClientContext(ctx, client), w.Cluster.Server+"/openid/v1/jwks")
	if id.Account, err = account.Start(ctx, account.Options{Root: w.Root, Dir: filepath.Join(w.Dir, "account"), Host: w.Store.host(), Data: filepath.Join(w.Store.dir, "data"),
		Access: accessKey, Secret: secretKey, Region: region, Issuer: issuer, Keys: keys, Life: life}); err != nil {
		return id, err
	}
	if _, err := ws.run(ctx, w.Dir, id.Environment(), w.fusiongen(), "iam", "apply", "--yes", ws.Dir+".cue"); err != nil {
		return id, err
	}
	// The head's first call makes the object work/, which its policy for work/* allows. versitygw asks about it without the slash.
	if err := w.Store.PutBytes(ctx, ws.Bucket, "work/", nil); err != nil {
		return id, err
	}
	id.manifest = strings.NewReplacer("$NAMESPACE", ws.Name, "$REGION", region, "$STS", id.STS, "$S3", id.S3).Replace(webhook)
	if _, _, err := w.Cluster.Kubectl(ctx, id.manifest, "apply", "-f", "-"); err != nil {
		return id, err
	}
	return id, eventually(ctx, 20*time.Second, func() error { // a policy takes effect a moment after it is made
		pod := fmt.Sprintf(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "probe"}, "spec": {"serviceAccountName": "%s-task", "containers": [{"name": "c", "image": "i"}]}}`, ws.Name)
		out, _, err := w.Cluster.Kubectl(ctx, pod, "-n", ws.Name, "create", "--dry-run=server", "-o", "json", "-f", "-")
		if err == nil && !strings.Contains(out, "AWS_ROLE_ARN") {
			err = errors.New("pods get no role")
		}
		return err
	})
}

// Close takes the account and the stand-in away.
func (id *Identity) Close(ctx context.Context) error {
	id.Stop()
	if id.manifest == "" {
		return nil
	}
	_, _, err := id.ws.World.Cluster.Kubectl(ctx, id.manifest, "delete", "-f", "-")
	return err
}

// As is S3 for who has a token of a service account of the workspace, and asks for a role with it.
func (id *Identity) As(ctx context.Context, serviceAccount, role string) (*s3.Client, error) {
	token, _, err := id.ws.World.Cluster.Kubectl(ctx, "", "-n", id.ws.Name, "create", "token", serviceAccount, "--audience=sts.amazonaws.com")
	if err != nil {
		return nil, err
	}
	provider := stscreds.NewWebIdentityRoleProvider(sts.New(sts.Options{Region: region, BaseEndpoint: &id.STS}), "arn:aws:iam::"+account.ID+":role/"+role, identityToken(strings.TrimSpace(token)))
	return s3.New(s3.Options{Region: region, BaseEndpoint: &id.S3, UsePathStyle: true, Credentials: aws.NewCredentialsCache(provider)}), nil
}

type identityToken string

func (t identityToken) GetIdentityToken() ([]byte, error) { return []byte(t), nil }

// NewPods watches the workspace; stop gives all pods that were made meanwhile, also those that Nextflow has deleted.
func (ws *Workspace) NewPods(ctx context.Context) (stop func() map[string]corev1.Pod, err error) {
	client := ws.World.Cluster.Client.CoreV1().Pods(ws.Name)
	before, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	watch, err := client.Watch(ctx, metav1.ListOptions{ResourceVersion: before.ResourceVersion})
	if err != nil {
		return nil, err
	}
	pods := map[string]corev1.Pod{}
	var done sync.WaitGroup
	done.Go(func() {
		for event := range watch.ResultChan() {
			if pod, ok := event.Object.(*corev1.Pod); ok && !slices.ContainsFunc(before.Items, func(p corev1.Pod) bool { return p.UID == pod.UID }) {
				pods[pod.Name] = *pod
			}
		}
	})
	return func() map[string]corev1.Pod {
		watch.Stop()
		done.Wait()
		return pods
	}, nil
}
