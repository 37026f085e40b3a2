package rules

import "github.com/fusiongen/fusiongen/lint"

var nodePartRefused = lint.Rule{
	ID: "FG323", Slug: "node-part-refused", Severity: lint.Error, Since: "0.1",
	Summary: "a DaemonSet that tasks need is one that Kubernetes refuses",
	Check:   checkNodePartRefused,
}

func checkNodePartRefused(set *lint.Setup, report *lint.Reporter) {
	for _, p := range fuseParts(set) {
		spec := p.PodSpec()
		refuse := func(n *lint.Node, hint, message string, args ...any) {
			if n == nil {
				n = p.NameNode()
			}
			report.At(n, hint, "the API server refuses the "+p.Role+" "+p.Name+": "+message, args...)
		}
		labels := p.Get("spec", "template", "metadata", "labels")
		want := p.Get("spec", "selector", "matchLabels")
		switch {
		case want == nil && p.Get("spec", "selector", "matchExpressions") == nil:
			refuse(nil, "add spec.selector.matchLabels with the template's labels", "it has no selector")
		case !picks(p.Get("spec", "selector"), labels):
			refuse(want, "give the pod template the selector's labels", "its selector does not match its own pods' labels")
		}
		volumes := map[string]bool{}
		for _, v := range spec.Get("volumes").List() {
			volumes[v.Get("name").Text()] = true
		}
		for _, list := range [...]string{"initContainers", "containers"} {
			for _, c := range spec.Get(list).List() {
				if c.Get("image") == nil {
					refuse(c, "write the image", "a container has no image")
				}
				if c.Get("name") == nil {
					refuse(c, "write a name", "a container has no name")
				}
				security := c.Get("securityContext")
				if security.Get("privileged").IsTrue() && security.Get("allowPrivilegeEscalation").Text() == "false" {
					refuse(security.Get("allowPrivilegeEscalation"), "remove allowPrivilegeEscalation", "a privileged container cannot forbid privilege escalation")
				}
				for _, m := range c.Get("volumeMounts").List() {
					if name := m.Get("name"); name.Known() && !volumes[name.Value] {
						refuse(name, "add the volume, or mend the name", "no volume is called %s", name.Value)
					}
				}
			}
		}
	}
}
