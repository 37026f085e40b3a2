package schema

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// Secrets by the names of their variables, and by the form of their values: AWS key ids, JSON web tokens, Seqera and
// GitHub tokens, private keys.
var (
	secretName  = regex.Lazy(`(?i)(token|secret|password|passwd|private_?key|access_?key|credential)`)
	secretValue = regex.Lazy(`^(AKIA|ASIA)[0-9A-Z]{16}$|^eyJ[\w-]{8,}|^gh[pousr]_\w{20,}|^github_pat_|-----BEGIN `)
)

// labelName is what Platform takes as the name of a resource label.
var labelName = regex.Lazy(`^[A-Za-z0-9]([A-Za-z0-9]|[-_][A-Za-z0-9])+$`)

// LooksSecret says whether a variable seems to hold a secret, by its name or its value.
func LooksSecret(name, value string) bool {
	return secretName().MatchString(name) || secretValue().MatchString(value)
}

// RolePrincipal says whether Platform logs in with a role that it assumes, and not with a user's keys.
func (p *Platform) RolePrincipal() bool { return strings.Contains(p.Principal, ":role/") }

func checkPlatform(c *checker) {
	p := c.ws.Platform
	switch {
	case c.ws.Consumer == "platform" && p == nil:
		c.report("consumer", "a Seqera Platform compute environment needs the block platform", "it has workspace, credentials and principal")
		return
	case p == nil:
		return
	case c.ws.Consumer != "platform":
		c.report("platform", "only consumer: \"platform\" uses this block", "set consumer, or leave the block out")
		return
	}
	if c.ws.Runtime.Mode != "seqera" {
		c.report("platform", "Platform switches the vendor's client on, with Wave; runtime.mode is \"open\"", "set runtime: mode: \"seqera\"")
	}
	if c.ws.Nextflow.Head != "cluster" {
		c.report("nextflow.head", "Platform starts the head in the cluster", "leave it out")
	}
	if c.ws.Storage.Region != c.ws.Cluster.Region {
		c.report("storage.region", "a compute environment has one region for the cluster and its buckets; the cluster is in "+c.ws.Cluster.Region, "use buckets of that region")
	}
	checkPrincipal(c, p)
	checkEnvironment(c, p)
	for name := range p.Labels {
		if !labelName().MatchString(name) || len(name) > 39 {
			c.report("platform.labels."+name, "a label's name has 2 to 39 letters and digits, with single hyphens or underscores between them", "")
		}
	}
	if n := len(p.Labels); n > facts.MaxLabels {
		c.report("platform.labels", fmt.Sprintf("these are %d labels; Platform takes %d", n, facts.MaxLabels), "")
	}
	for name, script := range map[string]string{"preRunScript": p.PreRunScript, "postRunScript": p.PostRunScript} {
		if len(script) > facts.MaxScript {
			c.report("platform."+name, fmt.Sprintf("the script has %d bytes; Platform takes %d", len(script), facts.MaxScript), "put it in the image and call it")
		}
	}
}

// checkPrincipal: a role is assumed by another one, with the External ID; a user has keys.
func checkPrincipal(c *checker, p *Platform) {
	switch {
	case !p.RolePrincipal() && (p.JumpRole != "" || p.ExternalID != ""):
		path := "platform.jumpRole"
		if p.JumpRole == "" {
			path = "platform.externalId"
		}
		c.report(path, "platform.principal is a user, who logs in with keys and is assumed by nobody", "leave it out, or name a role as principal")
	case p.Principal == p.JumpRole:
		c.report("platform.jumpRole", "this is the principal itself", "name the role that assumes it")
	}
	for who, role := range map[string]string{"identity.head.role": c.ws.Identity.Head.Role, "identity.task.role": c.ws.Identity.Task.Role} {
		if strings.HasSuffix(p.Principal, ":"+c.ws.Cluster.Account+":role/"+role) {
			c.report("platform.principal", "this is the role of the pods, too ("+who+"), which would be able to do what Platform may", "give Platform and the pods a role each")
		}
	}
}

func checkEnvironment(c *checker, p *Platform) {
	for i, e := range p.Environment {
		path := "platform.environment." + strconv.Itoa(i)
		if LooksSecret(e.Name, e.Value) {
			c.report(path+".name", fmt.Sprintf("%s looks like a secret, and these values are clear text in Platform", e.Name), "use a Platform secret")
		}
		if !e.Head && !e.Task {
			c.report(path, "neither head nor tasks get this variable", "set head or task to true")
		}
		if e.Name == "NXF_PLUGINS_DEFAULT" && !strings.Contains(e.Value, "nf-k8s") && e.Value != "true" {
			c.report(path+".value", "this list replaces Nextflow's own, and without nf-k8s there is no executor for Kubernetes", "add nf-k8s and nf-amazon")
		}
	}
}
