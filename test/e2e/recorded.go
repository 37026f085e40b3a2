package e2e

import (
	corev1 "k8s.io/api/core/v1"
)

// Adapt makes a recorded pod one of this workspace: its account, image, work directory and S3 server, and the volumes
// that the tree's nextflow.config asks for where the runtime comes by CSI. Command, security context and limits stay as Nextflow sent them.
func (ws *Workspace) Adapt(spec *corev1.PodSpec, dir string) {
	spec.ServiceAccountName = ws.Name + "-task"
	c := &spec.Containers[0]
	c.Image = taskImage
	if ws.Cell.Inject == "baked" {
		c.Image = bakedImage
	}
	work := "/fusion/s3/" + ws.Bucket + "/" + dir
	c.Args[len(c.Args)-1] = work + "/.command.run"
	values := map[string]string{"FUSION_WORK": work, "AWS_S3_ENDPOINT": ws.World.Store.Endpoint, "FUSION_AWS_REGION": region}
	for i, e := range c.Env {
		if v, ok := values[e.Name]; ok {
			c.Env[i].Value = v
		}
	}
	c.Env = append(c.Env, corev1.EnvVar{Name: "AWS_ACCESS_KEY_ID", Value: accessKey}, corev1.EnvVar{Name: "AWS_SECRET_ACCESS_KEY", Value: secretKey})
	add := func(name, mount string, source corev1.VolumeSource) {
		spec.Volumes = append(spec.Volumes, corev1.Volume{Name: name, VolumeSource: source})
		c.VolumeMounts = append(c.VolumeMounts, corev1.VolumeMount{Name: name, MountPath: mount})
	}
	add("fusion", "/fusion", corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}})
	if ws.Cell.Inject == "csi" {
		readOnly := true
		add("runtime", "/usr/bin/fusion", corev1.VolumeSource{CSI: &corev1.CSIVolumeSource{Driver: "fusion.fusiongen.dev", ReadOnly: &readOnly,
			VolumeAttributes: map[string]string{"type": "runtime"}}})
	}
}
