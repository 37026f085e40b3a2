package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// kinds are those of the repository that Kubernetes itself knows, with their definitions.
var kinds = map[string]string{
	"deployment-apps-v1": "io.k8s.api.apps.v1.Deployment", "service-v1": "io.k8s.api.core.v1.Service", "configmap-v1": "io.k8s.api.core.v1.ConfigMap",
	"serviceaccount-v1": "io.k8s.api.core.v1.ServiceAccount", "namespace-v1": "io.k8s.api.core.v1.Namespace", "daemonset-apps-v1": "io.k8s.api.apps.v1.DaemonSet",
	"role-rbac-v1": "io.k8s.api.rbac.v1.Role", "rolebinding-rbac-v1": "io.k8s.api.rbac.v1.RoleBinding", "ingress-networking-v1": "io.k8s.api.networking.v1.Ingress",
	"networkpolicy-networking-v1": "io.k8s.api.networking.v1.NetworkPolicy", "horizontalpodautoscaler-autoscaling-v2": "io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler",
	"job-batch-v1": "io.k8s.api.batch.v1.Job", "csidriver-storage-v1": "io.k8s.api.storage.v1.CSIDriver",
}

// writeSchemas makes a JSON schema file for each kind out of the API's description, as kubeconform reads them from a folder.
func writeSchemas(swagger, dir string) error {
	data, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var api struct {
		Definitions map[string]json.RawMessage `json:"definitions"`
	}
	if err := json.Unmarshal(data, &api); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, definition := range kinds {
		need := map[string]json.RawMessage{}
		closure(api.Definitions, definition, need)
		if len(need) == 0 {
			return fmt.Errorf("%s has no %s", swagger, definition)
		}
		schema, err := json.Marshal(map[string]any{"$ref": "#/definitions/" + definition, "definitions": need})
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".json"), schema, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// closure collects a definition with all that it refers to.
func closure(all map[string]json.RawMessage, name string, need map[string]json.RawMessage) {
	raw, ok := all[name]
	if _, done := need[name]; done || !ok {
		return
	}
	need[name] = raw
	for part := range strings.SplitSeq(string(raw), `"#/definitions/`) {
		if reference, _, ok := strings.Cut(part, `"`); ok && strings.HasPrefix(reference, "io.k8s.") {
			closure(all, reference, need)
		}
	}
}
