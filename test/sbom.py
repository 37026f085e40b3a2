"""sbom.py VERSION FILE.modules.txt...: an SPDX 2.3 document of the Go modules in the release binaries (lines: module version sum)."""
import json
import sys

modules = sorted({tuple(line.split()[:2]) for path in sys.argv[2:] for line in open(path)})
packages = [{"SPDXID": "SPDXRef-fusiongen", "name": "fusiongen", "versionInfo": sys.argv[1], "downloadLocation": "NOASSERTION", "licenseDeclared": "Apache-2.0"}]
packages += [
    {"SPDXID": f"SPDXRef-{i}", "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION",
     "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": f"pkg:golang/{name}@{version}"}]}
    for i, (name, version) in enumerate(modules)
]
json.dump({
    "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"fusiongen-{sys.argv[1]}",
    "documentNamespace": f"https://github.com/fusiongen/fusiongen/spdx/{sys.argv[1]}",
    "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: test/sbom.py"]},
    "packages": packages,
    "relationships": [{"spdxElementId": "SPDXRef-fusiongen", "relationshipType": "CONTAINS", "relatedSpdxElement": p["SPDXID"]} for p in packages[1:]],
}, sys.stdout, indent=1)
