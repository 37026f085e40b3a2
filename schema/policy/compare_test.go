package policy_test

import (
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/schema/policy"
)

func parse(t *testing.T, statements string) policy.Document {
	t.Helper()
	d, err := policy.Parse([]byte(`{"Version": "2012-10-17", "Statement": [` + statements + `]}`))
	if err != nil {
		t.Fatalf("%v in %s", err, statements)
	}
	return d
}

// TestEqual: what does not count, and what does.
func TestEqual(t *testing.T) {
	const base = `{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"], "Condition": {"StringEquals": {"aws:x": ["1", "2"]}}}`
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{`["s3:GetObject", "s3:PutObject"]`, `["S3:putobject", "s3:GetObject", "s3:GetObject"]`, true},
		{`["s3:GetObject", "s3:PutObject"]`, `"s3:GetObject"`, false},
		{`["s3:GetObject", "s3:PutObject"]`, `["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]`, false},
		{`"aws:x": ["1", "2"]`, `"AWS:X": ["2", "1"]`, true},
		{`"aws:x": ["1", "2"]`, `"aws:x": ["1"]`, false},
		{`StringEquals`, `StringLike`, false},
		{`, "Condition": {"StringEquals": {"aws:x": ["1", "2"]}}`, ``, false},
		{`{"Effect"`, `{"Sid": "Other", "Effect"`, true},
		{`["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]`, `["arn:aws:s3:::b/*", "arn:aws:s3:::a/*", "arn:aws:s3:::a/c/*"]`, true},
		{`["arn:aws:s3:::a/*", "arn:aws:s3:::b/*"]`, `["arn:aws:s3:::b/*"]`, false},
		{base, base + `, {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}`, false},
		{base, strings.Replace(base, `["1", "2"]`, `"1"`, 1) + "," + strings.Replace(base, `["1", "2"]`, `"2"`, 1), true},
	} {
		a, b := parse(t, base), parse(t, strings.Replace(base, c.from, c.to, 1))
		if policy.Equal(a, b) != c.want || policy.Equal(b, a) != c.want {
			t.Errorf("%s for %s: equal %v", c.to, c.from, !c.want)
		}
	}
}

// TestDiff names what is missing and what is too much, with wildcards expanded.
func TestDiff(t *testing.T) {
	have := parse(t, `{"Effect": "Allow", "Action": "kms:*Encrypt*", "Resource": "arn:aws:kms:eu-west-1:1:key/k"}, {"Effect": "Allow", "Action": "ec2:*", "Resource": "*"}`)
	want := parse(t, `{"Effect": "Allow", "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "arn:aws:kms:eu-west-1:1:key/k", "Condition": {"Bool": {"aws:SecureTransport": "true"}}}`)
	missing, extra := policy.Diff([]policy.Document{have}, []policy.Document{want})
	var text []string
	for _, g := range missing {
		text = append(text, "-"+g.String())
	}
	for _, g := range extra {
		text = append(text, "+"+g.String())
	}
	got := strings.Join(text, "\n")
	const expected = `-allow kms:Decrypt on arn:aws:kms:eu-west-1:1:key/k if aws:securetransport Bool true
+allow ec2:* on *
+allow kms:Encrypt on arn:aws:kms:eu-west-1:1:key/k
+allow kms:ReEncryptFrom on arn:aws:kms:eu-west-1:1:key/k
+allow kms:ReEncryptTo on arn:aws:kms:eu-west-1:1:key/k`
	if got != expected {
		t.Errorf("got\n%s\nwant\n%s", got, expected)
	}
}

// TestCovers: the containment of wildcards.
func TestCovers(t *testing.T) {
	for _, c := range []struct {
		p, q string
		want bool
	}{
		{"*", "a*b?", true}, {"a*", "a/b*", true}, {"a/b*", "a*", false}, {"a?", "ab", true}, {"a?", "a*", false},
		{"a*c*", "abc*d", true}, {"", "", true}, {"*", "", true}, {"", "*", false}, {"?", "?", true}, {"*b", "*ab", true}, {"*ab", "*b", false},
		{"**", "*", true}, {"a/*", "a", false}, {"é?", "éé", true},
	} {
		if got := policy.Covers(c.p, c.q); got != c.want {
			t.Errorf("%q covers %q: %v", c.p, c.q, got)
		}
	}
}
