package facts

// Calls are the requests that Nextflow's Kubernetes executor makes in a compute mode ("Pod" or "Job"). They were the
// same in every version from 24.10 on, as read in the source and as recorded from 24.10.0, 26.04.6 and the sources of
// 26.08: version is asked for so that a change has its place.
//
// Sources: nextflow K8sClient.groovy and K8sTaskHandler.groovy; the lists were proved on a real API server with
// exactly these grants, by a succeeding, a failing and an aborted run.
func Calls(version, mode string) []Call {
	_ = version
	status := Call{Resource: "pods/status", Verb: "get", Why: "polls the state of a task", Without: "every task fails: Nextflow cannot see its state", Source: "K8sClient.groovy podState"}
	log := Call{Resource: "pods/log", Verb: "get", Why: "shows the output of a failed task whose .command.err is empty", Without: "the log of a failed task is missing", Source: "K8sClient.groovy podLog"}
	remove := Call{Resource: "pods", Verb: "delete", Why: "removes pods after success and on abort", Without: "pods are left behind", Source: "K8sClient.groovy podDelete"}
	if mode == "Pod" {
		return []Call{
			{Resource: "pods", Verb: "create", Why: "submits a task", Without: "no task starts", Source: "K8sClient.groovy podCreate"},
			remove, log, status,
		}
	}
	return []Call{
		{Resource: "pods", Verb: "list", Why: "finds the pod of a task's Job", Without: "no task is ever seen to end", Source: "K8sClient.groovy findPodNameForJob"},
		remove, log, status,
		{Group: "batch", Resource: "jobs", Verb: "create", Why: "submits a task", Without: "no task starts", Source: "K8sClient.groovy jobCreate"},
		{Group: "batch", Resource: "jobs", Verb: "delete", Why: "removes Jobs after success and on abort", Without: "Jobs are left behind", Source: "K8sClient.groovy jobDelete"},
		{Group: "batch", Resource: "jobs/status", Verb: "get", Why: "polls a task that has no pod yet", Without: "a delayed task fails", Source: "K8sClient.groovy jobState"},
	}
}
