package gen

import (
	"strconv"

	"github.com/fusiongen/fusiongen/schema"
)

// cloudFormation is a template. Its roles have names, so a stack needs CAPABILITY_NAMED_IAM.
func cloudFormation(ws *schema.Workspace, roles []Role) ([]byte, error) {
	resources, outputs := m{}, m{}
	for _, r := range roles {
		id := title(r.Who)
		inline := m{"PolicyName": PolicyName, "PolicyDocument": r.Permissions}
		if r.OwnPrincipal {
			resources[id+"Policy"] = m{"Type": "AWS::IAM::ManagedPolicy", "Properties": m{"ManagedPolicyName": r.Name, "Path": r.Path, "PolicyDocument": r.Permissions}}
			continue
		}
		resources[id+"Role"] = m{"Type": "AWS::IAM::Role", "Properties": m{
			"RoleName": r.Name, "Path": r.Path, "AssumeRolePolicyDocument": r.Trust, "Policies": []any{inline},
			"Tags": []any{m{"Key": OwnerTag, "Value": Owner(ws)}},
		}}
		arn := m{"Fn::GetAtt": []string{id + "Role", "Arn"}}
		outputs[id+"RoleArn"] = m{"Value": arn}
		if !podIdentity(ws) {
			continue
		}
		for i, account := range r.Accounts {
			name := id + "Association"
			if i > 0 {
				name += strconv.Itoa(i + 1)
			}
			resources[name] = m{"Type": "AWS::EKS::PodIdentityAssociation", "Properties": m{
				"ClusterName": ws.Cluster.Name, "Namespace": ws.Name, "ServiceAccount": account, "RoleArn": arn,
			}}
		}
	}
	template := m{"AWSTemplateFormatVersion": "2010-09-09", "Description": "IAM roles of the Nextflow workspace " + ws.Name + ", written by fusiongen.", "Resources": resources}
	if len(outputs) > 0 {
		template["Outputs"] = outputs
	}
	return jsonText(template)
}
