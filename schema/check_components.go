package schema

func checkComponents(c *checker) {
	for _, name := range c.ws.Components {
		if (name == "inject-policy" || name == "inject-init") && c.ws.minor() < 36 {
			c.report("components", name+" needs MutatingAdmissionPolicy, which Kubernetes has from 1.36 on; cluster.version is "+c.ws.Cluster.Version, "use inject-host, or runtime.inject: \"csi\"")
		}
		if name == "pod-identity" && c.ws.Identity.Provider == "pod-identity" {
			c.report("components", "identity.provider is \"pod-identity\" already, so there is no annotation to take off", "leave the component out")
		}
	}
}
