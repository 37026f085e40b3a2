package policy_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fusiongen/fusiongen/schema/policy"
)

// TestParseErrors: what IAM refuses is reported where it stands, and everything that is wrong at once.
func TestParseErrors(t *testing.T) {
	const good = `{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}`
	if _, err := policy.Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ change, to, want string }{
		{"2012-10-17", "2026-11-24", `1:13: Version is "2012-10-17" (or 2008-10-17), not "2026-11-24"`},
		{`"Version"`, `"version"`, `1:2: a policy has no element "version"`},
		{`"Allow"`, `"allow"`, `1:51: Effect is "Allow" or "Deny", in this spelling`},
		{`"Effect": "Allow", `, ``, `1:40: Effect is`},
		{`"Action": "s3:GetObject", `, ``, `1:40: a statement needs Action`},
		{`"Resource": "*"`, `"Resource": "*", "NotResource": "x"`, `a statement has Resource or NotResource, not both`},
		{`"Resource": "*"`, `"Resource": 5`, `1:98: Resource is a string or a list of strings`},
		{`"Resource": "*"`, `"Resource": ["*", null]`, `Resource is a string or a list of strings`},
		{`"Resource": "*"`, `"Resource": "*", "Sid": "to pods"`, `a Sid has letters and digits only`},
		{`"Resource": "*"`, `"Resource": "*", "Resource": "*"`, `"Resource" stands twice`},
		{`"Resource": "*"`, `"Principal": "s3"`, `a principal is "*" or a block`},
		{`"Resource": "*"`, `"Principal": {"Services": "x"}`, `a principal has no element "Services"`},
		{`"Resource": "*"`, `"Resource": "*", "Condition": {"StringEqual": {"a": "b"}}`, `there is no condition operator "StringEqual"`},
		{`"Resource": "*"`, `"Resource": "*", "Condition": {"StringEquals": "b"}`, `a condition operator holds a block`},
		{`"Resource": "*"`, `"Resource": "*", "Condition": []`, `a condition is a block of operators`},
		{`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`, `[]`, `Statement is empty`},
		{`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`, `[1]`, `a statement is a block`},
		{`, "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`, ``, `1:1: a policy needs Statement`},
		{`{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}`, `[{"Sid": "A", "Effect": "Allow", "Action": "a:b"}, {"Sid": "A", "Effect": "Allow", "Action": "a:b"}]`, `two statements have the Sid "A"`},
		{`{"Version"`, "{\n\t\"Vérsion\": \"\", \"Version\"", "2:2: a policy has no element \"Vérsion\""},
		{`"*"}}`, `"*"}`, `1:`},
		{`"*"}}`, `"*"}} x`, `this is not JSON`},
		{good, strings.Repeat("[", 40), `nested deeper`},
		{good, ``, `1:1: this is not JSON: it ends in the middle of a value`},
	} {
		src := strings.Replace(good, c.change, c.to, 1)
		_, err := policy.Parse([]byte(src))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s:\n got %v\nwant %s", src, err, c.want)
		}
	}
	_, err := policy.Parse([]byte(`{"Id": 1, "Version": 2, "Statement": {}}`))
	if errs, ok := err.(policy.Errors); !ok || len(errs) < 4 {
		t.Errorf("not everything at once: %v", err)
	}
}

// TestStatementPositions: each statement knows where it stands.
func TestStatementPositions(t *testing.T) {
	d, err := policy.Parse([]byte("{\"Statement\": [\n  {\"Effect\": \"Allow\", \"Action\": \"*\"},\n    {\"Effect\": \"Deny\", \"Action\": \"*\"}]}"))
	if err != nil || d.Statements[0].Pos != (policy.Pos{Line: 2, Column: 3}) || d.Statements[1].Pos != (policy.Pos{Line: 3, Column: 5}) {
		t.Errorf("%v %+v", err, d)
	}
}

// TestMarshal: what Parse reads Marshal writes, in one form.
func TestMarshal(t *testing.T) {
	d, err := policy.Parse([]byte(`{"Statement":[{"Resource":["*"],"Action":[],"Effect":"Deny","Principal":"*","Condition":{"Bool":{"aws:SecureTransport":false}}}]}`))
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"Statement":[{"Effect":"Deny","Principal":"*","Action":[],"Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`
	if got := policy.Compact(d); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := policy.Size(d); got != len(want) {
		t.Errorf("size %d", got)
	}
}

// TestMarshalCharacters: IAM takes characters up to U+00FF; others are escaped, and what HTML escapes is not.
func TestMarshalCharacters(t *testing.T) {
	d := policy.Document{Statements: []policy.Statement{{Effect: "Allow", Action: policy.List{"s3:GetObject"}, Resource: policy.List{"arn:aws:s3:::b/a&b<é>/日本/𝄞/*"}}}}
	const want = `"Resource":"arn:aws:s3:::b/a&b<é>/\u65e5\u672c/\ud834\udd1e/*"`
	if got := policy.Compact(d); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
	again, err := policy.Parse(policy.Marshal(d))
	if err != nil || again.Statements[0].Resource[0] != d.Statements[0].Resource[0] {
		t.Errorf("%v %+v", err, again)
	}
}

// FuzzParse: no text makes Parse panic; a position lies in the text; what is read and written again means the same.
func FuzzParse(f *testing.F) {
	for _, name := range []string{"documented", "recommended", "s3-all", "prefix-ok"} {
		f.Add(fixture(f, name))
	}
	f.Add([]byte(`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":["123456789012"]},"NotAction":"s3:*","NotResource":"a${b}*","Condition":{"ForAnyValue:StringNotLikeIfExists":{"K":["*",1,true]}}}]}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		d, err := policy.Parse(src)
		if err != nil {
			lines := strings.Split(string(src), "\n")
			for _, e := range err.(policy.Errors) {
				if e.Pos.Line < 1 || e.Pos.Line > len(lines) || e.Pos.Column < 1 || e.Pos.Column > len([]rune(lines[e.Pos.Line-1]))+1 {
					t.Fatalf("%v is outside of the text", e.Pos)
				}
			}
			return
		}
		text := policy.Marshal(d)
		again, err := policy.Parse(text)
		if err != nil {
			t.Fatalf("cannot read what it wrote: %v\n%s", err, text)
		}
		if !slices.Equal(policy.Marshal(again), text) {
			t.Fatalf("the second writing differs:\n%s\n%s", text, policy.Marshal(again))
		}
		if len(src) < 2000 && !policy.Equal(d, again) {
			t.Fatalf("the meaning changed:\n%s", text)
		}
	})
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func document(t testing.TB, name string) policy.Document {
	t.Helper()
	d, err := policy.Parse(fixture(t, name))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return d
}
