package schema

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/schema/facts"
)

// checker compares fields with each other.
type checker struct {
	ws    *Workspace
	diags Diagnostics
}

// check finds what is wrong between fields of one completed workspace.
func check(ws *Workspace) Diagnostics {
	c := &checker{ws: ws}
	for _, f := range []func(*checker){
		checkRegion, checkIssuer, checkWorkstation, checkStorage, checkIdentity, checkRuntime, checkScratch, checkSecurity, checkNodes, checkComponents, checkPlatform,
	} {
		f(c)
	}
	return c.diags
}

func (c *checker) report(path, message, hint string) {
	c.diags = append(c.diags, Diagnostic{Pos: c.ws.Source.Pos(path), Path: path, Message: message, Hint: hint})
}

func checkRegion(c *checker) {
	if c.ws.Cluster.Partition == "" {
		c.report("cluster.region", fmt.Sprintf("no AWS partition (aws, aws-cn, aws-us-gov) has a region %q", c.ws.Cluster.Region), "aws ec2 describe-regions lists them")
		return
	}
	want := "arn:" + c.ws.Cluster.Partition + ":"
	arns := map[string]string{"storage.kms": c.ws.Storage.KMS}
	if p := c.ws.Platform; p != nil && p.Edition == "enterprise" {
		arns["platform.principal"], arns["platform.jumpRole"] = p.Principal, p.JumpRole
	}
	for path, arn := range arns {
		if arn != "" && !strings.HasPrefix(arn, want) {
			c.report(path, fmt.Sprintf("this ARN is not of the partition of %s", c.ws.Cluster.Region), "it begins with "+want)
		}
	}
}

func checkIssuer(c *checker) {
	cluster, provider := c.ws.Cluster, c.ws.Identity.Provider
	if cluster.OIDC == "" {
		if provider == "irsa" {
			c.report("cluster", "IRSA needs cluster.oidc, the issuer of the cluster's tokens", "aws eks describe-cluster --name "+cluster.Name+" --query cluster.identity.oidc.issuer, or identity.provider: \"pod-identity\"")
		}
		return
	}
	partition, ok := facts.PartitionOf(cluster.Region)
	if !ok || !strings.HasPrefix(cluster.OIDC, "https://") {
		return
	}
	base := "https://" + partition.Issuer(cluster.Region, "")
	host := strings.TrimSuffix(base, "/id/")
	id, right := strings.CutPrefix(cluster.OIDC, base)
	switch {
	case right && !strings.Contains(id, "/"):
	case strings.HasPrefix(cluster.OIDC, "https://oidc.eks.") && !strings.HasPrefix(cluster.OIDC, host):
		c.report("cluster.oidc", "the issuer is of another region than cluster.region "+cluster.Region, "its host is "+host)
	default:
		c.report("cluster.oidc", "no EKS cluster has this issuer, so no token of a pod would have it", "it is "+base+"ID, as aws eks describe-cluster gives it")
	}
}

func checkWorkstation(c *checker) {
	cluster, workstation := c.ws.Cluster, c.ws.Nextflow.Head == "workstation"
	for path, value := range map[string]string{"cluster.endpoint": cluster.Endpoint, "cluster.ca": cluster.CA} {
		switch {
		case workstation && value == "":
			c.report("cluster", "a head on a workstation needs "+path+": Nextflow does not read the exec users of EKS kubeconfigs", "aws eks describe-cluster --name "+cluster.Name+" | fusiongen init fills it in")
		case !workstation && value != "":
			c.report(path, "only a head on a workstation uses this", "leave it out, or set nextflow.head: \"workstation\"")
		}
	}
	if ca, err := base64.StdEncoding.DecodeString(cluster.CA); cluster.CA != "" && (err != nil || !strings.Contains(string(ca), "BEGIN CERTIFICATE")) {
		c.report("cluster.ca", "this is not the base64 text of a PEM certificate", "copy cluster.certificateAuthority.data of aws eks describe-cluster")
	}
}

func checkStorage(c *checker) {
	s := c.ws.Storage
	places := map[string]string{"storage.work": s.Work}
	for i, p := range s.Inputs {
		places["storage.inputs."+strconv.Itoa(i)] = p
	}
	for i, p := range s.Publish {
		places["storage.publish."+strconv.Itoa(i)] = p
	}
	for path, uri := range places {
		bucket, _ := Bucket(uri)
		if strings.Contains(bucket, "..") || strings.HasSuffix(bucket, "--x-s3") {
			c.report(path, fmt.Sprintf("%q is no general purpose bucket", bucket), "directory buckets (--x-s3) take no object tags and no s3: permissions")
		}
		if strings.Contains(strings.TrimPrefix(uri, "s3://"), "//") {
			c.report(path, "the prefix has an empty part, which is a key of its own in S3", "write one slash")
		}
	}
	if parts := strings.Split(s.KMS, ":"); len(parts) > 3 && parts[3] != s.Region {
		c.report("storage.kms", fmt.Sprintf("the key is in %s and the buckets are in %s; S3 takes keys of the bucket's region only", parts[3], s.Region), "name a key of "+s.Region+", or storage.region")
	}
	for i, p := range s.Publish {
		bucket, prefix := Bucket(p)
		if workBucket, work := Bucket(s.Work); bucket == workBucket && prefix == work {
			c.report("storage.publish."+strconv.Itoa(i), "results and work directory are one place", "publish below another prefix")
		}
	}
}

func checkIdentity(c *checker) {
	head, task := c.ws.Identity.Head, c.ws.Identity.Task
	if head.ServiceAccount == task.ServiceAccount && head.Role != task.Role {
		c.report("identity", "head and tasks share the service account "+head.ServiceAccount+" but not the role", "give both one role, or each an account of its own")
	}
	for path, role := range map[string]string{"identity.head.role": head.Role, "identity.task.role": task.Role} {
		if name := role[strings.LastIndexByte(role, '/')+1:]; len(name) > 64 {
			c.report(path, fmt.Sprintf("the role name %q has %d characters; IAM takes 64", name, len(name)), "name the role in the spec")
		}
	}
}

func checkRuntime(c *checker) {
	r := c.ws.Runtime
	switch {
	case r.Mode == "seqera" && r.Inject != "auto" && r.Inject != "wave":
		c.report("runtime.inject", "in seqera mode Wave adds the client", "leave it out, or set runtime.mode: \"open\"")
	case r.Mode == "seqera" && r.Image != "":
		c.report("runtime.image", "in seqera mode the vendor's client is used, not an image of ours", "leave it out")
	case (r.Inject == "policy" || r.Inject == "init") && c.ws.minor() < 36:
		c.report("runtime.inject", r.Inject+" needs MutatingAdmissionPolicy, which Kubernetes has from 1.36 on; cluster.version is "+c.ws.Cluster.Version, "use csi")
	}
}

func checkScratch(c *checker) {
	s, nodes := c.ws.Scratch, c.ws.Nodes
	need := map[string][]string{"nodeadm": {"al2023"}, "bottlerocket": {"bottlerocket"}, "auto": {"auto"}, "karpenter": {"al2023", "bottlerocket"}, "daemonset": {"al2023", "ubuntu"}}
	if os, ok := need[s.Provider]; ok && !slices.Contains(os, nodes.OS) {
		c.report("scratch.provider", fmt.Sprintf("%q prepares nodes of %s; nodes.os is %q", s.Provider, strings.Join(os, " or "), nodes.OS), "set nodes.os: \""+os[0]+"\"")
	}
	if s.Volume == "csi" && nodes.OS == "auto" {
		c.report("scratch.volume", "EKS Auto Mode gives no access to the node's disks", "use emptyDir")
	}
	if s.Provider == "none" && s.Volume == "hostPath" {
		c.report("scratch.volume", "hostPath needs a prepared disk, and scratch.provider is \"none\"", "name who prepares it, or use emptyDir")
	}
	for i, family := range nodes.Families {
		if s.Provider != "none" && facts.KnownFamily(family) && !facts.NVMe(family) {
			c.report("nodes.families."+strconv.Itoa(i), fmt.Sprintf("%s has no NVMe instance store for scratch.provider %q", family, s.Provider), "choose a family such as c6id, m6id, r6id or i4i")
		}
	}
}

func checkSecurity(c *checker) {
	ws := c.ws
	needs := podSecurity(ws)
	switch {
	case ws.PodSecurity == "restricted" && ws.minor() < 36:
		c.report("podSecurity", "restricted needs MutatingAdmissionPolicy, which Kubernetes has from 1.36 on; cluster.version is "+ws.Cluster.Version, "use baseline, or a newer cluster")
	case ws.PodSecurity != "privileged" && needs == "privileged":
		c.report("podSecurity", fmt.Sprintf("%s refuses these pods: they are privileged, or have a hostPath volume", ws.PodSecurity), "leave podSecurity out, or set runtime.privileged: false, scratch.volume and runtime.inject to \"csi\"")
	}
}

func checkNodes(c *checker) {
	ws := c.ws
	if ws.Nodes.OS == "auto" && ws.Nodes.Autoscaler != "auto" && ws.Nodes.Autoscaler != "none" {
		c.report("nodes.autoscaler", "EKS Auto Mode adds nodes itself", "leave it out")
	}
	if ws.Scratch.Provider == "karpenter" && ws.Nodes.Autoscaler != "karpenter" {
		c.report("scratch.provider", "karpenter prepares the nodes that Karpenter adds; nodes.autoscaler is \""+ws.Nodes.Autoscaler+"\"", "set nodes.autoscaler: \"karpenter\"")
	}
	for i, t := range ws.Nodes.Tolerations {
		if t.Operator == "Exists" && t.Value != "" {
			c.report("nodes.tolerations."+strconv.Itoa(i), "a toleration with operator Exists has no value", "use Equal")
		}
	}
}

// checkManagers: of the environments on one cluster exactly one owns the cluster-wide objects.
func checkManagers(ws *Workspace) Diagnostics {
	managers, clusters := map[string][]string{}, []string{}
	for _, e := range ws.Environments {
		c := e.Workspace.Cluster
		key := c.Account + "/" + c.Region + "/" + c.Name
		if !slices.Contains(clusters, key) {
			clusters = append(clusters, key)
		}
		if e.Workspace.Nodes.Manage {
			managers[key] = append(managers[key], e.Name)
		}
	}
	var diags Diagnostics
	for _, key := range clusters {
		if names := managers[key]; len(names) > 1 {
			path := "environments." + names[1]
			diags = append(diags, Diagnostic{Pos: ws.Source.Pos(path), Path: path + ".nodes.manage",
				Message: fmt.Sprintf("the environments %s are on one cluster (%s) and all manage its nodes", strings.Join(names, ", "), key),
				Hint:    "set nodes: manage: false in all but one"})
		}
	}
	seen := map[string]string{}
	for _, e := range ws.Environments {
		c := e.Workspace.Cluster
		key := c.Account + "/" + c.Region + "/" + c.Name + "/" + e.Workspace.Name
		if other := seen[key]; other != "" {
			path := "environments." + e.Name
			diags = append(diags, Diagnostic{Pos: ws.Source.Pos(path), Path: path + ".name",
				Message: fmt.Sprintf("the environments %s and %s are one namespace (%s) of one cluster", other, e.Name, e.Workspace.Name),
				Hint:    "give each a name of its own"})
		}
		seen[key] = e.Name
	}
	return diags
}

// minor is the cluster's Kubernetes minor version, 34 of "1.34".
func (ws *Workspace) minor() int {
	_, text, _ := strings.Cut(ws.Cluster.Version, ".")
	n, _ := strconv.Atoi(text) // the schema's pattern has digits only
	return n
}

// Bucket splits an s3:// URI into bucket and prefix; the prefix has no slash at either end.
func Bucket(uri string) (bucket, prefix string) {
	bucket, prefix, _ = strings.Cut(strings.TrimPrefix(uri, "s3://"), "/")
	return bucket, strings.Trim(prefix, "/")
}
