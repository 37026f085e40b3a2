package upload

// Tags is a parsed FUSION_TAGS: which object tags a key is stored with.
type Tags struct{}

// ParseTags reads the form [GLOB|GLOB](KEY=VALUE),[GLOB](KEY=VALUE&KEY=VALUE). Globs are matched against the base
// name of a key; the first rule that matches wins.
func ParseTags(s string) (Tags, error) { return Tags{}, nil }

// For returns the tags of a key's name, URL-encoded as in the header, "" for none.
func (t Tags) For(name string) string { return "" }
