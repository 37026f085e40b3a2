package policy

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/schema/facts"
)

// Grant is the smallest piece of a policy: one effect for one principal, action and resource under conditions. Two
// policies mean the same when each one's grants are covered by the other's.
type Grant struct {
	Effect    string
	Principal string // "Service pods.eks.amazonaws.com"; "" where the policy names none
	Action    string // lower case; a pattern only where no known service's actions can be listed; "not a, b" for NotAction
	Resource  string // pattern; "" where the policy names none; "not a, b" for NotResource
	Condition []Test // sorted
}

// Test is one operator on one key.
type Test struct {
	Operator string
	Key      string // lower case
	Values   []string
}

// String is a grant in words, for plans and findings.
func (g Grant) String() string {
	text := strings.ToLower(g.Effect) + " " + display(g.Action)
	if g.Resource != "" {
		text += " on " + g.Resource
	}
	if g.Principal != "" {
		text += " to " + g.Principal
	}
	for i, t := range g.Condition {
		text += [...]string{" and ", " if "}[order(false, i == 0)] + t.Key + " " + t.Operator + " " + strings.Join(t.Values, " or ")
	}
	return text
}

// display is an action in the spelling of AWS, where it is known.
func display(action string) string {
	for _, a := range facts.ActionsLike(action, strings.EqualFold) {
		return a.Service + ":" + a.Name
	}
	return action
}

// Diff compares two policies by meaning: missing is what want says and have does not, extra the other way round.
// Order, Sids, the case of actions and keys, one string or a list of one, split and merged statements do not count.
func Diff(have, want []Document) (missing, extra []Grant) {
	h, w := grants(have), grants(want)
	return uncovered(w, h), uncovered(h, w)
}

// Equal says whether two policies mean the same.
func Equal(a, b Document) bool {
	missing, extra := Diff([]Document{a}, []Document{b})
	return len(missing) == 0 && len(extra) == 0
}

func uncovered(all, by []Grant) []Grant {
	index := map[[3]string][]Grant{} // by effect, principal and action; patterns of actions under "*"
	for _, g := range by {
		key := [3]string{g.Effect, g.Principal, g.Action}
		if strings.ContainsAny(g.Action, "*?") {
			key[2] = "*"
		}
		index[key] = append(index[key], g)
	}
	return slices.DeleteFunc(slices.Clone(all), func(g Grant) bool {
		covers := func(x Grant) bool { return x.covers(g) }
		return slices.ContainsFunc(index[[3]string{g.Effect, g.Principal, g.Action}], covers) ||
			slices.ContainsFunc(index[[3]string{g.Effect, g.Principal, "*"}], covers)
	})
}

// covers says whether g holds wherever x does. Where it cannot tell, it says no.
func (g Grant) covers(x Grant) bool {
	return coversElement(g.Action, x.Action) && coversElement(g.Resource, x.Resource) &&
		!slices.ContainsFunc(g.Condition, func(t Test) bool {
			return !slices.ContainsFunc(x.Condition, func(u Test) bool { return t.covers(u) })
		})
}

func coversElement(p, q string) bool {
	if p == q {
		return true
	}
	return strings.ContainsAny(p, "*?") && !strings.HasPrefix(p, "not ") && !strings.HasPrefix(q, "not ") && p != "" && q != "" && coversText(p, q)
}

// coversText is Covers, but for texts with variables, whose stars may be literals.
func coversText(p, q string) bool {
	return !strings.Contains(p, "${") && !strings.Contains(q, "${") && Covers(p, q)
}

// covers says whether t is true wherever u is.
func (t Test) covers(u Test) bool {
	if t.Operator != u.Operator || t.Key != u.Key {
		return false
	}
	op, _ := parseOperator(t.Operator)
	weaker, stronger := t.Values, u.Values
	if op.negated {
		weaker, stronger = stronger, weaker
	}
	return !slices.ContainsFunc(stronger, func(s string) bool {
		return !slices.ContainsFunc(weaker, func(w string) bool { return w == s || op.wild && coversText(w, s) })
	})
}

// maxSplit bounds how many grants one statement's conditions are split into; past it a list of values stays one test.
const maxSplit = 256

// grants takes policies apart; equal grants come once, sorted.
func grants(docs []Document) []Grant {
	var out []Grant
	for _, d := range docs {
		for _, s := range d.Statements {
			out = append(out, s.grants()...)
		}
	}
	slices.SortFunc(out, compareGrants)
	return slices.CompactFunc(out, func(a, b Grant) bool { return compareGrants(a, b) == 0 })
}

func compareGrants(a, b Grant) int {
	if c := cmp.Or(cmp.Compare(a.Effect, b.Effect), cmp.Compare(a.Principal, b.Principal), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Action, b.Action)); c != 0 {
		return c
	}
	return slices.CompareFunc(a.Condition, b.Condition, compareTests)
}

func compareTests(a, b Test) int {
	return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Operator, b.Operator), slices.Compare(a.Values, b.Values))
}

func (s Statement) grants() []Grant {
	var out []Grant
	actions := s.actions()
	for _, condition := range s.conditions() {
		for _, principal := range s.principals() {
			for _, resource := range elements(s.Resource, s.NotResource) {
				for _, action := range actions {
					out = append(out, Grant{s.Effect, principal, action, resource, condition})
				}
			}
		}
	}
	return out
}

// elements are the values of a list, or its negation as one; one empty element where neither is there.
func elements(list, not List) []string {
	switch {
	case not != nil:
		return []string{negation(not)}
	case list != nil:
		return list
	}
	return []string{""}
}

func negation(list List) string {
	return "not " + strings.Join(slices.Compact(slices.Sorted(slices.Values(list))), ", ")
}

// actions are the statement's actions with wildcards expanded over the services that are known.
func (s Statement) actions() []string {
	if s.NotAction != nil {
		return []string{strings.ToLower(negation(s.NotAction))}
	}
	var out []string
	for _, a := range s.Action {
		a = strings.ToLower(a)
		expanded := expandAction(a)
		if len(expanded) == 0 {
			expanded = []string{a}
		}
		out = append(out, expanded...)
	}
	return out
}

// expandAction lists what a wildcard stands for; nothing where the service is unknown or is itself a wildcard.
func expandAction(action string) []string {
	if _, name, _ := strings.Cut(action, ":"); !strings.ContainsAny(name, "*?") {
		return nil
	}
	var out []string
	for _, a := range facts.ActionsLike(action, Match) {
		out = append(out, strings.ToLower(a.Service+":"+a.Name))
	}
	return out
}

func (s Statement) principals() []string {
	if s.NotPrincipal != nil {
		return []string{"not " + s.NotPrincipal.String()}
	}
	var out []string
	for kind, ids := range s.Principal {
		for _, id := range ids {
			if a := account(id); kind == "AWS" && a != "" {
				id = a
			}
			out = append(out, kind+" "+id)
		}
	}
	if s.Principal == nil {
		out = []string{""}
	}
	return out
}

// String lists principals, sorted.
func (all Principals) String() string {
	var out []string
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		out = append(out, kind+" "+strings.Join(slices.Sorted(slices.Values(all[kind])), ", "))
	}
	return strings.Join(out, ", ")
}

// conditions is the statement's condition in a normal form. Where one of several values is enough, each value is a
// condition of its own, so that split statements equal merged ones.
func (s Statement) conditions() [][]Test {
	out := [][]Test{nil}
	for _, name := range slices.Sorted(maps.Keys(s.Condition)) {
		op, _ := parseOperator(name)
		for _, key := range slices.Sorted(maps.Keys(s.Condition[name])) {
			test := Test{Operator: normalOperator(name), Key: strings.ToLower(key), Values: normalValues(op, s.Condition[name][key])}
			choices := []Test{test}
			if !op.negated && op.set == "" && len(test.Values) > 1 && len(out)*len(test.Values) <= maxSplit {
				choices = nil
				for _, v := range test.Values {
					choices = append(choices, Test{test.Operator, test.Key, []string{v}})
				}
			}
			var next [][]Test
			for _, tests := range out {
				for _, c := range choices {
					next = append(next, append(slices.Clone(tests), c))
				}
			}
			out = next
		}
	}
	for _, tests := range out {
		slices.SortFunc(tests, compareTests)
	}
	return out
}

// normalOperator writes operators that are the same the same way.
func normalOperator(name string) string {
	return strings.NewReplacer("ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike").Replace(name)
}

func normalValues(op operator, values List) []string {
	out := slices.Clone(values)
	if op.base == "Bool" || op.base == "Null" || strings.HasSuffix(op.base, "IgnoreCase") {
		for i, v := range out {
			out[i] = strings.ToLower(v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
