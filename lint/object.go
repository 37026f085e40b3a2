package lint

import "strings"

// Object is a Kubernetes object as it reaches the API server.
type Object struct {
	*Node
	APIVersion, Kind, Namespace, Name string

	Root   string // directory of the kustomization that renders it; "" for a document by itself
	Origin *Node  // the document that Root rendered it from, nil where that is not known
}

// Group is the API group, "" for the core.
func (o *Object) Group() string {
	group, _, found := strings.Cut(o.APIVersion, "/")
	if !found {
		return ""
	}
	return group
}

// written is the name as it stands, known or not.
func (o *Object) written() string {
	if n := o.Get("metadata", "name"); n != nil {
		return n.Value
	}
	return ""
}

// ID names the object for a person: Kind namespace/name.
func (o *Object) ID() string {
	if o.Namespace == "" {
		return o.Kind + " " + o.Name
	}
	return o.Kind + " " + o.Namespace + "/" + o.Name
}

// NameNode is where the name stands, or the object itself.
func (o *Object) NameNode() *Node {
	if n := o.Get("metadata", "name"); n != nil {
		return n
	}
	return o.Node
}

// objects are the Kubernetes objects of a document; a List gives its items. One that lacks only its apiVersion was meant to be one, too.
func objects(doc *Node, root string) []*Object {
	kind, api := doc.Get("kind"), doc.Get("apiVersion")
	if kind.Text() == "" || api.Text() == "" && (api != nil || doc.Get("metadata") == nil) {
		return nil
	}
	if strings.HasSuffix(kind.Value, "List") && doc.Get("items") != nil {
		var out []*Object
		for _, item := range doc.Get("items").List() {
			out = append(out, objects(item, root)...)
		}
		return out
	}
	return []*Object{{
		Node: doc, APIVersion: api.Text(), Kind: kind.Value, Root: root,
		Namespace: doc.Get("metadata", "namespace").Text(), Name: doc.Get("metadata", "name").Text(),
	}}
}

// PodSpec is the pod template's spec of a workload, or a Pod's own.
func (o *Object) PodSpec() *Node {
	switch o.Kind {
	case "Pod":
		return o.Get("spec")
	case "CronJob":
		return o.Get("spec", "jobTemplate", "spec", "template", "spec")
	case "DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "Job":
		return o.Get("spec", "template", "spec")
	}
	return nil
}
