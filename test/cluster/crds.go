package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ApplyCRDs installs the custom resource definitions below sub ("pkg/apis/crds") of the module that test/versions
// calls name.
func (c *Cluster) ApplyCRDs(ctx context.Context, root, name, sub string) error {
	dir, err := moduleDir(ctx, root, name)
	if err != nil {
		return err
	}
	if _, _, err := c.Kubectl(ctx, "", "apply", "--server-side", "-f", filepath.Join(dir, sub)); err != nil {
		return err
	}
	_, _, err = c.Kubectl(ctx, "", "wait", "--for=condition=Established", "crd", "--all", "--timeout=60s")
	return err
}

// moduleDir is where the Go module that test/versions calls name lies, downloaded if need be.
func moduleDir(ctx context.Context, root, name string) (string, error) {
	f, err := os.Open(filepath.Join(root, "test", "versions"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) != 3 || fields[0] != name {
			continue
		}
		out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", fields[2]+"@"+fields[1]).Output()
		var module struct{ Dir, Error string }
		if jsonErr := json.Unmarshal(out, &module); jsonErr != nil || module.Dir == "" {
			return "", fmt.Errorf("go mod download %s@%s: %v %s", fields[2], fields[1], err, module.Error)
		}
		return module.Dir, nil
	}
	return "", fmt.Errorf("no module named %s in test/versions", name)
}
