package policy_test

import (
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/schema/policy"
)

// TestTruthTable compares the evaluator with an independent simulator's answers for permission policies: A is allowed.
func TestTruthTable(t *testing.T) {
	const object = "arn:aws:s3:::acme/"
	list := func(prefix ...string) policy.Request {
		return policy.Request{Action: "s3:ListBucket", Resource: "arn:aws:s3:::acme", Context: policy.Context{"s3:prefix": prefix}}
	}
	get := func(action, resource string) policy.Request {
		return policy.Request{Action: action, Resource: resource}
	}
	names := strings.Fields("documented upstream-2026-03 recommended object-on-bucket list-on-objects prefix-ok s3-all")
	for _, c := range []struct {
		requests []policy.Request
		want     string // a letter for each of names
	}{
		{[]policy.Request{get("s3:GetObject", object+"work/x")}, "AAA-AAA"},
		{[]policy.Request{get("s3:PutObject", object+"work/x"), get("s3:PutObjectTagging", object+"work/x"), get("s3:DeleteObject", object+"work/x")}, "AAA-AAA"},
		{[]policy.Request{get("s3:GetObjectTagging", object+"work/x")}, "-AA---A"},
		{[]policy.Request{get("s3:AbortMultipartUpload", object+"work/x")}, "-AA---A"},
		{[]policy.Request{get("s3:ListMultipartUploadParts", object+"work/x")}, "--A---A"},
		{[]policy.Request{list("work/"), list("work/ab/12"), list("work")}, "AAAA-AA"},
		{[]policy.Request{list(), list("other/"), list("workshop")}, "AAAA--A"},
		{[]policy.Request{get("s3:ListBucketMultipartUploads", "arn:aws:s3:::acme"), get("s3:GetBucketLocation", "arn:aws:s3:::acme"), get("s3:PutObjectAcl", object+"work/x")}, "------A"},
		{[]policy.Request{get("s3:GetObject", "arn:aws:s3:::other/work/x"), get("s3:GetObject", "arn:aws:s3:::acme-evil/work/x")}, "-------"},
		{[]policy.Request{get("s3:DeleteBucket", "arn:aws:s3:::acme"), get("s3:PutBucketPolicy", "arn:aws:s3:::acme")}, "------A"},
		{[]policy.Request{get("S3:getobject", object+"x")}, "AAA-AAA"},
		{[]policy.Request{get("s3:GetObjectVersion", object+"x")}, "------A"},
		{[]policy.Request{get("kms:Decrypt", object+"x")}, "-------"},
	} {
		for i, name := range names {
			for _, r := range c.requests {
				if got := policy.Evaluate(r, document(t, name)).Verdict == policy.Allowed; got != (c.want[i] == 'A') {
					t.Errorf("%s: %s on %s %v: allowed %v", name, r.Action, r.Resource, r.Context["s3:prefix"], got)
				}
			}
		}
	}
	for _, name := range strings.Fields("fake-actions prefix-equals-wild arn-with-region s3-uri prefix-on-objects") {
		for _, r := range []policy.Request{list(), list("work/"), get("s3:GetObject", object+"work/x"), get("s3:PutObject", object+"work/x")} {
			if policy.Evaluate(r, document(t, name)).Verdict == policy.Allowed {
				t.Errorf("%s allows %s %v", name, r.Action, r.Context)
			}
		}
	}
	if !policy.Equal(document(t, "merged"), document(t, "documented")) {
		missing, extra := policy.Diff([]policy.Document{document(t, "merged")}, []policy.Document{document(t, "documented")})
		for _, g := range append(missing, extra...) {
			// What the merged form grants more has the wrong kind of resource, so it is no grant of a real call.
			if strings.HasPrefix(g.Action, "s3:listbucket") == strings.HasSuffix(g.Resource, "/*") {
				continue
			}
			t.Errorf("merged differs in a real grant: %s", g)
		}
	}
}

const (
	issuer = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
	arn    = "arn:aws:iam::123456789012:oidc-provider/" + issuer
)

// trust is a trust policy for pods with the conditions given as JSON.
func trust(t *testing.T, principal, action, condition string) policy.Document {
	t.Helper()
	text := `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": ` + principal + `, "Action": ` + action
	if condition != "" {
		text += `, "Condition": ` + condition
	}
	d, err := policy.Parse([]byte(text + "}}"))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return d
}

// TestTrustTable compares the evaluator with an independent simulator's answers for the trust policies that people
// write: right account, other account of the namespace, same account of another namespace, wrong audience.
func TestTrustTable(t *testing.T) {
	const account = `"system:serviceaccount:fusion-demo:fusion-sa"`
	aud, sub := `"`+issuer+`:aud": "sts.amazonaws.com"`, `"`+issuer+`:sub": `
	equals := func(keys string) string { return `{"StringEquals": {` + keys + `}}` }
	federated, web := `{"Federated": "`+arn+`"}`, `"sts:AssumeRoleWithWebIdentity"`
	other := func(from, to, text string) string { return strings.ReplaceAll(text, from, to) }
	ok := equals(aud + ", " + sub + account)
	requests := []policy.Request{
		policy.WebIdentity("aws", "123456789012", issuer, "sts.amazonaws.com", "system:serviceaccount:fusion-demo:fusion-sa"),
		policy.WebIdentity("aws", "123456789012", issuer, "sts.amazonaws.com", "system:serviceaccount:fusion-demo:default"),
		policy.WebIdentity("aws", "123456789012", issuer, "sts.amazonaws.com", "system:serviceaccount:other:fusion-sa"),
		policy.WebIdentity("aws", "123456789012", issuer, "example.com", "system:serviceaccount:fusion-demo:fusion-sa"),
	}
	foreign := []policy.Request{
		policy.WebIdentity("aws", "123456789012", strings.Replace(issuer, "EXAMPLED", "OTHERED0", 1), "sts.amazonaws.com", "system:serviceaccount:fusion-demo:fusion-sa"),
		policy.WebIdentity("aws", "123456789012", strings.Replace(issuer, "eu-west-1", "eu-west-2", 1), "sts.amazonaws.com", "system:serviceaccount:fusion-demo:fusion-sa"),
		policy.WebIdentity("aws", "999999999999", issuer, "sts.amazonaws.com", "system:serviceaccount:fusion-demo:fusion-sa"),
	}
	for _, c := range []struct{ name, principal, action, condition, want string }{
		{"ok", federated, web, ok, "A---"},
		{"wrong region in the keys", federated, web, other("eu-west-1", "eu-west-2", ok), "----"},
		{"https in the keys", federated, web, other(`"oidc`, `"https://oidc`, ok), "----"},
		{"ARN as key", federated, web, other(`"oidc`, `"arn:aws:iam::123456789012:oidc-provider/oidc`, ok), "----"},
		{"trailing slash", federated, web, other("EXAMPLE:", "EXAMPLE/:", ok), "----"},
		{"https in the principal", other("provider/", "provider/https://", federated), web, ok, "----"},
		{"AssumeRole", federated, `"sts:AssumeRole"`, ok, "----"},
		{"star under StringEquals", federated, web, equals(aud + ", " + sub + `"system:serviceaccount:fusion-demo:*"`), "----"},
		{"subject without prefix", federated, web, equals(aud + ", " + sub + `"fusion-demo:fusion-sa"`), "----"},
		{"another namespace", federated, web, equals(aud + ", " + sub + `"system:serviceaccount:other:fusion-sa"`), "--A-"},
		{"no subject", federated, web, equals(aud), "AAA-"},
		{"no audience", federated, web, equals(sub + account), "A--A"},
		{"no condition", federated, web, "", "AAAA"},
		{"namespace by StringLike", federated, web, `{"StringEquals": {` + aud + `}, "StringLike": {` + sub + `"system:serviceaccount:fusion-demo:*"}}`, "AA--"},
		{"all by StringLike", federated, web, `{"StringEquals": {` + aud + `}, "StringLike": {` + sub + `"system:serviceaccount:*:*"}}`, "AAA-"},
		{"StringLike without a star", federated, web, other("StringEquals", "StringLike", ok), "A---"},
		{"ForAllValues", federated, web, other("StringEquals", "ForAllValues:StringEquals", ok), "A---"},
		{"IfExists", federated, web, other("StringEquals", "StringEqualsIfExists", ok), "A---"},
		{"key in lower case", federated, web, other(`"`+issuer, `"`+strings.ToLower(issuer), ok), "A---"},
		{"provider in lower case", `{"Federated": "` + strings.ToLower(arn) + `"}`, web, ok, "----"},
		{"AWS principal with the provider's ARN", `{"AWS": "` + arn + `"}`, web, ok, "----"},
	} {
		d := trust(t, c.principal, c.action, c.condition)
		for i, r := range requests {
			if got := policy.Evaluate(r, d).Verdict == policy.Allowed; got != (c.want[i] == 'A') {
				t.Errorf("%s: %v: allowed %v", c.name, r.Context, got)
			}
		}
		for _, r := range foreign {
			if policy.Evaluate(r, d).Verdict == policy.Allowed {
				t.Errorf("%s: a foreign token is allowed: %v", c.name, r)
			}
		}
	}
}

// TestConditions is one row for each operator and each of IAM's rules for absent and several values.
func TestConditions(t *testing.T) {
	for _, c := range []struct {
		condition string
		context   policy.Context
		want      bool
	}{
		{`{"StringEquals": {"k": ["a", "b"]}}`, policy.Context{"K": {"b"}}, true},
		{`{"StringEquals": {"k": "a"}}`, nil, false},
		{`{"StringEquals": {"k": "a"}}`, policy.Context{"k": {}}, false},
		{`{"StringNotEquals": {"k": ["a", "b"]}}`, policy.Context{"k": {"b"}}, false},
		{`{"StringNotEquals": {"k": "a"}}`, nil, true},
		{`{"StringEqualsIfExists": {"k": "a"}}`, nil, true},
		{`{"StringEqualsIfExists": {"k": "a"}}`, policy.Context{"k": {"b"}}, false},
		{`{"StringEqualsIgnoreCase": {"k": "A"}}`, policy.Context{"k": {"a"}}, true},
		{`{"StringNotEqualsIgnoreCase": {"k": "A"}}`, policy.Context{"k": {"a"}}, false},
		{`{"StringLike": {"k": "a*c?"}}`, policy.Context{"k": {"abbcd"}}, true},
		{`{"StringLike": {"k": "a*c?"}}`, policy.Context{"k": {"abbc"}}, false},
		{`{"StringNotLike": {"k": "a*"}}`, policy.Context{"k": {"b"}}, true},
		{`{"StringEquals": {"k": "a*"}}`, policy.Context{"k": {"ab"}}, false},
		{`{"StringLike": {"k": "${*}a"}}`, policy.Context{"k": {"*a"}}, true},
		{`{"StringLike": {"k": "${*}a"}}`, policy.Context{"k": {"ba"}}, false},
		{`{"StringLike": {"k": "x/${u}/*"}}`, policy.Context{"k": {"x/*/y"}, "U": {"*"}}, true},
		{`{"StringLike": {"k": "x/${u}/*"}}`, policy.Context{"k": {"x/b/y"}, "U": {"*"}}, false},
		{`{"StringLike": {"k": "x/${u}/*"}}`, policy.Context{"k": {"x//y"}}, false},
		{`{"StringLike": {"k": "x/${u, 'z'}/*"}}`, policy.Context{"k": {"x/z/y"}}, true},
		{`{"NumericLessThan": {"k": 5}}`, policy.Context{"k": {"4.5"}}, true},
		{`{"NumericGreaterThanEquals": {"k": "5"}}`, policy.Context{"k": {"5"}}, true},
		{`{"NumericEquals": {"k": "5"}}`, policy.Context{"k": {"five"}}, false},
		{`{"DateGreaterThan": {"k": "2026-01-01T00:00:00Z"}}`, policy.Context{"k": {"2026-11-24T00:00:00Z"}}, true},
		{`{"DateLessThan": {"k": "2026-01-01"}}`, policy.Context{"k": {"1700000000"}}, true},
		{`{"Bool": {"k": true}}`, policy.Context{"k": {"True"}}, true},
		{`{"Bool": {"k": "false"}}`, policy.Context{"k": {"true"}}, false},
		{`{"BinaryEquals": {"k": "YQ=="}}`, policy.Context{"k": {"YQ=="}}, true},
		{`{"IpAddress": {"k": ["203.0.113.0/24", "2001:db8::/32"]}}`, policy.Context{"k": {"203.0.113.9"}}, true},
		{`{"IpAddress": {"k": "203.0.113.9"}}`, policy.Context{"k": {"203.0.113.9"}}, true},
		{`{"NotIpAddress": {"k": "203.0.113.0/24"}}`, policy.Context{"k": {"203.0.113.9"}}, false},
		{`{"ArnLike": {"k": "arn:aws:eks:*:123456789012:cluster/*"}}`, policy.Context{"k": {"arn:aws:eks:eu-west-1:123456789012:cluster/a:b"}}, true},
		{`{"ArnEquals": {"k": "arn:aws:eks:*:cluster/*"}}`, policy.Context{"k": {"arn:aws:eks:eu-west-1:123456789012:cluster/a"}}, false},
		{`{"ArnNotLike": {"k": "arn:aws:eks:*:*:cluster/*"}}`, policy.Context{"k": {"arn:aws:s3:::x"}}, true},
		{`{"Null": {"k": "true"}}`, nil, true},
		{`{"Null": {"k": "true"}}`, policy.Context{"k": {"x"}}, false},
		{`{"Null": {"k": "false"}}`, policy.Context{"k": {"x"}}, true},
		{`{"ForAllValues:StringEquals": {"k": ["a", "b"]}}`, policy.Context{"k": {"a", "b"}}, true},
		{`{"ForAllValues:StringEquals": {"k": ["a", "b"]}}`, policy.Context{"k": {"a", "c"}}, false},
		{`{"ForAllValues:StringEquals": {"k": "a"}}`, nil, true},
		{`{"ForAnyValue:StringEquals": {"k": "a"}}`, policy.Context{"k": {"a", "c"}}, true},
		{`{"ForAnyValue:StringEquals": {"k": "a"}}`, nil, false},
		{`{"ForAnyValue:StringNotEquals": {"k": "a"}}`, policy.Context{"k": {"a", "c"}}, true},
		{`{"ForAllValues:StringNotEquals": {"k": "a"}}`, policy.Context{"k": {"a", "c"}}, false},
		{`{"StringEquals": {"k": "a", "l": "b"}, "Bool": {"m": true}}`, policy.Context{"k": {"a"}, "l": {"b"}, "m": {"true"}}, true},
		{`{"StringEquals": {"k": "a", "l": "b"}, "Bool": {"m": true}}`, policy.Context{"k": {"a"}, "l": {"x"}, "m": {"true"}}, false},
	} {
		d := trust(t, `"*"`, `"a:b"`, c.condition)
		if got := policy.Evaluate(policy.Request{Action: "a:b", Context: c.context}, d).Verdict == policy.Allowed; got != c.want {
			t.Errorf("%s with %v: %v", c.condition, c.context, got)
		}
	}
}

// TestPrincipals: an account stands for everyone in it, NotPrincipal for everyone else.
func TestPrincipals(t *testing.T) {
	role := policy.Principal{Kind: "AWS", ID: "arn:aws:iam::123456789012:role/head"}
	for principal, want := range map[string]bool{
		`"*"`: true, `{"AWS": "*"}`: true, `{"AWS": "123456789012"}`: true, `{"AWS": "arn:aws:iam::123456789012:root"}`: true,
		`{"AWS": "arn:aws:iam::123456789012:role/head"}`: true, `{"AWS": "arn:aws:iam::123456789012:role/*"}`: false,
		`{"AWS": "210987654321"}`: false, `{"Service": "pods.eks.amazonaws.com"}`: false,
	} {
		if got := policy.Evaluate(policy.Request{Action: "a:b", Principal: role}, trust(t, principal, `"a:*"`, "")).Verdict == policy.Allowed; got != want {
			t.Errorf("%s: %v", principal, got)
		}
	}
	d := trust(t, `"*"`, `"a:*"`, "")
	d.Statements[0].NotPrincipal, d.Statements[0].Principal = policy.Principals{"AWS": {role.ID}}, nil
	if policy.Evaluate(policy.Request{Action: "a:b", Principal: role}, d).Verdict == policy.Allowed {
		t.Error("NotPrincipal matches the one it names")
	}
}

// TestDeciding: the first statement that decides is named, and a denial wins over an earlier grant.
func TestDeciding(t *testing.T) {
	allow, deny := document(t, "recommended"), document(t, "documented")
	deny.Statements[1].Effect = "Deny"
	r := policy.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::acme/x"}
	if got := policy.Evaluate(r, allow, deny); got != (policy.Decision{Verdict: policy.ExplicitlyDenied, Document: 1, Statement: 1}) {
		t.Errorf("%+v", got)
	}
	if got := policy.Evaluate(r, allow); got != (policy.Decision{Verdict: policy.Allowed, Document: 0, Statement: 1}) {
		t.Errorf("%+v", got)
	}
	if got := policy.Evaluate(r); got != (policy.Decision{Verdict: policy.ImplicitlyDenied, Document: -1, Statement: -1}) {
		t.Errorf("%+v", got)
	}
}
