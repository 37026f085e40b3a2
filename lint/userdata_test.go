package lint_test

import (
	"testing"
	"testing/fstest"

	"github.com/fusiongen/fusiongen/lint"
)

// setup is the one set-up of a tree.
func setup(t *testing.T, files map[string]string, opts ...lint.Options) *lint.Setup {
	t.Helper()
	sets := setups(t, files, opts...)
	if len(sets) != 1 {
		t.Fatalf("%d set-ups, want 1", len(sets))
	}
	return sets[0]
}

func setups(t *testing.T, files map[string]string, opts ...lint.Options) []*lint.Setup {
	t.Helper()
	tree := fstest.MapFS{}
	for name, text := range files {
		tree[name] = &fstest.MapFile{Data: []byte(text)}
	}
	var sets []*lint.Setup
	spy := lint.Rule{ID: "FG999", Slug: "spy", Check: func(set *lint.Setup, _ *lint.Reporter) { sets = append(sets, set) }}
	var o lint.Options
	if len(opts) > 0 {
		o = opts[0]
	}
	if _, err := lint.Run(lint.Input{Tree: lint.FromFS(tree), Paths: []string{"."}}, []lint.Rule{spy}, o); err != nil {
		t.Fatal(err)
	}
	return sets
}

// at is the text in the file where a node stands.
func at(n *lint.Node) string { return string(n.File.Src[n.Start:n.End]) }

// TestUserData: each form of user data is found where it stands, and its values have their places in the file.
func TestUserData(t *testing.T) {
	const nodeClass = "apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: {name: nvme}\nspec:\n  userData: |\n"
	mime := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"X\"\n\n--X\nContent-Type: application/node.eks.aws\n\napiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec:\n  instance:\n    localStorage:\n      strategy: RAID0\n--X\nContent-Type: text/x-shellscript\n\n#!/bin/bash\nnodeadm init\n--X--\n"
	tests := map[string]struct {
		name, text string
		kind       lint.UserDataKind
		path       []string
		want       string
		held       bool
	}{
		"NodeConfig":         {"node.yaml", "apiVersion: node.eks.aws/v1alpha1\nkind: NodeConfig\nspec: {instance: {localStorage: {strategy: Mount}}}\n", lint.NodeConfig, []string{"spec", "instance", "localStorage", "strategy"}, "Mount", false},
		"TOML":               {"node.toml", "[settings.kernel.sysctl]\n\"user.max_user_namespaces\" = \"16384\"\n", lint.Bottlerocket, []string{"settings", "kernel", "sysctl", "user.max_user_namespaces"}, `"16384"`, false},
		"dotted keys":        {"node.toml", "settings.kernel.lockdown = \"none\" # why\n", lint.Bottlerocket, []string{"settings", "kernel", "lockdown"}, `"none"`, false},
		"inline table":       {"node.toml", "[settings]\nkernel = {lockdown = 'none'}\n", lint.Bottlerocket, []string{"settings", "kernel", "lockdown"}, `'none'`, false},
		"MIME":               {"node.mime", mime, lint.NodeConfig, []string{"spec", "instance", "localStorage", "strategy"}, "RAID0", false},
		"script":             {"node.sh", "#!/bin/bash\n/etc/eks/bootstrap.sh demo --local-disks raid0\n", lint.Shell, nil, "#!/bin/bash\n/etc/eks/bootstrap.sh demo --local-disks raid0\n", false},
		"class with TOML":    {"class.yaml", nodeClass + "    [settings.kernel.sysctl]\n    \"user.max_user_namespaces\" = \"16384\"\n", lint.Bottlerocket, []string{"settings", "kernel", "sysctl", "user.max_user_namespaces"}, `"16384"`, true},
		"class with nodeadm": {"class.yaml", nodeClass + "    apiVersion: node.eks.aws/v1alpha1\n    kind: NodeConfig\n    spec: {instance: {localStorage: {strategy: RAID0}}}\n", lint.NodeConfig, []string{"spec", "instance", "localStorage", "strategy"}, "RAID0", true},
		"page with TOML":     {"page.md", "# Nodes\n\n```toml\n[settings.kernel]\nlockdown = \"none\"\n```\n", lint.Bottlerocket, []string{"settings", "kernel", "lockdown"}, `"none"`, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			set := setup(t, map[string]string{test.name: test.text})
			if len(set.Problems) > 0 || len(set.UserData) == 0 {
				t.Fatalf("%d user data, problems %v", len(set.UserData), set.Problems)
			}
			u := set.UserData[0]
			n := u.Get(test.path...)
			if u.Kind != test.kind || n == nil || at(n) != test.want || (u.Object != nil) != test.held {
				t.Errorf("kind %d, held %v, value %+v", u.Kind, u.Object != nil, n)
			}
		})
	}
	if set := setup(t, map[string]string{"node.mime": mime}); len(set.UserData) != 2 || set.UserData[1].Kind != lint.Shell {
		t.Errorf("the second part of the MIME file is not read: %d", len(set.UserData))
	}
}
