package policy

import (
	"slices"
	"strings"
)

// Context are the values of a request's condition keys. Keys are compared without case; an empty list is an absent key.
type Context map[string][]string

func (c Context) get(key string) []string {
	if values, ok := c[key]; ok {
		return values
	}
	for k, values := range c {
		if strings.EqualFold(k, key) {
			return values
		}
	}
	return nil
}

// Principal is who asks. Only policies with a Principal look at it.
type Principal struct {
	Kind string // AWS, Federated, Service
	ID   string // ARN, or the service's name
}

// Request is one action on one resource.
type Request struct {
	Action    string // s3:GetObject
	Resource  string // ARN; "" for a role's trust policy, which has no resource
	Principal Principal
	Context   Context
}

// Verdict is what policies say to a request.
type Verdict int

// The verdicts. Without any matching statement a request is denied implicitly.
const (
	ImplicitlyDenied Verdict = iota
	Allowed
	ExplicitlyDenied
)

// String is the verdict in words.
func (v Verdict) String() string {
	return [...]string{"implicitly denied", "allowed", "explicitly denied"}[v]
}

// Decision is a verdict with the statement that decided; both indexes are -1 where none did.
type Decision struct {
	Verdict             Verdict
	Document, Statement int
}

// Evaluate asks the policies of one principal together, as IAM does within an account: an explicit denial wins, then
// any grant counts. The order of policies and statements does not matter for the verdict; the first that decides is named.
func Evaluate(r Request, docs ...Document) Decision {
	out := Decision{Document: -1, Statement: -1}
	for i, d := range docs {
		for j, s := range d.Statements {
			if !s.applies(r, d.Version == Version) {
				continue
			}
			if s.Effect == "Deny" {
				return Decision{ExplicitlyDenied, i, j}
			}
			if out.Verdict == ImplicitlyDenied {
				out = Decision{Allowed, i, j}
			}
		}
	}
	return out
}

// applies says whether the statement is about the request. variables says whether ${…} is a policy variable.
func (s Statement) applies(r Request, variables bool) bool {
	return s.forPrincipal(r.Principal) && s.forAction(r.Action) && s.forResource(r, variables) && s.holds(r.Context, variables)
}

func (s Statement) forAction(action string) bool {
	if s.NotAction != nil {
		return !slices.ContainsFunc(s.NotAction, func(p string) bool { return matchAction(p, action) })
	}
	return slices.ContainsFunc(s.Action, func(p string) bool { return matchAction(p, action) })
}

func (s Statement) forResource(r Request, variables bool) bool {
	match := func(list List) bool {
		return slices.ContainsFunc(list, func(p string) bool {
			pattern, ok := expand(p, true, variables, r.Context)
			return ok && pattern.covers(literal(r.Resource))
		})
	}
	switch {
	case s.NotResource != nil:
		return !match(s.NotResource)
	case s.Resource != nil:
		return match(s.Resource)
	}
	return true
}

// literal is a text without wildcards.
func literal(text string) pattern { return pattern{}.append(text, false) }

func (s Statement) forPrincipal(p Principal) bool {
	switch {
	case s.NotPrincipal != nil:
		return !s.NotPrincipal.have(p)
	case s.Principal != nil:
		return s.Principal.have(p)
	}
	return true
}

func (all Principals) have(p Principal) bool {
	if slices.Contains(all["*"], "*") || slices.Contains(all["AWS"], "*") {
		return true
	}
	return slices.ContainsFunc(all[p.Kind], func(id string) bool {
		return id == p.ID || p.Kind == "AWS" && account(id) != "" && account(id) == accountOf(p.ID)
	})
}

// account is the account that a principal element stands for as a whole: 12 digits, or the ARN of its root.
func account(id string) string {
	if strings.HasSuffix(id, ":root") {
		return accountOf(id)
	}
	if len(id) == 12 && strings.Trim(id, "0123456789") == "" {
		return id
	}
	return ""
}

func accountOf(arn string) string {
	if parts := strings.Split(arn, ":"); len(parts) >= 6 {
		return parts[4]
	}
	return ""
}

// holds says whether all conditions are true of the context.
func (s Statement) holds(c Context, variables bool) bool {
	for name, keys := range s.Condition {
		op, ok := parseOperator(name)
		if !ok {
			return false // Parse refuses it; a grant must not come from what nobody understands
		}
		for key, values := range keys {
			if !op.holds(values, c.get(key), c, variables) {
				return false
			}
		}
	}
	return true
}

func (op operator) holds(values List, have []string, c Context, variables bool) bool {
	if op.base == "Null" {
		absent := len(have) == 0
		return slices.ContainsFunc(values, func(v string) bool { return strings.EqualFold(v, "true") == absent })
	}
	if len(have) == 0 {
		return op.exists || op.set == "ForAllValues" || op.negated && op.set == ""
	}
	match := func(have string) bool {
		return slices.ContainsFunc(values, func(v string) bool {
			value, ok := expand(v, op.wild, variables, c)
			return ok && op.matches(value, have)
		})
	}
	switch {
	case op.set == "ForAllValues":
		return !slices.ContainsFunc(have, func(h string) bool { return match(h) == op.negated })
	case op.set == "ForAnyValue":
		return slices.ContainsFunc(have, func(h string) bool { return match(h) != op.negated })
	}
	return slices.ContainsFunc(have, match) != op.negated
}
