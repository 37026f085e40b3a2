package rules

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
)

var asgTag = lint.Rule{
	ID: "FG704", Slug: "asg-tag", Severity: lint.Error, Since: "0.1",
	Summary: "Cluster Autoscaler starts no first node for the FUSE device: the group's tag is missing or names another",
	Check:   checkASGTag,
}

const templatePrefix = "k8s.io/cluster-autoscaler/node-template/"
const resourceTag = templatePrefix + "resources/"

func checkASGTag(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		name, at := t.device()
		if !t.unprivileged() || name == "" {
			continue
		}
		for _, g := range tagged(set) {
			var wrong *lint.Node
			found := false
			for _, tag := range g.tags {
				resource, ok := strings.CutPrefix(tag.Key.Value, resourceTag)
				switch {
				case !ok:
				case resource == name:
					found = true
					checkTagCount(set, tag, name, report)
				case strings.Contains(resource, "fuse"):
					wrong = tag.Key
				}
			}
			switch {
			case found:
			case wrong != nil:
				report.At(wrong, "write "+resourceTag+name, "the group's tag promises another device than tasks ask for (%s): Cluster Autoscaler starts no first node for them", name).
					See(at, "asked for here").Unsafe(lint.Replace(wrong, resourceTag+name))
			case g.zero:
				report.At(g.at, "add the tag "+resourceTag+name+": \"1000\" to the group, with propagation", "the group starts from zero nodes and no tag tells Cluster Autoscaler that its nodes have %s: tasks stay Pending while the group is empty", name).
					See(at, "asked for here")
			}
		}
	}
}

func checkTagCount(set *lint.Setup, tag lint.Field, name string, report *lint.Reporter) {
	count, err := strconv.Atoi(tag.Value.Text())
	for _, d := range devices(set) {
		if err == nil && d.Name == name && d.Count > 0 && d.Count != count {
			report.At(tag.Value, "write \""+strconv.Itoa(d.Count)+"\"", "the tag promises %d devices of %s on a node, and the plugin offers %d", count, name, d.Count).
				As(lint.Warning).See(d.At, "the plugin's number").Safe(lint.Replace(tag.Value, strconv.Itoa(d.Count)))
		}
	}
}

// group is an Auto Scaling group with its tags: a node group of eksctl, or a list of tags by itself.
type group struct {
	at   *lint.Node
	tags []lint.Field
	zero bool // it may have no node at all, and Cluster Autoscaler runs
}

func tagged(set *lint.Setup) []group {
	var out []group
	for _, o := range set.Kind("ClusterConfig") {
		for _, groups := range [...]string{"nodeGroups", "managedNodeGroups"} {
			for _, n := range o.Get(groups).List() {
				g := group{at: n.Get("name")}
				if g.at == nil {
					g.at = n
				}
				if tags := n.Get("tags"); tags != nil {
					g.tags = tags.Fields
				}
				scales := n.Get("propagateASGTags") != nil || n.Get("iam", "withAddonPolicies", "autoScaler").IsTrue() ||
					slices.ContainsFunc(g.tags, func(f lint.Field) bool {
						return strings.HasPrefix(f.Key.Value, "k8s.io/cluster-autoscaler/")
					})
				g.zero = scales && (n.Get("minSize").Text() == "0" || n.Get("desiredCapacity").Text() == "0")
				out = append(out, g)
			}
		}
	}
	for _, d := range set.Data {
		var g group
		for _, n := range d.List() {
			if key, value := n.Get("Key"), n.Get("Value"); key != nil && value != nil {
				g.tags = append(g.tags, lint.Field{Key: key, Value: value})
			}
		}
		if slices.ContainsFunc(g.tags, func(f lint.Field) bool { return strings.HasPrefix(f.Key.Value, templatePrefix) }) {
			g.at, g.zero = d.Node, true
			out = append(out, g)
		}
	}
	return out
}
