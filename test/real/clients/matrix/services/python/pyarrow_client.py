"""pyarrow: its S3FileSystem is made with the AWS SDK for C++."""

import pyarrow
from pyarrow import fs

VERSION = pyarrow.__version__


def file_system(job):
    return fs.S3FileSystem(
        access_key=job.keys.accessKeyId,
        secret_key=job.keys.secretAccessKey,
        session_token=job.keys.sessionToken,
        region="us-east-1",
        scheme=job.scheme,
        endpoint_override=job.host,
        tls_ca_file_path=job.authority,
        retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=1),
    )


def put(job):
    metadata = {"Content-Type": "text/x-test"} if job.way == "metadata" else None
    with open(job.file, "rb") as file:
        with file_system(job).open_output_stream(f"{job.bucket}/{job.key}", metadata=metadata) as out:
            while data := file.read(1024**2):
                out.write(data)


def tree(job):
    fs.copy_files(
        job.tree, f"{job.bucket}/{job.key}", source_filesystem=fs.LocalFileSystem(), destination_filesystem=file_system(job)
    )
