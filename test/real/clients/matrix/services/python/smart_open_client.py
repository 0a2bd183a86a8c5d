"""smart_open on boto3: always a multipart upload, unless told otherwise."""

import boto3
import smart_open
from botocore.config import Config

VERSION = smart_open.__version__


def put(job):
    client = boto3.client(
        "s3",
        endpoint_url=job.endpoint,
        region_name="us-east-1",
        verify=job.authority,
        aws_access_key_id=job.keys.accessKeyId,
        aws_secret_access_key=job.keys.secretAccessKey,
        aws_session_token=job.keys.sessionToken,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )
    more = {}
    if job.way == "metadata":
        more = {"ContentType": "text/x-test", "Metadata": {"colour": "dark-blue"}}
    params = {
        "client": client,
        "multipart_upload": job.way != "small",
        "client_kwargs": {"S3.Client.create_multipart_upload": more},
    }
    with open(job.file, "rb") as file, smart_open.open(f"s3://{job.bucket}/{job.key}", "wb", transport_params=params) as out:
        while data := file.read(1024**2):
            out.write(data)
