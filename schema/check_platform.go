package schema

import (
	"fmt"
	"regexp"
	"strconv"
)

// secretName matches the names of variables that hold secrets.
var secretName = regexp.MustCompile(`(?i)(token|secret|password|passwd|private_?key|access_?key)`)

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
		c.report("platform", "Platform switches the vendor's client on; runtime.mode is \"open\"", "set runtime: mode: \"seqera\"")
	}
	if c.ws.Nextflow.Head != "cluster" {
		c.report("nextflow.head", "Platform starts the head in the cluster", "leave it out")
	}
	if n := len(p.Labels); n > 25 {
		c.report("platform.labels", fmt.Sprintf("these are %d labels; Platform takes 25", n), "")
	}
	for name, script := range map[string]string{"preRunScript": p.PreRunScript, "postRunScript": p.PostRunScript} {
		if len(script) > 1024 {
			c.report("platform."+name, fmt.Sprintf("the script has %d bytes; Platform takes 1024", len(script)), "put it in the image and call it")
		}
	}
	for i, e := range p.Environment {
		path := "platform.environment." + strconv.Itoa(i)
		if secretName.MatchString(e.Name) {
			c.report(path+".name", fmt.Sprintf("%s looks like a secret, and these values are clear text in Platform", e.Name), "use a Platform secret")
		}
		if !e.Head && !e.Task {
			c.report(path, "neither head nor tasks get this variable", "set head or task to true")
		}
	}
}
