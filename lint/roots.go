package lint

// Roots are the values that the documents of the set-up begin with: objects, IAM documents, user data, and each value of a
// configuration.
func (set *Setup) Roots() []*Node {
	var out []*Node
	for _, o := range set.Objects {
		out = append(out, o.Node)
	}
	for _, p := range set.Policies {
		out = append(out, p.Node)
	}
	for _, u := range set.UserData {
		out = append(out, u.Node)
	}
	for _, c := range set.Configs {
		for _, s := range c.Settings() {
			out = append(out, s.Value)
		}
	}
	return out
}
