package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/regex"
)

// refusal is why the API server does not take a pod.
type refusal struct {
	at            *lint.Node
	message, hint string
}

var objectName = regex.Lazy(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// refusals are why the API server refuses a pod of this spec, as far as validation needs no cluster (Kubernetes'
// pkg/apis/core/validation).
func refusals(spec *lint.Node) []refusal {
	var out []refusal
	add := func(at *lint.Node, message, hint string) {
		if at != nil {
			out = append(out, refusal{at, message, hint})
		}
	}
	oneOf := func(n *lint.Node, what string, words ...string) {
		if n.Known() && !slices.Contains(words, n.Value) {
			add(n, what+" is none of its values", "write "+words[0])
		}
	}
	if len(spec.Get("containers").List()) == 0 {
		add(spec, "it has no container", "write containers")
	}
	volumes := map[string]bool{}
	for _, v := range spec.Get("volumes").List() {
		name := v.Get("name")
		if name == nil {
			add(v, "a volume has no name", "write a name")
		}
		volumes[name.Text()] = true
		if host := v.Get("hostPath"); host != nil {
			if host.Get("path") == nil {
				add(host, "a hostPath has no path", "write the path")
			}
			oneOf(host.Get("type"), "the hostPath's type", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket", "CharDevice", "BlockDevice", "")
		}
	}
	for _, list := range [...]string{"initContainers", "containers"} {
		for _, c := range spec.Get(list).List() {
			containerRefusals(c, volumes, add, oneOf)
		}
	}
	for _, t := range spec.Get("tolerations").List() {
		operator := t.Get("operator")
		oneOf(operator, "the toleration's operator", "Exists", "Equal", "Lt", "Gt")
		if t.Get("key") == nil && operator.Text() != "Exists" && !operator.Unknown() {
			add(t, "a toleration without a key needs the operator Exists", "write operator: Exists")
		}
		oneOf(t.Get("effect"), "the toleration's effect", "NoSchedule", "PreferNoSchedule", "NoExecute", "")
	}
	affinityRefusals(spec, add, oneOf)
	return out
}

func containerRefusals(c *lint.Node, volumes map[string]bool, add func(*lint.Node, string, string), oneOf func(*lint.Node, string, ...string)) {
	if c.Get("image") == nil {
		add(c, "a container has no image", "write the image")
	}
	if name := c.Get("name"); name == nil {
		add(c, "a container has no name", "write a name")
	} else if name.Known() && !objectName().MatchString(name.Value) {
		add(name, "a container's name has lower-case letters, digits and hyphens", "mend the name")
	}
	security := c.Get("securityContext")
	if security.Get("privileged").IsTrue() && security.Get("allowPrivilegeEscalation").Text() == "false" {
		add(security.Get("allowPrivilegeEscalation"), "a privileged container cannot forbid privilege escalation", "remove allowPrivilegeEscalation")
	}
	if profile := security.Get("seccompProfile"); profile != nil {
		if profile.Get("type") == nil {
			add(profile, "a seccomp profile has no type", "write type: RuntimeDefault")
		}
		oneOf(profile.Get("type"), "the seccomp profile's type", "RuntimeDefault", "Localhost", "Unconfined")
	}
	oneOf(c.Get("imagePullPolicy"), "imagePullPolicy", "IfNotPresent", "Always", "Never")
	for _, m := range c.Get("volumeMounts").List() {
		name := m.Get("name")
		if name == nil || m.Get("mountPath") == nil {
			add(m, "a volume mount lacks its name or path", "write both")
		} else if name.Known() && !volumes[name.Value] {
			add(name, "no volume is called "+name.Value, "add the volume, or mend the name")
		}
		oneOf(m.Get("mountPropagation"), "mountPropagation", "Bidirectional", "HostToContainer", "None")
		if m.Get("mountPropagation").Text() == "Bidirectional" && !security.Get("privileged").IsTrue() {
			add(m.Get("mountPropagation"), "Bidirectional is for privileged containers only", "set privileged: true, or leave it out")
		}
	}
	for _, p := range c.Get("ports").List() {
		if p.Get("containerPort") == nil {
			add(p, "a port has no number", "write containerPort")
		}
		oneOf(p.Get("protocol"), "the port's protocol", "TCP", "UDP", "SCTP")
	}
	for _, e := range c.Get("env").List() {
		if e.Get("name") == nil {
			add(e, "a variable has no name", "write its name")
		}
		if f := e.Get("valueFrom", "fieldRef"); f != nil && f.Get("fieldPath") == nil {
			add(f, "a fieldRef has no fieldPath", "write it")
		}
		oneOf(e.Get("valueFrom", "fieldRef", "apiVersion"), "the fieldRef's apiVersion", "v1")
	}
	quantityRefusals(c, add)
	probeRefusals(c, add)
}

func affinityRefusals(spec *lint.Node, add func(*lint.Node, string, string), oneOf func(*lint.Node, string, ...string)) {
	required := spec.Get("affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
	if required == nil {
		return
	}
	terms := required.Get("nodeSelectorTerms").List()
	if len(terms) == 0 {
		add(required, "a required node affinity has no terms", "write nodeSelectorTerms, or remove the affinity")
	}
	for _, term := range terms {
		for _, r := range requirementsOf(term.Get("matchExpressions")) {
			if r.Key == "" || r.Operator == "" {
				if r.Get("key").Unknown() || r.Get("operator").Unknown() {
					continue
				}
				add(r.Node, "an expression of the node affinity lacks its key or operator", "write both")
			}
			oneOf(r.Get("operator"), "the expression's operator", "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt")
			if (r.Operator == "In" || r.Operator == "NotIn") && len(r.Get("values").List()) == 0 {
				add(r.Node, "an expression with In or NotIn has no values", "write the values")
			}
		}
	}
}

// lostProbes are the named ports of probes that their container does not have: kubelet restarts such a container for ever.
func lostProbes(spec *lint.Node) []*lint.Node {
	var out []*lint.Node
	for _, c := range spec.Get("containers").List() {
		for _, probe := range [...]string{"livenessProbe", "readinessProbe", "startupProbe"} {
			for _, kind := range [...]string{"httpGet", "tcpSocket"} {
				if n := c.Get(probe, kind, "port"); n.Known() && n.Kind == lint.String && c.Get("ports").Find("name", n.Value) == nil {
					out = append(out, n)
				}
			}
		}
	}
	return out
}
