package gen

import (
	"strings"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// launcher is the name of the Role, its binding and the user of Platform's principal.
func launcher(ws *schema.Workspace) string { return ws.Platform.Group }

// addAccess writes how Platform's principal becomes a member of the group that the RoleBinding names, and its own IAM
// documents.
func (b *builder) addAccess(dir string, ws *schema.Workspace) error {
	p := ws.Platform
	write := func(name string, values ...any) error {
		text, err := yamlText(values...)
		if err == nil {
			b.tree.add(dir+"/"+name, text)
		}
		return err
	}
	if p.Access == "aws-auth" {
		if err := write("aws-auth.yaml", awsAuth(ws)); err != nil {
			return err
		}
	} else {
		entry := m{"principalARN": p.Principal, "type": "STANDARD", "kubernetesGroups": []string{p.Group}}
		ack := m{"clusterName": ws.Cluster.Name, "principalARN": p.Principal, "type": "STANDARD", "kubernetesGroups": []string{p.Group}}
		if err := write("entry-ack.yaml", m{"apiVersion": "eks.services.k8s.aws/v1alpha1", "kind": "AccessEntry", "metadata": m{"name": launcher(ws), "namespace": ws.Name}, "spec": ack}); err != nil {
			return err
		}
		if err := write("entry-eksctl.yaml", m{"apiVersion": "eksctl.io/v1alpha5", "kind": "ClusterConfig", "metadata": m{"name": ws.Cluster.Name, "region": ws.Cluster.Region}, "accessConfig": m{"accessEntries": []any{entry}}}); err != nil {
			return err
		}
	}
	iam := "iam" + strings.TrimPrefix(dir, "access")
	b.tree.add(iam+"/platform-permissions.json", policy.Marshal(platformPermissions(ws)))
	if trust := platformTrust(ws); trust != nil {
		b.tree.add(iam+"/platform-trust.json", policy.Marshal(*trust))
	}
	return nil
}

// awsAuth is what belongs into the data of the cluster's ConfigMap aws-auth, whose values are texts; it is no object of
// its own, because applying it would drop every other entry. aws-auth knows no paths of roles.
func awsAuth(ws *schema.Workspace) m {
	p := ws.Platform
	arn, kind, key := p.Principal, "mapUsers", "userarn"
	if p.RolePrincipal() {
		prefix, role, _ := strings.Cut(arn, ":role/")
		arn, kind, key = prefix+":role/"+role[strings.LastIndexByte(role, '/')+1:], "mapRoles", "rolearn"
	}
	return m{kind: []any{m{key: arn, "username": launcher(ws), "groups": []string{p.Group}}}}
}

// platformPermissions is what Platform itself does in AWS: it finds the cluster, and reads logs in the work directory.
func platformPermissions(ws *schema.Workspace) policy.Document {
	bucket, prefix := schema.Bucket(ws.Storage.Work)
	arn := "arn:" + ws.Cluster.Partition + ":s3:::" + bucket
	list := policy.Statement{Sid: "ListWork", Effect: "Allow", Action: policy.List{"s3:ListBucket"}, Resource: policy.List{arn}}
	if prefix != "" {
		list.Condition = policy.Conditions{"StringLike": {"s3:prefix": {literal(prefix), literal(below(prefix))}}}
	}
	return policy.Document{Version: policy.Version, Statements: []policy.Statement{
		{Sid: "Cluster", Effect: "Allow", Action: policy.List{"eks:DescribeCluster"}, Resource: policy.List{ClusterARN(ws)}},
		{Sid: "Clusters", Effect: "Allow", Action: policy.List{"eks:ListClusters"}, Resource: policy.List{"*"}},
		list,
		{Sid: "Logs", Effect: "Allow", Action: policy.List{"s3:GetObject"}, Resource: policy.List{arn + "/" + literal(below(prefix))}},
	}}
}

// platformTrust lets the role that Platform has assume its principal with the External ID; sessions are tagged without
// it, which is why that is a statement of its own. It is nil where nobody assumes the principal, and until the External
// ID is known: Platform makes it when the credentials are saved.
func platformTrust(ws *schema.Workspace) *policy.Document {
	p := ws.Platform
	if !p.RolePrincipal() || p.JumpRole == "" || p.ExternalID == "" {
		return nil
	}
	principal := policy.Principals{"AWS": {p.JumpRole}}
	return &policy.Document{Version: policy.Version, Statements: []policy.Statement{
		{Sid: "Assume", Effect: "Allow", Principal: principal, Action: policy.List{"sts:AssumeRole"}, Condition: policy.Conditions{"StringEquals": {"sts:ExternalId": {p.ExternalID}}}},
		{Sid: "Tag", Effect: "Allow", Principal: principal, Action: policy.List{"sts:TagSession"}},
	}}
}
