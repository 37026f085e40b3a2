package gen

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"path"
	"slices"

	"sigs.k8s.io/yaml"

	"github.com/fusiongen/fusiongen/schema"
)

// ComputeEnv is the configuration of a Seqera Platform compute environment in the shape that tw compute-envs import
// reads: the one source of all forms. Field names are the API's (schema/facts.EnvFields).
type ComputeEnv struct {
	Discriminator         string   `json:"discriminator"`
	Region                string   `json:"region"`
	ClusterName           string   `json:"clusterName"`
	Namespace             string   `json:"namespace"`
	HeadServiceAccount    string   `json:"headServiceAccount"`
	ComputeServiceAccount string   `json:"computeServiceAccount"`
	WorkDir               string   `json:"workDir"`
	WaveEnabled           bool     `json:"waveEnabled"`
	Fusion2Enabled        bool     `json:"fusion2Enabled"`
	PodCleanup            string   `json:"podCleanup"`
	HeadPodSpec           string   `json:"headPodSpec,omitempty"` // YAML
	HeadJobCpus           int      `json:"headJobCpus"`
	HeadJobMemoryMb       int      `json:"headJobMemoryMb"` // MiB
	Environment           []EnvVar `json:"environment,omitempty"`
	PreRunScript          string   `json:"preRunScript,omitempty"`
	PostRunScript         string   `json:"postRunScript,omitempty"`
	NextflowConfig        string   `json:"nextflowConfig"`
	Labels                []Label  `json:"labels,omitempty"`
}

// EnvVar is an environment variable of a compute environment.
type EnvVar struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	Head    bool   `json:"head"`
	Compute bool   `json:"compute"`
}

// Label is a resource label.
type Label struct {
	Name     string `json:"name"`
	Value    string `json:"value"`
	Resource bool   `json:"resource"`
}

// eksPlatform is what the API calls compute environments on Amazon EKS.
const eksPlatform = "eks-platform"

// NewComputeEnv is the compute environment of a workspace whose consumer is Platform.
func NewComputeEnv(ws *schema.Workspace) ComputeEnv {
	p := ws.Platform
	env := ComputeEnv{
		Discriminator: eksPlatform, Region: ws.Cluster.Region, ClusterName: ws.Cluster.Name, Namespace: ws.Name,
		HeadServiceAccount: ws.Identity.Head.ServiceAccount, ComputeServiceAccount: ws.Identity.Task.ServiceAccount,
		WorkDir: ws.Storage.Work, WaveEnabled: true, Fusion2Enabled: true, PodCleanup: p.PodCleanup,
		HeadPodSpec: headPodSpec(ws), HeadJobCpus: p.HeadCPUs, HeadJobMemoryMb: p.HeadMemory,
		PreRunScript: p.PreRunScript, PostRunScript: p.PostRunScript, NextflowConfig: printSettings(platformSettings(ws)),
	}
	for _, e := range p.Environment {
		env.Environment = append(env.Environment, EnvVar{Name: e.Name, Value: e.Value, Head: e.Head, Compute: e.Task})
	}
	for _, name := range slices.Sorted(maps.Keys(p.Labels)) {
		env.Labels = append(env.Labels, Label{Name: name, Value: p.Labels[name], Resource: true})
	}
	return env
}

// EnvName is the name of a workspace's compute environment: the spec's with a hash of the configuration, because no
// field of it can be changed later.
func EnvName(ws *schema.Workspace) string {
	text, _ := jsonText(NewComputeEnv(ws)) // strings, numbers and booleans
	sum := sha256.Sum256(text)
	return ws.Platform.Name + "-" + hex.EncodeToString(sum[:4])
}

// platformSettings are the options that Platform does not set itself.
func platformSettings(ws *schema.Workspace) []setting {
	managed := map[string]bool{"k8s.namespace": true, "k8s.serviceAccount": true, "fusion.enabled": true, "aws.region": true}
	var out []setting
	for _, s := range settings(ws, "") {
		if s.name != "k8s" && s.name != "fusion" && s.name != "aws" {
			continue
		}
		s.block = slices.DeleteFunc(s.block, func(b setting) bool { return managed[s.name+"."+b.name] })
		if len(s.block) > 0 {
			out = append(out, s)
		}
	}
	return out
}

// headPodSpec puts the head where k8s.pod of the configuration puts the tasks; "" where nothing is asked for.
func headPodSpec(ws *schema.Workspace) string {
	if len(ws.Nodes.Selector) == 0 && len(ws.Nodes.Tolerations) == 0 {
		return ""
	}
	spec := m{}
	if len(ws.Nodes.Selector) > 0 {
		spec["nodeSelector"] = ws.Nodes.Selector
	}
	if len(ws.Nodes.Tolerations) > 0 {
		spec["tolerations"] = ws.Nodes.Tolerations
	}
	text, _ := yaml.Marshal(m{"spec": spec}) // strings only
	return string(text)
}

// addPlatform writes what Seqera Platform is given, and how its principal gets into the cluster.
func addPlatform(b *builder) error {
	for _, u := range b.units() {
		if u.Workspace.Consumer != "platform" {
			continue
		}
		if err := b.addCompute(path.Join("platform", u.Name), u.Workspace); err != nil {
			return err
		}
		if err := b.addAccess(path.Join("access", u.Name), u.Workspace); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) addCompute(dir string, ws *schema.Workspace) error {
	env := NewComputeEnv(ws)
	text, err := jsonText(env)
	if err != nil {
		return err
	}
	source := dir + "/compute-env.json"
	b.tree.add(source, text)
	b.tree.origins[source] = envOrigins(env)
	b.tree.add(dir+"/nextflow.config", []byte("// Written by fusiongen from "+b.source()+": a copy of what compute-env.json holds as nextflowConfig, to read.\n\n"+env.NextflowConfig))
	b.tree.add(dir+"/seqerakit.yml", []byte(seqerakit(ws, source)))
	for _, form := range ws.Platform.Forms {
		name, write := "compute_env.tf.json", envTerraform
		if form == "api" {
			name, write = "api-request.json", envRequest
		}
		data, err := write(ws, env)
		if err != nil {
			return err
		}
		b.tree.add(dir+"/"+name, data)
	}
	return nil
}

// seqerakit is the file that makes the environment with tw by way of compute-env.json.
func seqerakit(ws *schema.Workspace, source string) string {
	entry := m{"name": EnvName(ws), "workspace": ws.Platform.Workspace, "credentials": ws.Platform.Credentials, "file-path": "./" + source, "wait": "AVAILABLE", "on_exists": "ignore"}
	text, _ := yaml.Marshal(m{"compute-envs": []any{entry}}) // strings only
	return "# seqerakit reads this in the tree's directory: the path of the file begins there.\n" + string(text)
}

// envOrigins names the spec's field for each field of the environment.
func envOrigins(env ComputeEnv) map[string]string {
	out := map[string]string{
		"region": "cluster.region", "clusterName": "cluster.name", "namespace": "name", "headServiceAccount": "identity.head.serviceAccount",
		"computeServiceAccount": "identity.task.serviceAccount", "workDir": "storage.work", "waveEnabled": "runtime.mode", "fusion2Enabled": "runtime.mode",
		"podCleanup": "platform.podCleanup", "headJobCpus": "platform.headCpus", "headJobMemoryMb": "platform.headMemory", "nextflowConfig": "runtime",
	}
	for name, o := range map[string]struct{ value, from string }{
		"headPodSpec": {env.HeadPodSpec, "nodes"}, "preRunScript": {env.PreRunScript, "platform.preRunScript"}, "postRunScript": {env.PostRunScript, "platform.postRunScript"},
	} {
		if o.value != "" {
			out[name] = o.from
		}
	}
	return out
}
