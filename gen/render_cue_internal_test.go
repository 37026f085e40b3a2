package gen

import (
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/fusiongen/fusiongen/schema"
	"github.com/fusiongen/fusiongen/schema/schematest"
)

// TestRenderShared: an object that is taken from another workspace's rendering is the one that would be written; of the
// same workspace's rendering all are taken.
func TestRenderShared(t *testing.T) {
	templates := newTemplates()
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) input {
			ws, err := schema.Load("spec.json", schematest.Spec().Draw(t, name))
			if err != nil {
				t.Fatal(err)
			}
			return newInput(ws, Options{}, "")
		}
		render := func(in input, other *rendering) *rendering {
			r, err := templates.render(in, "", other)
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		first, second := render(draw("first"), nil), draw("second")
		got, want := render(second, first), render(second, nil)
		if !reflect.DeepEqual(got.bases, want.bases) || !reflect.DeepEqual(got.head, want.head) {
			t.Fatalf("got %v, want %v", got.bases, want.bases)
		}
		again := render(second, want)
		for base, files := range want.bases {
			for file, o := range files {
				if &again.bases[base][file].data[0] != &o.data[0] {
					t.Fatalf("%s/%s is written again", base, file)
				}
			}
		}
	})
}
