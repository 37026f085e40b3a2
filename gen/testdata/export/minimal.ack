apiVersion: iam.services.k8s.aws/v1alpha1
kind: Role
metadata:
  name: fusion-demo-head
  namespace: fusion-demo
spec:
  assumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Sid":"Pods","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud":"sts.amazonaws.com","oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"system:serviceaccount:fusion-demo:fusion-demo-head"}}}]}'
  inlinePolicies:
    fusiongen: '{"Version":"2012-10-17","Statement":[{"Sid":"ListWork","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-work","Condition":{"StringLike":{"s3:prefix":"fusion-demo/*"}}},{"Sid":"Work","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:GetObjectTagging","s3:PutObject"],"Resource":"arn:aws:s3:::acme-work/fusion-demo/*"},{"Sid":"ListInputs","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-reference"},{"Sid":"Inputs","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-reference/*"},{"Sid":"ListPublish","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-results","Condition":{"StringLike":{"s3:prefix":["fusion-demo","fusion-demo/*"]}}},{"Sid":"Publish","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws:s3:::acme-results/fusion-demo/*"}]}'
  name: fusion-demo-head
  path: /
  tags:
  - key: fusiongen:workspace
    value: eu-west-1/research/fusion-demo
---
apiVersion: iam.services.k8s.aws/v1alpha1
kind: Role
metadata:
  name: fusion-demo-task
  namespace: fusion-demo
spec:
  assumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Sid":"Pods","Effect":"Allow","Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:aud":"sts.amazonaws.com","oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE:sub":"system:serviceaccount:fusion-demo:fusion-demo-task"}}}]}'
  inlinePolicies:
    fusiongen: '{"Version":"2012-10-17","Statement":[{"Sid":"ListWork","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-work","Condition":{"StringLike":{"s3:prefix":"fusion-demo/*"}}},{"Sid":"Work","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws:s3:::acme-work/fusion-demo/*"},{"Sid":"ListInputs","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::acme-reference"},{"Sid":"Inputs","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::acme-reference/*"}]}'
  name: fusion-demo-task
  path: /
  tags:
  - key: fusiongen:workspace
    value: eu-west-1/research/fusion-demo
