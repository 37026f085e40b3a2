package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var bottlerocketBind = lint.Rule{
	ID: "FG416", Slug: "bottlerocket-bind", Severity: lint.Error, Since: "0.1",
	Summary: "Bottlerocket makes the array of NVMe disks, and kubelet's directory does not lie on it",
	Check:   checkBottlerocketBind,
}

func checkBottlerocketBind(set *lint.Setup, report *lint.Reporter) {
	const hint = "add [\"apiclient\", \"ephemeral-storage\", \"bind\", \"--dirs\", \"/var/lib/containerd\", \"/var/lib/kubelet\", \"/var/log/pods\"]"
	for _, u := range set.UserData {
		commands := u.Get("settings", "bootstrap-commands")
		if u.Kind != lint.Bottlerocket || commands == nil {
			continue
		}
		init, bind := ephemeralStorage(u.Node, "init"), ephemeralStorage(u.Node, "bind")
		switch {
		case init == nil && bind != nil:
			report.At(bind, "add the command apiclient ephemeral-storage init before it", "directories are bound to an array that nothing makes: the command fails, and the node does not join")
		case init == nil:
		case bind == nil:
			report.At(init, hint, "the array of NVMe disks is made and nothing is put on it: tasks write to the data volume")
		case !slices.Contains(bind.Texts(), "/var/lib/kubelet"):
			report.At(bind, hint, "/var/lib/kubelet is not bound to the array of NVMe disks: each emptyDir, and so the tasks' /tmp, stays on the data volume")
		}
		for _, f := range commands.Fields {
			mode := f.Value.Get("mode")
			if init != nil && mode.Known() && mode.Value != "always" && slices.Contains(f.Value.Get("commands").List(), init) {
				report.At(mode, "write mode = \"always\"", "the array is made and bound with the mode %q only: after a reboot the node runs without it", mode.Value)
			}
		}
	}
}
