package gen

import (
	"slices"
	"strconv"
	"strings"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/policy"
)

// Need is one call of a run, as the requests that IAM decides.
type Need struct {
	facts.Grant
	Place    string           // s3:// URI, or the key's ARN
	Resource string           // ARN pattern that the policy names
	Prefixes []string         // patterns of s3:prefix that a list asks for; nil where it may ask for all
	Requests []policy.Request // examples of the call: each must be allowed
}

// Needs are the calls of a workspace's head or tasks: the grants of schema/facts on the places that the spec names.
// Where head and tasks share a role it has both.
func Needs(ws *schema.Workspace, who string) []Need {
	var out []Need
	for _, g := range facts.Grants() {
		if g.Who != who && !shared(ws) {
			continue
		}
		for _, place := range places(ws, g.Where) {
			out = append(out, need(ws, g, place))
		}
	}
	return out
}

func need(ws *schema.Workspace, g facts.Grant, place string) Need {
	n := Need{Grant: g, Place: place, Resource: place}
	request := policy.Request{Action: g.Action, Resource: place}
	if g.On == "key" {
		n.Requests = []policy.Request{request}
		return n
	}
	bucket, prefix := schema.Bucket(place)
	arn := "arn:" + ws.Cluster.Partition + ":s3:::" + bucket
	if g.On == "object" {
		n.Resource = arn + "/" + literal(below(prefix))
		request.Resource = arn + "/" + strings.TrimSuffix(below(prefix), "*") + "ab/0123"
		n.Requests = []policy.Request{request}
		return n
	}
	n.Resource, request.Resource = arn, arn
	asked := []string{below(prefix)}
	if strings.Contains(g.Prefix, "exact") {
		asked = []string{prefix, below(prefix)}
	}
	if prefix != "" {
		for _, p := range asked {
			n.Prefixes = append(n.Prefixes, literal(p))
		}
	}
	for _, p := range asked {
		request.Context = policy.Context{"s3:prefix": {strings.Replace(p, "*", "ab/0123", 1)}}
		n.Requests = append(n.Requests, request)
	}
	return n
}

// Permissions is the identity policy of a workspace's head or task role: exactly what its needs ask for, in the fewest
// statements.
func Permissions(ws *schema.Workspace, who string) policy.Document {
	var p permissions
	for _, n := range Needs(ws, who) {
		p.allow(n)
	}
	p.merge()
	p.number()
	return policy.Document{Version: policy.Version, Statements: p.statements}
}

// shared says whether head and tasks have one role.
func shared(ws *schema.Workspace) bool {
	return ws.Identity.Head.Role == ws.Identity.Task.Role
}

type permissions struct{ statements []policy.Statement }

// allow adds the action to the statement of the same resource and condition, or the statement.
func (p *permissions) allow(n Need) {
	s := policy.Statement{Sid: title(n.Where), Effect: "Allow", Action: policy.List{n.Action}, Resource: policy.List{n.Resource}}
	if n.On == "bucket" {
		s.Sid = "List" + s.Sid
	}
	if n.Prefixes != nil {
		s.Condition = policy.Conditions{"StringLike": {"s3:prefix": n.Prefixes}}
	}
	for i := range p.statements {
		have := &p.statements[i]
		if slices.Equal(have.Resource, s.Resource) && equalPrefixes(*have, s) {
			if !slices.Contains(have.Action, n.Action) {
				have.Action = append(have.Action, n.Action)
				slices.Sort(have.Action)
			}
			return
		}
	}
	p.statements = append(p.statements, s)
}

// merge joins statements that differ in their resources only, and drops resources that a wider one covers.
func (p *permissions) merge() {
	var out []policy.Statement
	for _, s := range p.statements {
		i := slices.IndexFunc(out, func(have policy.Statement) bool {
			return have.Sid == s.Sid && slices.Equal(have.Action, s.Action) && equalPrefixes(have, s)
		})
		if i < 0 {
			out = append(out, s)
			continue
		}
		out[i].Resource = append(out[i].Resource, s.Resource...)
	}
	for i := range out {
		all := out[i].Resource
		out[i].Resource = slices.DeleteFunc(slices.Clone(all), func(r string) bool {
			return slices.ContainsFunc(all, func(wider string) bool { return wider != r && policy.Covers(wider, r) })
		})
	}
	p.statements = out
}

// number makes Sids unique: the second of a kind is 2.
func (p *permissions) number() {
	count := map[string]int{}
	for i := range p.statements {
		s := &p.statements[i]
		if count[s.Sid]++; count[s.Sid] > 1 {
			s.Sid += strconv.Itoa(count[s.Sid])
		}
	}
}

func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

func places(ws *schema.Workspace, where string) []string {
	switch where {
	case "work":
		return []string{ws.Storage.Work}
	case "inputs":
		return ws.Storage.Inputs
	case "publish":
		return ws.Storage.Publish
	}
	if ws.Storage.KMS == "" {
		return nil
	}
	return []string{ws.Storage.KMS}
}

func below(prefix string) string {
	if prefix == "" {
		return "*"
	}
	return prefix + "/*"
}

// literal keeps a ${…} of a key from being a policy variable.
func literal(key string) string { return strings.ReplaceAll(key, "${", "${$}{") }

func equalPrefixes(a, b policy.Statement) bool {
	return slices.Equal(a.Condition["StringLike"]["s3:prefix"], b.Condition["StringLike"]["s3:prefix"])
}

// roles are the roles of a workspace by who has them; a shared role is the head's.
func roles(ws *schema.Workspace) []string {
	if shared(ws) {
		return []string{"head"}
	}
	return []string{"head", "task"}
}
