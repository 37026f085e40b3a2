package policy_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/schema/policy"
)

// Small alphabets, so that requests meet statements often.
var (
	actions   = rapid.SampledFrom([]string{"s3:GetObject", "s3:PutObject", "s3:ListBucket", "kms:Decrypt"})
	patterns  = rapid.SampledFrom([]string{"s3:GetObject", "s3:*", "*", "s3:Get*", "S3:PUT?bject", "kms:Decrypt"})
	resources = rapid.StringMatching(`arn:aws:s3:::[ab]{1,2}(/[ab]{0,3})?`)
	arns      = rapid.StringMatching(`arn:aws:s3:::[ab*?]{1,2}(/[ab*?]{0,3})?`)
	values    = rapid.SampledFrom([]string{"a", "b", "a*", "?"})
)

func statement(t *rapid.T) policy.Statement {
	s := policy.Statement{Effect: rapid.SampledFrom([]string{"Allow", "Allow", "Deny"}).Draw(t, "effect")}
	if rapid.IntRange(0, 9).Draw(t, "not action") == 0 {
		s.NotAction = rapid.SliceOfN(patterns, 1, 2).Draw(t, "actions")
	} else {
		s.Action = rapid.SliceOfN(patterns, 1, 3).Draw(t, "actions")
	}
	s.Resource = rapid.SliceOfN(arns, 1, 3).Draw(t, "resources")
	if rapid.Bool().Draw(t, "condition") {
		op := rapid.SampledFrom([]string{"StringEquals", "StringLike", "StringNotLike", "StringLikeIfExists", "ForAnyValue:StringLike"}).Draw(t, "operator")
		s.Condition = policy.Conditions{op: {"k": rapid.SliceOfN(values, 1, 2).Draw(t, "values")}}
	}
	return s
}

func randomDocument(t *rapid.T) policy.Document {
	return policy.Document{Version: policy.Version, Statements: rapid.SliceOfN(rapid.Custom(statement), 1, 4).Draw(t, "statements")}
}

func request(t *rapid.T) policy.Request {
	r := policy.Request{Action: actions.Draw(t, "action"), Resource: resources.Draw(t, "resource")}
	if rapid.Bool().Draw(t, "key") {
		r.Context = policy.Context{"k": {rapid.SampledFrom([]string{"a", "b", "ab"}).Draw(t, "value")}}
	}
	return r
}

// TestAlgebra: IAM's documented evaluation, for random policies and requests.
func TestAlgebra(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, r := randomDocument(t), request(t)
		verdict := policy.Evaluate(r, d).Verdict

		shuffled := policy.Document{Version: d.Version, Statements: rapid.Permutation(d.Statements).Draw(t, "order")}
		if got := policy.Evaluate(r, shuffled).Verdict; got != verdict {
			t.Fatalf("order counts: %v and %v", verdict, got)
		}
		half := len(d.Statements) / 2
		a, b := policy.Document{Version: d.Version, Statements: d.Statements[:half]}, policy.Document{Version: d.Version, Statements: d.Statements[half:]}
		if got := policy.Evaluate(r, b, a).Verdict; got != verdict {
			t.Fatalf("how statements are spread over policies counts: %v and %v", verdict, got)
		}

		more := statement(t)
		with := policy.Evaluate(r, d, policy.Document{Version: policy.Version, Statements: []policy.Statement{more}}).Verdict
		switch {
		case verdict == policy.ExplicitlyDenied && with != policy.ExplicitlyDenied:
			t.Fatalf("a denial was lifted by %+v", more)
		case more.Effect == "Allow" && verdict == policy.Allowed && with != policy.Allowed:
			t.Fatalf("a grant took one away: %+v", more)
		case more.Effect == "Deny" && verdict == policy.ImplicitlyDenied && with == policy.Allowed:
			t.Fatalf("a denial granted: %+v", more)
		}
		all := policy.Statement{Effect: "Deny", Action: policy.List{"*"}, Resource: policy.List{"*"}}
		if got := policy.Evaluate(r, d, policy.Document{Statements: []policy.Statement{all}}).Verdict; got != policy.ExplicitlyDenied {
			t.Fatalf("a denial of everything gives %v", got)
		}
	})
}

// TestCoversSound: a pattern that covers another matches whatever that one matches.
func TestCoversSound(t *testing.T) {
	pattern, text := rapid.StringMatching(`[ab*?]{0,6}`), rapid.StringMatching(`[ab]{0,6}`)
	rapid.Check(t, func(t *rapid.T) {
		p, q, s := pattern.Draw(t, "p"), pattern.Draw(t, "q"), text.Draw(t, "text")
		if policy.Covers(p, q) && policy.Match(q, s) && !policy.Match(p, s) {
			t.Fatalf("%q covers %q, which matches %q, and does not match it", p, q, s)
		}
		if !policy.Covers(p, p) {
			t.Fatalf("%q does not cover itself", p)
		}
	})
}

// TestDiffSound: where Diff finds nothing missing, everything that one policy's grants allow the other's allow too.
func TestDiffSound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		have, want, r := randomDocument(t), randomDocument(t), request(t)
		for _, d := range []policy.Document{have, want} {
			for i := range d.Statements {
				d.Statements[i].Effect = "Allow"
			}
		}
		missing, extra := policy.Diff([]policy.Document{have}, []policy.Document{want})
		h, w := policy.Evaluate(r, have).Verdict, policy.Evaluate(r, want).Verdict
		if len(missing) == 0 && w == policy.Allowed && h != policy.Allowed {
			t.Fatalf("nothing is missing, yet %+v is not allowed", r)
		}
		if len(extra) == 0 && h == policy.Allowed && w != policy.Allowed {
			t.Fatalf("nothing is extra, yet %+v is allowed", r)
		}
		again := policy.Document{Version: have.Version, Statements: slices.Clone(have.Statements)}
		slices.Reverse(again.Statements)
		if !policy.Equal(have, again) {
			t.Fatal("a policy differs from itself in another order")
		}
	})
}
