package facts

import (
	_ "embed"
	"strings"
	"sync"
)

// Action is one IAM action.
type Action struct {
	Service   string   // "s3"
	Name      string   // "GetObject"
	Resources []string // types it takes: "bucket", "object"; empty where Resource must be "*", nil where we do not know
}

//go:embed iam.txt
var iamTable string

type iam struct {
	services map[string][]Action
	exact    map[string]Action   // by lower-case service:name
	keys     map[string][]string // lower-case condition key → lower-case names of the actions that have it
}

var iamData = sync.OnceValue(func() iam {
	out := iam{map[string][]Action{}, map[string]Action{}, map[string][]string{}}
	for line := range strings.Lines(iamTable) {
		f := strings.Fields(line)
		switch f[0] {
		case "action":
			for _, name := range f[3:] {
				a := Action{Service: f[1], Name: name, Resources: resourceTypes(f[2])}
				out.services[a.Service] = append(out.services[a.Service], a)
				out.exact[a.Service+":"+strings.ToLower(name)] = a
			}
		case "key":
			out.keys[strings.ToLower(f[1])] = strings.Fields(strings.ToLower(strings.Join(f[2:], " ")))
		}
	}
	return out
})

func resourceTypes(field string) []string {
	switch field {
	case "any":
		return nil
	case "-":
		return []string{}
	}
	return strings.Split(field, ",")
}

// Actions are all actions of a service; none of one that the table does not have.
//
// Source: the head of iam.txt.
func Actions(service string) []Action { return iamData().services[strings.ToLower(service)] }

// ActionsLike are the actions that a pattern of a policy covers ("s3:Get*"), without regard to case, as IAM does.
func ActionsLike(pattern string, match func(pattern, text string) bool) []Action {
	pattern = strings.ToLower(pattern)
	service, name, _ := strings.Cut(pattern, ":")
	if !strings.ContainsAny(name, "*?") { // most are, and rules ask for each action again and again
		if a, ok := iamData().exact[pattern]; ok {
			return []Action{a}
		}
		return nil
	}
	var out []Action
	for _, a := range Actions(service) {
		if match(name, strings.ToLower(a.Name)) {
			out = append(out, a)
		}
	}
	return out
}

// HasKey says whether an S3 action has a condition key. A key that the table does not have is taken to fit.
func HasKey(key string, a Action) bool {
	key = strings.ToLower(key)
	if name, _, tagged := strings.Cut(key, "/"); tagged {
		key = name + "/<key>"
	}
	names, known := iamData().keys[key]
	if !known || a.Service != "s3" {
		return true
	}
	for _, n := range names {
		if n == strings.ToLower(a.Name) {
			return true
		}
	}
	return false
}

// MeantAction are the actions that an API operation needs whose name is no action, or none.
//
// Source: the S3 API reference's permissions of each operation; the names are absent from iam.txt.
func MeantAction(action string) []string {
	return map[string][]string{
		"s3:copyobject":                      {"s3:GetObject", "s3:PutObject"},
		"s3:headobject":                      {"s3:GetObject"},
		"s3:getobjectmetadata":               {"s3:GetObject"},
		"s3:selectobjectcontent":             {"s3:GetObject"},
		"s3:headbucket":                      {"s3:ListBucket"},
		"s3:listobjects":                     {"s3:ListBucket"},
		"s3:listobjectsv2":                   {"s3:ListBucket"},
		"s3:listobjectversions":              {"s3:ListBucketVersions"},
		"s3:listparts":                       {"s3:ListMultipartUploadParts"},
		"s3:listmultipartuploads":            {"s3:ListBucketMultipartUploads"},
		"s3:createmultipartupload":           {"s3:PutObject"},
		"s3:completemultipartupload":         {"s3:PutObject"},
		"s3:uploadpart":                      {"s3:PutObject"},
		"s3:uploadpartcopy":                  {"s3:GetObject", "s3:PutObject"},
		"s3:deleteobjects":                   {"s3:DeleteObject"},
		"s3:listbuckets":                     {"s3:ListAllMyBuckets"},
		"s3:getbucketencryption":             {"s3:GetEncryptionConfiguration"},
		"s3:putbucketencryption":             {"s3:PutEncryptionConfiguration"},
		"s3:getbucketlifecycleconfiguration": {"s3:GetLifecycleConfiguration"},
		"s3:putbucketlifecycleconfiguration": {"s3:PutLifecycleConfiguration"},
		"sts:assumerolewithoidc":             {"sts:AssumeRoleWithWebIdentity"},
		"s3:getbucketlifecycle":              {"s3:GetLifecycleConfiguration"},
		"s3:putbucketlifecycle":              {"s3:PutLifecycleConfiguration"},
	}[strings.ToLower(action)]
}
