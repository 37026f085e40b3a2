package image

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/uuid"
)

// spdx writes SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/).
func spdx(r Release, arch string, digest v1.Hash, parts []part) ([]byte, error) {
	type checksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	type external struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	type pkg struct {
		ID        string     `json:"SPDXID"`
		Name      string     `json:"name"`
		Version   string     `json:"versionInfo,omitempty"`
		Download  string     `json:"downloadLocation"`
		Analyzed  bool       `json:"filesAnalyzed"`
		Declared  string     `json:"licenseDeclared"`
		Concluded string     `json:"licenseConcluded"`
		Copyright string     `json:"copyrightText"`
		Checksums []checksum `json:"checksums,omitempty"`
		External  []external `json:"externalRefs,omitempty"`
	}
	type relation struct {
		From string `json:"spdxElementId"`
		Type string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	}
	const none, root = "NOASSERTION", "SPDXRef-image"
	packages := []pkg{{ID: root, Name: "fusion linux/" + arch, Version: r.Version, Download: none, Declared: "Apache-2.0", Concluded: none, Copyright: none,
		Checksums: []checksum{{"SHA256", digest.Hex}}}}
	relations := []relation{{"SPDXRef-DOCUMENT", "DESCRIBES", root}}
	for i, p := range parts {
		id := fmt.Sprintf("SPDXRef-%d", i+1)
		one := pkg{ID: id, Name: p.name, Version: p.version, Download: none, Declared: none, Concluded: none, Copyright: none}
		if p.sha256 != "" {
			one.Checksums = []checksum{{"SHA256", p.sha256}}
		}
		if p.purl != "" {
			one.External = []external{{"PACKAGE-MANAGER", "purl", p.purl}}
		}
		packages = append(packages, one)
		relations = append(relations, relation{root, "CONTAINS", id})
	}
	return json.MarshalIndent(map[string]any{
		"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
		"name":              "fusion linux/" + arch,
		"documentNamespace": "https://github.com/fusiongen/fusiongen/spdx/" + digest.Hex,
		"creationInfo":      map[string]any{"created": r.Created.Format(time.RFC3339), "creators": []string{"Tool: fuseimage-" + r.Version}},
		"packages":          packages, "relationships": relations,
	}, "", "  ")
}

// cycloneDX writes CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/).
func cycloneDX(r Release, arch string, digest v1.Hash, parts []part) ([]byte, error) {
	type hash struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	}
	type component struct {
		Type    string `json:"type"`
		Ref     string `json:"bom-ref"`
		Name    string `json:"name"`
		Version string `json:"version,omitempty"`
		Hashes  []hash `json:"hashes,omitempty"`
		PURL    string `json:"purl,omitempty"`
	}
	const root = "image"
	var components []component
	var refs []string
	for i, p := range parts {
		c := component{Type: "library", Ref: fmt.Sprint(i + 1), Name: p.name, Version: p.version, PURL: p.purl}
		if p.sha256 != "" {
			c.Type, c.Hashes = "data", []hash{{"SHA-256", p.sha256}}
		}
		components, refs = append(components, c), append(refs, c.Ref)
	}
	return json.MarshalIndent(map[string]any{
		"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
		"serialNumber": "urn:uuid:" + uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte(digest.String()), 8).String(),
		"metadata": map[string]any{"timestamp": r.Created.Format(time.RFC3339),
			"component": component{Type: "container", Ref: root, Name: "fusion linux/" + arch, Version: r.Version, Hashes: []hash{{"SHA-256", digest.Hex}}}},
		"components":   components,
		"dependencies": []map[string]any{{"ref": root, "dependsOn": refs}},
	}, "", "  ")
}
