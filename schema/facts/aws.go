package facts

import (
	"regexp"
	"sync"
)

// Partitions are the AWS partitions that run EKS with public documentation.
//
// Sources: botocore endpoints.json; the audience is sts.amazonaws.com everywhere, in aws-cn too (eksctl
// pkg/iam/oidc/api.go; terraform-aws-modules/terraform-aws-eks#1704).
func Partitions() []Partition {
	const source = "botocore endpoints.json"
	return []Partition{
		{Name: "aws", Regions: `^(us|eu|ap|sa|ca|me|af|il|mx)-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[0-9]+$`, DNSSuffix: "amazonaws.com", Audience: "sts.amazonaws.com", Source: source},
		{Name: "aws-cn", Regions: `^cn-(north|northwest)-[0-9]+$`, DNSSuffix: "amazonaws.com.cn", Audience: "sts.amazonaws.com", Source: source},
		{Name: "aws-us-gov", Regions: `^us-gov-(west|east)-[0-9]+$`, DNSSuffix: "amazonaws.com", Audience: "sts.amazonaws.com", Source: source},
	}
}

// PartitionOf is the partition of a region; false for a region that no partition has.
func PartitionOf(region string) (Partition, bool) {
	for i, p := range Partitions() {
		if regions()[i].MatchString(region) {
			return p, true
		}
	}
	return Partition{}, false
}

// regions are the patterns of Partitions, compiled once.
var regions = sync.OnceValue(func() []*regexp.Regexp {
	var out []*regexp.Regexp
	for _, p := range Partitions() {
		out = append(out, regexp.MustCompile(p.Regions))
	}
	return out
})

// Issuer is the OIDC issuer of an EKS cluster, without the scheme.
func (p Partition) Issuer(region, id string) string {
	return "oidc.eks." + region + "." + p.DNSSuffix + "/id/" + id
}

// RoleARN is the ARN of a role by its name, with its path if it has one.
func (p Partition) RoleARN(account, role string) string {
	return "arn:" + p.Name + ":iam::" + account + ":role/" + role
}
