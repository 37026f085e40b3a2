apiVersion: iam.services.k8s.aws/v1alpha1
kind: Role
metadata:
  name: metagenomics-head
  namespace: metagenomics
spec:
  assumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Sid":"Pods","Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/eks-cluster-arn":"arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/research","aws:RequestTag/kubernetes-namespace":"metagenomics","aws:RequestTag/kubernetes-service-account":"metagenomics-head","aws:SourceAccount":"123456789012"}}}]}'
  inlinePolicies:
    fusiongen: '{"Version":"2012-10-17","Statement":[{"Sid":"ListWork","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws-us-gov:s3:::acme-gov-work","Condition":{"StringLike":{"s3:prefix":"metagenomics/*"}}},{"Sid":"Work","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:GetObjectTagging","s3:PutObject"],"Resource":"arn:aws-us-gov:s3:::acme-gov-work/metagenomics/*"},{"Sid":"ListPublish","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws-us-gov:s3:::acme-gov-results"},{"Sid":"Publish","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws-us-gov:s3:::acme-gov-results/*"}]}'
  name: metagenomics-head
  path: /
  tags:
  - key: fusiongen:workspace
    value: us-gov-west-1/research/metagenomics
---
apiVersion: eks.services.k8s.aws/v1alpha1
kind: PodIdentityAssociation
metadata:
  name: metagenomics-head
  namespace: metagenomics
spec:
  clusterName: research
  namespace: metagenomics
  roleARN: arn:aws-us-gov:iam::123456789012:role/metagenomics-head
  serviceAccount: metagenomics-head
---
apiVersion: iam.services.k8s.aws/v1alpha1
kind: Role
metadata:
  name: metagenomics-task
  namespace: metagenomics
spec:
  assumeRolePolicyDocument: '{"Version":"2012-10-17","Statement":[{"Sid":"Pods","Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/eks-cluster-arn":"arn:aws-us-gov:eks:us-gov-west-1:123456789012:cluster/research","aws:RequestTag/kubernetes-namespace":"metagenomics","aws:RequestTag/kubernetes-service-account":"metagenomics-task","aws:SourceAccount":"123456789012"}}}]}'
  inlinePolicies:
    fusiongen: '{"Version":"2012-10-17","Statement":[{"Sid":"ListWork","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws-us-gov:s3:::acme-gov-work","Condition":{"StringLike":{"s3:prefix":"metagenomics/*"}}},{"Sid":"Work","Effect":"Allow","Action":["s3:AbortMultipartUpload","s3:DeleteObject","s3:GetObject","s3:PutObject","s3:PutObjectTagging"],"Resource":"arn:aws-us-gov:s3:::acme-gov-work/metagenomics/*"}]}'
  name: metagenomics-task
  path: /
  tags:
  - key: fusiongen:workspace
    value: us-gov-west-1/research/metagenomics
---
apiVersion: eks.services.k8s.aws/v1alpha1
kind: PodIdentityAssociation
metadata:
  name: metagenomics-task
  namespace: metagenomics
spec:
  clusterName: research
  namespace: metagenomics
  roleARN: arn:aws-us-gov:iam::123456789012:role/metagenomics-task
  serviceAccount: metagenomics-task
