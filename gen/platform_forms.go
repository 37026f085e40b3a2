package gen

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
)

// envRequest is the body of POST /compute-envs of the Seqera API, without the numeric id of the credentials, which only
// Platform knows; the tree's README adds it. The API takes labels by their ids, too.
func envRequest(ws *schema.Workspace, env ComputeEnv) ([]byte, error) {
	config, err := fields(env)
	if err != nil {
		return nil, err
	}
	delete(config, "discriminator")
	delete(config, "labels")
	return jsonText(m{"computeEnv": m{"name": EnvName(ws), "platform": eksPlatform, "config": config}})
}

// envTerraform is a file for the provider seqeralabs/seqera. Ids that only Platform knows are variables.
func envTerraform(ws *schema.Workspace, env ComputeEnv) ([]byte, error) {
	config, err := fields(env)
	if err != nil {
		return nil, err
	}
	block := m{}
	for _, f := range facts.EnvFields() {
		if value, ok := config[f.Name]; ok && f.Terraform != "" {
			block[f.Terraform] = escapeAll(value)
		}
	}
	variables := m{
		"seqera_workspace_id":   m{"type": "number", "description": "Id of the workspace " + ws.Platform.Workspace},
		"seqera_credentials_id": m{"type": "string", "description": "Id of the credentials " + ws.Platform.Credentials},
	}
	resource := m{
		"workspace_id": "${var.seqera_workspace_id}",
		"compute_env":  m{"name": EnvName(ws), "platform": eksPlatform, "credentials_id": "${var.seqera_credentials_id}", "config": m{"eks_platform": block}},
		"lifecycle":    m{"create_before_destroy": true}, // every change makes a new environment, which has a new name
	}
	if len(env.Labels) > 0 {
		var names []string
		for _, l := range env.Labels {
			names = append(names, l.Name+"="+l.Value)
		}
		variables["seqera_label_ids"] = m{"type": "list(number)", "default": []int{}, "description": "Ids of the resource labels " + strings.Join(names, ", ")}
		resource["label_ids"] = "${var.seqera_label_ids}"
	}
	return jsonText(m{
		"terraform": m{"required_providers": m{"seqera": m{"source": "seqeralabs/seqera"}}},
		"variable":  variables,
		"resource":  m{"seqera_compute_env": m{identifier(ws.Platform.Name): resource}},
	})
}

// fields is the environment as data.
func fields(env ComputeEnv) (m, error) {
	data, err := json.Marshal(env)
	if err != nil {
		return nil, err
	}
	var out m
	err = json.Unmarshal(data, &out)
	return out, err
}

// escapeAll escapes every text in a value for Terraform.
func escapeAll(value any) any {
	switch v := value.(type) {
	case string:
		return escapeHCL(v)
	case []any:
		for i := range v {
			v[i] = escapeAll(v[i])
		}
	case m:
		for k := range v {
			v[k] = escapeAll(v[k])
		}
	}
	return value
}

// ReplacedFields are the fields of a compute environment in which two configurations differ: each replaces it. Texts
// that are no JSON objects differ in nothing that could be named.
func ReplacedFields(have, want []byte) []string {
	var a, b m
	if json.Unmarshal(have, &a) != nil || json.Unmarshal(want, &b) != nil {
		return nil
	}
	var out []string
	for _, f := range facts.EnvFields() {
		if !reflect.DeepEqual(a[f.Name], b[f.Name]) {
			out = append(out, f.Name)
		}
	}
	return out
}
