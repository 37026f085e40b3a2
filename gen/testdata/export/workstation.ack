apiVersion: iam.services.k8s.aws/v1alpha1
kind: Policy
metadata:
  name: rnaseq-head
  namespace: rnaseq
spec:
  name: rnaseq-head
  path: /
  policyDocument: '{"Version":"2012-10-17","Statement":[{"Sid":"ListWork","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-work","Condition":{"StringLike":{"s3:prefix":"rnaseq/*"}}},{"Sid":"Work","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:GetObjectTagging","s3:PutObject"],"Resource":"arn:aws:s3:::acme-work/rnaseq/*"},{"Sid":"ListInputs","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-reference"},{"Sid":"Inputs","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-reference/*"},{"Sid":"ListPublish","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-results","Condition":{"StringLike":{"s3:prefix":["rnaseq","rnaseq/*"]}}},{"Sid":"Publish","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws:s3:::acme-results/rnaseq/*"}]}'
  tags:
  - key: fusiongen:workspace
    value: eu-west-1/research/rnaseq
---
apiVersion: iam.services.k8s.aws/v1alpha1
kind: Role
metadata:
  name: rnaseq-task
  namespace: rnaseq
spec:
  assumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Sid":"Pods","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud":"sts.amazonaws.com","oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"system:serviceaccount:rnaseq:rnaseq-task"}}}]}'
  inlinePolicies:
    fusiongen: '{"Version":"2012-10-17","Statement":[{"Sid":"ListWork","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-work","Condition":{"StringLike":{"s3:prefix":"rnaseq/*"}}},{"Sid":"Work","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws:s3:::acme-work/rnaseq/*"},{"Sid":"ListInputs","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-reference"},{"Sid":"Inputs","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-reference/*"}]}'
  name: rnaseq-task
  path: /
  tags:
  - key: fusiongen:workspace
    value: eu-west-1/research/rnaseq
