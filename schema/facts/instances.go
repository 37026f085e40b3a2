package facts

import "strings"

// families are EC2 families that EKS nodes commonly use; those with d in the attribute letters, and the storage
// optimised and accelerated ones named here, have NVMe instance store.
const (
	withNVMe    = "c5d c5ad c6id c6gd c7gd c8gd c8id m5d m5dn m5ad m6id m6idn m6gd m7gd m8gd m8id r5d r5dn r5ad r6id r6idn r6gd r7gd r8gd r8id x2idn x2iedn x2gd i3 i3en i4i i4g i7i i7ie i8g im4gn is4gen d3 d3en z1d g4dn g4ad g5 g6 g6e gr6 p3dn p4d p4de p5 p5e p5en trn1 trn1n trn2 dl1 f1 f2 hpc6id"
	withoutNVMe = "c4 c5 c5a c5n c6a c6g c6gn c6i c6in c7a c7g c7gn c7i c7i-flex c8g c8gn c8i m4 m5 m5a m5n m5zn m6a m6g m6i m6in m7a m7g m7i m7i-flex m8g m8i r4 r5 r5a r5b r5n r6a r6g r6i r6in r7a r7g r7i r7iz r8g r8i t2 t3 t3a t4g x1 x1e x8g inf1 inf2 p2 p3 g3 g5g u-6tb1"
)

// Families are the EC2 instance families that we know.
//
// Source: AWS's instance type pages (instance store volumes), as of October 2026.
func Families() []Family {
	var out []Family
	for names, nvme := range map[string]bool{withNVMe: true, withoutNVMe: false} {
		for name := range strings.FieldsSeq(names) {
			out = append(out, Family{Name: name, Arch: arch(name), NVMe: nvme, Source: "EC2 user guide, instance store volumes"})
		}
	}
	return out
}

// arch: the Graviton families have a g after the generation's digit.
func arch(family string) string {
	i := strings.IndexAny(family, "123456789")
	if i > 0 && i+1 < len(family) && family[i+1] == 'g' || strings.HasPrefix(family, "im4gn") || strings.HasPrefix(family, "is4gen") {
		return "arm64"
	}
	return "amd64"
}

// KnownFamily says whether the table has the family of an instance type ("c6id.4xlarge") or family name ("c6id").
func KnownFamily(name string) bool { _, ok := family(name); return ok }

// NVMe says whether an instance type or family has NVMe instance store; false for one that the table does not have.
func NVMe(name string) bool { f, _ := family(name); return f.NVMe }

func family(name string) (Family, bool) {
	name, _, _ = strings.Cut(name, ".")
	for _, f := range Families() {
		if f.Name == name {
			return f, true
		}
	}
	return Family{}, false
}

// Arch is the architecture of an instance type or family, by Kubernetes' name; "" for one that the table does not have.
func Arch(name string) string { f, _ := family(name); return f.Arch }
