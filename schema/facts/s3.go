package facts

// Grants are the IAM actions that a run needs, by who calls (head, task) and where (work, inputs, publish, key).
//
// Sources: the S3 calls of real Nextflow heads (26.04.6 and the sources of 26.08), recorded between Nextflow and an S3
// server; the runtime's own calls; the AWS service authorization reference for S3 and KMS.
func Grants() []Grant {
	const recorded = "recorded S3 calls of Nextflow 26.04.6"
	const runtime = "our runtime's S3 calls"
	return []Grant{
		{Service: "s3", Call: "ListObjects", Who: "head", Where: "work", Action: "s3:ListBucket", On: "bucket", Prefix: "below", Why: "looks for work directories and outputs", Without: "outputs are taken for missing", Source: recorded},
		{Service: "s3", Call: "GetObject", Who: "head", Where: "work", Action: "s3:GetObject", On: "object", Why: "reads .exitcode and the logs; copies results from here", Without: "nothing is published, and no run resumes", Source: recorded},
		{Service: "s3", Call: "CopyObject", Who: "head", Where: "work", Action: "s3:GetObjectTagging", On: "object", Why: "a copy takes the tags of its source along", Without: "publishing a tagged file fails", Source: recorded},
		{Service: "s3", Call: "PutObject", Who: "head", Where: "work", Action: "s3:PutObject", On: "object", Why: "writes .command.run and .command.sh", Without: "the run does not start", Source: recorded},
		{Service: "s3", Call: "AbortMultipartUpload", Who: "head", Where: "work", Action: "s3:AbortMultipartUpload", On: "object", Why: "ends a failed upload", Without: "parts of failed uploads stay, and cost", Source: recorded},
		{Service: "s3", Call: "DeleteObject", Who: "head", Where: "work", Action: "s3:DeleteObject", On: "object", Why: "nextflow clean, and publishing by move", Without: "work directories cannot be cleaned", Source: recorded},
		{Service: "s3", Call: "ListObjects", Who: "head", Where: "inputs", Action: "s3:ListBucket", On: "bucket", Prefix: "exact below", Why: "looks for input files and globs", Without: "inputs are taken for missing", Source: recorded},
		{Service: "s3", Call: "GetObject", Who: "head", Where: "inputs", Action: "s3:GetObject", On: "object", Why: "reads sample sheets", Without: "reading an input fails", Source: recorded},
		{Service: "s3", Call: "ListObjects", Who: "head", Where: "publish", Action: "s3:ListBucket", On: "bucket", Prefix: "exact below", Why: "looks whether a result is there (storeDir without a slash)", Without: "results are copied again, and never replaced", Source: recorded},
		{Service: "s3", Call: "GetObject", Who: "head", Where: "publish", Action: "s3:GetObject", On: "object", Why: "reads the index of a workflow's output", Without: "the index file is missing, with exit code 0", Source: recorded},
		{Service: "s3", Call: "PutObject", Who: "head", Where: "publish", Action: "s3:PutObject", On: "object", Why: "publishes results and reports", Without: "the run fails when it publishes", Source: recorded},
		{Service: "s3", Call: "CopyObject", Who: "head", Where: "publish", Action: "s3:PutObjectTagging", On: "object", Why: "a copy takes the tags of its source along", Without: "publishing a tagged file fails", Source: recorded},
		{Service: "s3", Call: "AbortMultipartUpload", Who: "head", Where: "publish", Action: "s3:AbortMultipartUpload", On: "object", Why: "ends a failed copy", Without: "parts of failed copies stay, and cost", Source: recorded},
		{Service: "s3", Call: "DeleteObject", Who: "head", Where: "publish", Action: "s3:DeleteObject", On: "object", Why: "replaces an older result", Without: "publishing over an older result fails", Source: recorded},
		{Service: "s3", Call: "ListObjectsV2", Who: "task", Where: "work", Action: "s3:ListBucket", On: "bucket", Prefix: "below", Why: "shows directories", Without: "directories are empty, and a missing file is a permission error", Source: runtime},
		{Service: "s3", Call: "GetObject", Who: "task", Where: "work", Action: "s3:GetObject", On: "object", Why: "reads scripts and other tasks' outputs", Without: "no task starts", Source: runtime},
		{Service: "s3", Call: "PutObject", Who: "task", Where: "work", Action: "s3:PutObject", On: "object", Why: "writes outputs, logs and .exitcode", Without: "every task fails", Source: runtime},
		{Service: "s3", Call: "PutObject", Who: "task", Where: "work", Action: "s3:PutObjectTagging", On: "object", Why: "fusion.tags marks each object", Without: "every write is denied while tags are on", Source: runtime},
		{Service: "s3", Call: "DeleteObject", Who: "task", Where: "work", Action: "s3:DeleteObject", On: "object", Why: "removes and renames files", Without: "removing a file fails", Source: runtime},
		{Service: "s3", Call: "AbortMultipartUpload", Who: "task", Where: "work", Action: "s3:AbortMultipartUpload", On: "object", Why: "ends its own unfinished uploads", Without: "parts of failed uploads stay, and cost", Source: runtime},
		{Service: "s3", Call: "ListObjectsV2", Who: "task", Where: "inputs", Action: "s3:ListBucket", On: "bucket", Prefix: "exact below", Why: "shows directories", Without: "inputs are taken for missing", Source: runtime},
		{Service: "s3", Call: "GetObject", Who: "task", Where: "inputs", Action: "s3:GetObject", On: "object", Why: "reads inputs", Without: "reading an input fails", Source: runtime},
		{Service: "kms", Call: "PutObject", Who: "head", Where: "key", Action: "kms:GenerateDataKey", On: "key", Why: "S3 encrypts what is written", Without: "every write is denied", Source: "AWS KMS developer guide"},
		{Service: "kms", Call: "GetObject", Who: "head", Where: "key", Action: "kms:Decrypt", On: "key", Why: "S3 decrypts what is read, and the parts of an upload", Without: "every read and multipart upload is denied", Source: "AWS KMS developer guide"},
		{Service: "kms", Call: "PutObject", Who: "task", Where: "key", Action: "kms:GenerateDataKey", On: "key", Why: "S3 encrypts what is written", Without: "every write is denied", Source: "AWS KMS developer guide"},
		{Service: "kms", Call: "GetObject", Who: "task", Where: "key", Action: "kms:Decrypt", On: "key", Why: "S3 decrypts what is read, and the parts of an upload", Without: "every read and multipart upload is denied", Source: "AWS KMS developer guide"},
	}
}
