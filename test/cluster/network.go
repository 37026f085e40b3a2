package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// network is the pod bridge, with what it changes on the machine.
type network struct{ saved string }

func (c *Cluster) network() network { return network{filepath.Join(c.Dir, "sysctls")} }

// changed are the settings that kubelet and the CNI plugin set and down restores.
var changed = []string{"vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops", "net/ipv4/ip_forward"}

// comment marks our rule among others.
const comment = "fusiongen-test"

// up makes the bridge. Pods reach each other and this machine, and nothing beyond it.
func (n network) up() error {
	if _, err := os.Stat("/sys/class/net/" + bridge); err == nil {
		return fmt.Errorf("there is a network interface %s already, of another cluster; end that one first (make e2e-down)", bridge)
	}
	var values []string
	for _, name := range changed {
		data, err := os.ReadFile("/proc/sys/" + name)
		if err == nil {
			values = append(values, name+" "+strings.TrimSpace(string(data)))
		}
	}
	if err := os.WriteFile(n.saved, []byte(strings.Join(values, "\n")), 0o600); err != nil {
		return err
	}
	for _, args := range [][]string{
		{"ip", "link", "add", bridge, "type", "bridge"},
		{"ip", "addr", "add", Node + "/24", "dev", bridge},
		{"ip", "link", "set", bridge, "up"},
		append([]string{"iptables", "-w", "-A"}, forwardRule()...),
	} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

func forwardRule() []string {
	return []string{"FORWARD", "-i", bridge, "!", "-o", bridge, "-m", "comment", "--comment", comment, "-j", "REJECT"}
}

// down undoes up, and the rules that kube-proxy left.
func (n network) down() {
	values, err := os.ReadFile(n.saved)
	if err != nil {
		return // this cluster made no network
	}
	exec.Command("ip", "link", "del", bridge).Run()
	rules, err := exec.Command("iptables-save").Output()
	if err == nil {
		restore := exec.Command("iptables-restore")
		restore.Stdin = strings.NewReader(withoutOurs(string(rules)))
		restore.Run()
	}
	for line := range strings.Lines(string(values)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		os.WriteFile("/proc/sys/"+name, []byte(value), 0o644)
	}
	os.Remove(n.saved)
}

// withoutOurs drops the chains and rules of Kubernetes and our own from what iptables-save printed.
func withoutOurs(rules string) string {
	var out strings.Builder
	for line := range strings.Lines(rules) {
		if !strings.Contains(line, "KUBE-") && !strings.Contains(line, comment) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// shareMount makes dir a mount that passes later mounts on to the containers that ask for them.
func shareMount(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if mounted(dir) {
		return errors.New(dir + " is a mount already; a full cluster wants to make it one (make e2e-down)")
	}
	for _, args := range [][]string{{"--bind", dir, dir}, {"--make-rshared", dir}} {
		if out, err := exec.Command("mount", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("mount %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}

// Mounts are the mount points of this process, in the order in which they were made.
func Mounts() []string {
	data, _ := os.ReadFile("/proc/self/mounts")
	var out []string
	for line := range strings.Lines(string(data)) {
		if fields := strings.Fields(line); len(fields) > 1 {
			out = append(out, strings.ReplaceAll(fields[1], `\040`, " "))
		}
	}
	return out
}

func mounted(dir string) bool {
	for _, m := range Mounts() {
		if m == dir {
			return true
		}
	}
	return false
}

// unmountBelow detaches dir and every mount below it, the last one first.
func unmountBelow(dir string) {
	all := Mounts()
	for i := len(all) - 1; i >= 0; i-- {
		if all[i] == dir || strings.HasPrefix(all[i], dir+"/") {
			exec.Command("umount", "-l", all[i]).Run()
		}
	}
}
