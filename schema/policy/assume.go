package policy

// WebIdentity is the request that STS evaluates against a role's trust policy when a pod presents the token of its
// service account (IRSA). The provider is the issuer without its scheme; account and partition are the role's.
func WebIdentity(partition, account, issuer, audience, subject string) Request {
	return Request{
		Action:    "sts:AssumeRoleWithWebIdentity",
		Principal: Principal{"Federated", "arn:" + partition + ":iam::" + account + ":oidc-provider/" + issuer},
		Context:   Context{issuer + ":aud": {audience}, issuer + ":sub": {subject}},
	}
}

// PodIdentity are the two requests that EKS Pod Identity makes of a role: it assumes it with session tags. The tags are
// those that AWS documents, as aws:RequestTag keys.
func PodIdentity(partition, account, region, cluster, namespace, serviceAccount string) []Request {
	arn := "arn:" + partition + ":eks:" + region + ":" + account + ":cluster/" + cluster
	context := Context{
		"aws:SourceAccount":                         {account},
		"aws:SourceArn":                             {arn},
		"aws:RequestTag/eks-cluster-arn":            {arn},
		"aws:RequestTag/eks-cluster-name":           {cluster},
		"aws:RequestTag/kubernetes-namespace":       {namespace},
		"aws:RequestTag/kubernetes-service-account": {serviceAccount},
	}
	principal := Principal{"Service", "pods.eks.amazonaws.com"}
	return []Request{{Action: "sts:AssumeRole", Principal: principal, Context: context}, {Action: "sts:TagSession", Principal: principal, Context: context}}
}
