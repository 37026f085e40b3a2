package facts

import (
	"regexp"
	"strings"
	"testing"
)

var version = regexp.MustCompile(`^[0-9]{2}\.[0-9]{2}\.[0-9]+$`)

// TestOptions: each option once, with a type that we know, versions in order, and a source.
func TestOptions(t *testing.T) {
	seen := map[string]bool{}
	for _, o := range Options() {
		if seen[o.Name] {
			t.Errorf("%s is there twice", o.Name)
		}
		seen[o.Name] = true
		if !strings.Contains(" boolean string integer number memory duration list map ", " "+o.Type+" ") || o.Source == "" {
			t.Errorf("%+v", o)
		}
		for _, v := range []string{o.Since, o.Until} {
			if v != "" && !version.MatchString(v) {
				t.Errorf("%s: %q is no version", o.Name, v)
			}
		}
	}
	for _, must := range []string{"fusion.privileged", "k8s.fuseDevicePlugin", "k8s.computeResourceType", "wave.enabled", "tower.accessToken", "aws.client.storageKmsKeyId"} {
		if !seen[must] {
			t.Errorf("%s is missing", must)
		}
	}
}

// TestPartitions: regions map to their partition, nothing else does; the audience is one everywhere.
func TestPartitions(t *testing.T) {
	for region, want := range map[string]string{"eu-west-1": "aws", "us-east-1": "aws", "ap-southeast-2": "aws", "il-central-1": "aws", "mx-central-1": "aws",
		"cn-north-1": "aws-cn", "cn-northwest-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "us-gov-east-1": "aws-us-gov", "eu-west": "", "us-gov-1": "", "xx-west-1": "", "": ""} {
		if p, _ := PartitionOf(region); p.Name != want {
			t.Errorf("%q is of partition %q, want %q", region, p.Name, want)
		}
	}
	for _, p := range Partitions() {
		if p.Audience != "sts.amazonaws.com" {
			t.Errorf("%s: audience %s", p.Name, p.Audience)
		}
	}
}

// TestFamilies: NVMe and architecture of families that users ask for.
func TestFamilies(t *testing.T) {
	for name, nvme := range map[string]bool{"c6id": true, "c6id.4xlarge": true, "m5": false, "m6a.large": false, "i4i": true, "r7gd": true, "c7g": false, "p4d.24xlarge": true, "unknown": false} {
		if NVMe(name) != nvme {
			t.Errorf("%s: NVMe %v", name, !nvme)
		}
	}
	for _, f := range Families() {
		if arm := strings.Contains("c6gd c7g m8gd t4g im4gn is4gen i8g x2gd g5g i4g", f.Name) && f.Name != "i3" && len(f.Name) > 2; arm && f.Arch != "arm64" {
			t.Errorf("%s is %s", f.Name, f.Arch)
		}
	}
	if KnownFamily("unknown") || !KnownFamily("m5.large") {
		t.Error("KnownFamily")
	}
}

// TestCalls: what runs with real Nextflow versions proved to be the least set of grants.
func TestCalls(t *testing.T) {
	for mode, want := range map[string]string{
		"Pod": "pods:create pods:delete pods/log:get pods/status:get",
		"Job": "pods:list pods:delete pods/log:get pods/status:get batch/jobs:create batch/jobs:delete batch/jobs/status:get",
	} {
		var got []string
		for _, c := range Calls("26.04.6", mode) {
			name := c.Resource
			if c.Group != "" {
				name = c.Group + "/" + name
			}
			got = append(got, name+":"+c.Verb)
			if c.Why == "" || c.Without == "" || c.Source == "" {
				t.Errorf("%+v says too little", c)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: %v", mode, got)
		}
	}
}

// TestGrants: each row is whole, and no row names an action that IAM does not have.
func TestGrants(t *testing.T) {
	for _, g := range Grants() {
		if g.Why == "" || g.Without == "" || g.Source == "" || !strings.HasPrefix(g.Action, g.Service+":") {
			t.Errorf("%+v", g)
		}
		if (g.On == "bucket") != (g.Action == "s3:ListBucket") || (g.On == "bucket") != (g.Prefix != "") {
			t.Errorf("%s on %s with prefix %q", g.Action, g.On, g.Prefix)
		}
		for _, phantom := range []string{"CopyObject", "HeadObject", "ListObjects", "UploadPart"} {
			if g.Action == "s3:"+phantom {
				t.Errorf("IAM has no action %s", g.Action)
			}
		}
	}
}
