package rules

import (
	"slices"

	"github.com/fusiongen/fusiongen/lint"
)

var csiDriver = lint.Rule{
	ID: "FG325", Slug: "csi-driver", Severity: lint.Error, Since: "0.1",
	Summary: "task pods mount a CSI volume that no driver of the set-up can give them",
	Check:   checkCSIDriver,
}

func checkCSIDriver(set *lint.Setup, report *lint.Reporter) {
	for _, t := range taskPods(set) {
		for _, o := range t.Options {
			volume := o.Get("csi")
			driver := volume.Get("driver")
			switch {
			case volume == nil || driver.Unknown():
				continue
			case driver == nil:
				report.At(volume, "write csi: [driver: 'NAME', …]", "the CSI volume names no driver: Kubernetes refuses every task pod")
				continue
			}
			if driver.Value == ownDriver {
				checkOwnVolume(o, report)
			}
			objects := set.Named("CSIDriver", "", driver.Value)
			for _, d := range objects {
				checkDriverObject(d, driver, report)
			}
			served := slices.ContainsFunc(set.Kind("DaemonSet"), func(d *lint.Object) bool { return servesDriver(d, driver.Value) })
			if served && len(objects) > 0 {
				continue
			}
			what := "no DaemonSet here runs the driver " + driver.Value
			if served {
				what = "there is no CSIDriver " + driver.Value + " here"
			}
			f := report.At(driver, "add the driver to the set-up, or mend its name", "%s: %s", what, stuck)
			if set.Partial || len(set.Kind("CSIDriver")) == 0 && !served {
				f.NotGiven()
			}
		}
	}
}

const stuck = "task pods stay in ContainerCreating"

// checkDriverObject checks what an inline volume asks of its driver's object.
func checkDriverObject(d *lint.Object, driver *lint.Node, report *lint.Reporter) {
	field := func(name string) *lint.Node {
		if n := d.Get("spec", name); n != nil {
			return n
		}
		return d.NameNode()
	}
	if !slices.Contains(d.Get("spec", "volumeLifecycleModes").Texts(), "Ephemeral") {
		report.At(field("volumeLifecycleModes"), "add Ephemeral to volumeLifecycleModes", "the driver %s gives no inline volumes: %s", d.Name, stuck).See(driver, "an inline volume of it")
	}
	if d.Name != ownDriver {
		return
	}
	if n := d.Get("spec", "attachRequired"); n == nil || n.IsTrue() {
		report.At(field("attachRequired"), "write attachRequired: false", "kubelet waits until the volumes of %s are attached, which nothing does: %s", d.Name, stuck).See(driver, "an inline volume of it")
	}
	if n := d.Get("spec", "fsGroupPolicy"); n.Known() && !slices.Contains([]string{"None", "File", "ReadWriteOnceWithFSType"}, n.Value) {
		report.At(n, "write None", "the API server refuses the CSIDriver %s: %q is no fsGroupPolicy", d.Name, n.Value)
	}
}

// checkOwnVolume checks what the node service of fusiongen's driver asks of a volume.
func checkOwnVolume(o option, report *lint.Reporter) {
	kind := o.Get("csi", "volumeAttributes", "type")
	at := kind
	if at == nil {
		at = o.Get("csi")
	}
	want := "scratch"
	if o.Get("mountPath").Text() == runtimePath {
		want = "runtime"
	}
	if at.Unknown() || kind.Text() == want {
		return
	}
	report.At(at, "write volumeAttributes: [type: '"+want+"']", "the driver %s gives a volume at %s with the type %s only: task pods stay in ContainerCreating", ownDriver, o.Get("mountPath").Text(), want)
}
