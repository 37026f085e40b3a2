package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"slices"
	"strings"

	"github.com/fusiongen/fusiongen/lint"
	"github.com/fusiongen/fusiongen/schema/facts"
	"github.com/fusiongen/fusiongen/schema/regex"
)

var platformNameStale = lint.Rule{
	ID: "FG560", Slug: "platform-name-stale", Severity: lint.Error, Since: "0.1",
	Summary: "a compute environment's configuration changed and its name did not, so Platform keeps the old one",
	Check:   checkEnvName,
}

var hashed = regex.Lazy(`^(.*)-([0-9a-f]{8})$`)

// checkEnvName compares the hash at the end of a name with the file that seqerakit imports. None of these fields can be
// changed in an environment that there is: a change needs another name.
func checkEnvName(set *lint.Setup, report *lint.Reporter) {
	for _, d := range set.Data {
		for _, e := range d.Get("compute-envs").List() {
			name, file := e.Get("name"), e.Get("file-path")
			m := hashed().FindStringSubmatch(name.Text())
			env := imported(set, file.Text())
			if m == nil || env == nil || !exact(name) {
				continue
			}
			sum := sha256.Sum256(env.block.File.Src)
			if right := hex.EncodeToString(sum[:4]); right != m[2] {
				var fields []string
				for _, f := range facts.EnvFields() {
					if env.block.Get(f.Name) != nil {
						fields = append(fields, f.Name)
					}
				}
				report.At(name, "name it "+m[1]+"-"+right+", and go from the old environment to the new one",
					"the configuration is not the one that this name was made for, and an environment that is there is left as it is: none of %s can be changed", english(fields)).
					See(env.block, "the configuration").Unsafe(replace(name, m[1]+"-"+right)...)
			}
		}
	}
}

// imported is the environment in a file that an entry names: seqerakit reads paths from the directory it runs in, which
// is some directory above the file.
func imported(set *lint.Setup, file string) *computeEnv {
	all := computeEnvs(set)
	i := slices.IndexFunc(all, func(e computeEnv) bool {
		return e.imported && file != "" && strings.HasSuffix("/"+e.block.File.Name, "/"+path.Clean(file))
	})
	if i < 0 {
		return nil
	}
	return &all[i]
}
