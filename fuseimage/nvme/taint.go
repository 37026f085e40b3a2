package nvme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A NodeTaint is one taint of one node, changed by JSON patches that fail when anybody else changed the taints
// meanwhile.
type NodeTaint struct {
	Server    string // URL of the API server
	TokenFile string // read for each call: the kubelet renews it
	Node      string
	Key       string // of the taint
	Client    *http.Client
}

// InCluster is the taint of a node as a pod may change it; account is where the pod's service account is mounted.
func InCluster(account, node, key string) (*NodeTaint, error) {
	host, port := os.Getenv("KUBERNETES_SERVICE_HOST"), os.Getenv("KUBERNETES_SERVICE_PORT")
	if host == "" || port == "" {
		return nil, errors.New("KUBERNETES_SERVICE_HOST and _PORT are not set: this is no pod")
	}
	ca, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("%s/ca.crt has no certificate", account)
	}
	return &NodeTaint{Server: "https://" + net.JoinHostPort(host, port), TokenFile: filepath.Join(account, "token"), Node: node, Key: key,
		Client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}}, nil
}

type taint = map[string]any

// Open takes the taint off, and makes sure that it is off.
func (n *NodeTaint) Open(ctx context.Context) error {
	return n.change(ctx, func(taints []taint) []taint { return n.others(taints) })
}

// Close puts the taint on.
func (n *NodeTaint) Close(ctx context.Context) error {
	return n.change(ctx, func(taints []taint) []taint {
		return append(n.others(taints), taint{"key": n.Key, "effect": "NoExecute"})
	})
}

func (n *NodeTaint) others(taints []taint) []taint {
	return slices.DeleteFunc(slices.Clone(taints), func(t taint) bool { return t["key"] == n.Key })
}

// attempts at a node whose taints others change at the same time, as they do while a node starts; the pause between them
// doubles.
const (
	attempts   = 6
	firstPause = 100 * time.Millisecond
)

func (n *NodeTaint) change(ctx context.Context, to func([]taint) []taint) error {
	var last error
	for i := range attempts {
		if i > 0 {
			select {
			case <-time.After(firstPause << (i - 1)):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		taints, err := n.taints(ctx)
		if err != nil {
			return err
		}
		want := to(taints)
		if len(want) == len(taints) { // the key is the only difference there can be
			return nil
		}
		patch := []map[string]any{{"op": "test", "path": "/spec/taints", "value": taints}, {"op": "replace", "path": "/spec/taints", "value": want}}
		if taints == nil { // a test for an absent member fails; adding to a node without taints needs none
			patch = []map[string]any{{"op": "add", "path": "/spec/taints", "value": want}}
		}
		body, err := json.Marshal(patch)
		if err != nil {
			return err
		}
		status, answer, err := n.call(ctx, http.MethodPatch, body)
		if err != nil {
			return err
		}
		last = fmt.Errorf("patching node %s: %d %s", n.Node, status, answer)
		if status != http.StatusOK && status != http.StatusConflict && status != http.StatusUnprocessableEntity {
			return last
		}
	}
	return fmt.Errorf("the taints of the node change all the time: %w", last)
}

func (n *NodeTaint) taints(ctx context.Context) ([]taint, error) {
	status, answer, err := n.call(ctx, http.MethodGet, nil)
	if err != nil {
		return nil, err
	}
	if status != http.StatusOK {
		return nil, fmt.Errorf("reading node %s: %d %s", n.Node, status, answer)
	}
	var node struct {
		Spec struct {
			Taints []taint `json:"taints"`
		} `json:"spec"`
	}
	err = json.Unmarshal([]byte(answer), &node)
	return node.Spec.Taints, err
}

func (n *NodeTaint) call(ctx context.Context, method string, body []byte) (status int, answer string, err error) {
	token, err := os.ReadFile(n.TokenFile)
	if err != nil {
		return 0, "", err
	}
	request, err := http.NewRequestWithContext(ctx, method, n.Server+"/api/v1/nodes/"+n.Node, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	request.Header.Set("Content-Type", "application/json-patch+json")
	response, err := n.Client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(io.LimitReader(response.Body, 4<<20))
	return response.StatusCode, string(data), err
}
