package policy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/schema/regex"
)

// Error is one thing that IAM would refuse.
type Error struct {
	Pos     Pos
	Message string
}

// Error is LINE:COLUMN: message.
func (e *Error) Error() string { return e.Pos.String() + ": " + e.Message }

// Errors are everything that is wrong with one document, in its order.
type Errors []*Error

// Error has a line for each.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, x := range e {
		lines[i] = x.Error()
	}
	return strings.Join(lines, "\n")
}

// Parse reads one policy of any kind and checks it against IAM's grammar; a document that is wrong gives Errors. It
// does not ask whether actions exist, nor whether the kind of policy may have a principal: the linter does.
func Parse(src []byte) (Document, error) {
	root, err := readJSON(src)
	if err != nil {
		return Document{}, Errors{err.(*Error)}
	}
	p := &parser{src: src}
	d := p.document(root)
	if len(p.errs) > 0 {
		return Document{}, p.errs
	}
	return d, nil
}

type parser struct {
	src  []byte
	errs Errors
}

func (p *parser) report(n *node, format string, args ...any) {
	p.errs = append(p.errs, &Error{Pos: position(p.src, n.start), Message: fmt.Sprintf(format, args...)})
}

// keys checks the field names of an object.
func (p *parser) keys(n *node, what string, known ...string) {
	var seen []string
	for _, f := range n.fields {
		name, _ := f.key.value.(string)
		if !slices.Contains(known, name) && len(known) > 0 {
			p.report(f.key, "%s has no element %q; it has %s", what, name, strings.Join(known, ", "))
		}
		if slices.Contains(seen, name) {
			p.report(f.key, "%q stands twice in this block, and IAM refuses that", name)
		}
		seen = append(seen, name)
	}
}

func (p *parser) document(n *node) Document {
	if !n.object() {
		p.report(n, "a policy is a block with Version and Statement")
		return Document{}
	}
	p.keys(n, "a policy", "Version", "Id", "Statement")
	d := Document{Version: p.text(n.get("Version"), "Version"), ID: p.text(n.get("Id"), "Id")}
	if v := n.get("Version"); v != nil && d.Version != Version && d.Version != "2008-10-17" {
		p.report(v, "Version is %q (or 2008-10-17), not %q: it is the version of the language, not of the policy", Version, d.Version)
	}
	statement := n.get("Statement")
	switch {
	case statement == nil:
		p.report(n, "a policy needs Statement")
		return d
	case !statement.list():
		d.Statements = []Statement{p.statement(statement)}
	default:
		for _, s := range statement.items {
			d.Statements = append(d.Statements, p.statement(s))
		}
	}
	if len(d.Statements) == 0 {
		p.report(statement, "Statement is empty")
	}
	p.uniqueSids(d, statement)
	return d
}

func (p *parser) uniqueSids(d Document, n *node) {
	seen := map[string]bool{}
	for i, s := range d.Statements {
		if s.Sid != "" && seen[s.Sid] {
			p.report(n.items[i], "two statements have the Sid %q", s.Sid)
		}
		seen[s.Sid] = true
	}
}

var sid = regex.Lazy(`^[0-9A-Za-z]*$`)

func (p *parser) statement(n *node) Statement {
	s := Statement{Pos: position(p.src, n.start)}
	if !n.object() {
		p.report(n, "a statement is a block with Effect, Action and Resource")
		return s
	}
	p.keys(n, "a statement", "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition")
	s.Sid, s.Effect = p.text(n.get("Sid"), "Sid"), p.text(n.get("Effect"), "Effect")
	if !sid().MatchString(s.Sid) {
		p.report(n.get("Sid"), "a Sid has letters and digits only")
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		at := n.get("Effect")
		if at == nil {
			at = n
		}
		p.report(at, "Effect is \"Allow\" or \"Deny\", in this spelling")
	}
	for _, pair := range [][2]string{{"Action", "NotAction"}, {"Resource", "NotResource"}, {"Principal", "NotPrincipal"}} {
		if both := n.get(pair[1]); both != nil && n.get(pair[0]) != nil {
			p.report(both, "a statement has %s or %s, not both", pair[0], pair[1])
		}
	}
	if n.get("Action") == nil && n.get("NotAction") == nil {
		p.report(n, "a statement needs Action")
	}
	s.Action, s.NotAction = p.strings(n.get("Action"), "Action"), p.strings(n.get("NotAction"), "NotAction")
	s.Resource, s.NotResource = p.strings(n.get("Resource"), "Resource"), p.strings(n.get("NotResource"), "NotResource")
	s.Principal, s.NotPrincipal = p.principals(n.get("Principal")), p.principals(n.get("NotPrincipal"))
	s.Condition = p.conditions(n.get("Condition"))
	return s
}

func (p *parser) principals(n *node) Principals {
	switch {
	case n == nil:
		return nil
	case n.value == "*":
		return Principals{"*": {"*"}}
	case !n.object():
		p.report(n, "a principal is \"*\" or a block such as {\"Service\": \"pods.eks.amazonaws.com\"}")
		return nil
	}
	p.keys(n, "a principal", "AWS", "Federated", "Service", "CanonicalUser")
	out := Principals{}
	for _, f := range n.fields {
		kind, _ := f.key.value.(string)
		out[kind] = p.strings(f.value, "a principal")
	}
	return out
}

func (p *parser) conditions(n *node) Conditions {
	if n == nil {
		return nil
	}
	out := Conditions{}
	if !n.object() {
		p.report(n, "a condition is a block of operators")
		return out
	}
	p.keys(n, "a condition")
	for _, f := range n.fields {
		operator, _ := f.key.value.(string)
		if _, ok := parseOperator(operator); !ok {
			p.report(f.key, "there is no condition operator %q", operator)
		}
		if !f.value.object() {
			p.report(f.value, "a condition operator holds a block of keys and values")
			continue
		}
		p.keys(f.value, "a condition operator")
		out[operator] = map[string]List{}
		for _, k := range f.value.fields {
			key, _ := k.key.value.(string)
			out[operator][key] = p.strings(k.value, "a condition")
		}
	}
	return out
}

// text is a string, "" where the element is absent.
func (p *parser) text(n *node, what string) string {
	if n == nil {
		return ""
	}
	s, ok := n.value.(string)
	if !ok {
		p.report(n, "%s is a string", what)
	}
	return s
}

// strings reads one value or a list; booleans and numbers are values of conditions.
func (p *parser) strings(n *node, what string) List {
	if n == nil {
		return nil
	}
	items := []*node{n}
	if n.list() {
		items = n.items
	}
	out := List{}
	for _, item := range items {
		switch v := item.value.(type) {
		case string:
			out = append(out, v)
			continue
		case bool:
			if what == "a condition" {
				out = append(out, strconv.FormatBool(v))
				continue
			}
		case json.Number:
			if what == "a condition" {
				out = append(out, v.String())
				continue
			}
		}
		p.report(item, "%s is a string or a list of strings", what)
	}
	return out
}
