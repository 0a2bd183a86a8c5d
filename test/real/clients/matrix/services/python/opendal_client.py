"""OpenDAL: Rust's, from Python."""

from importlib.metadata import version
from pathlib import Path

import opendal

VERSION = version("opendal")


def put(job):
    options = {"session_token": job.keys.sessionToken} if job.keys.sessionToken else {}
    if job.way == "checksum":
        options["checksum_algorithm"] = "crc32c"
    operator = opendal.Operator(
        "s3",
        bucket=job.bucket,
        endpoint=job.endpoint,
        region="us-east-1",
        access_key_id=job.keys.accessKeyId,
        secret_access_key=job.keys.secretAccessKey,
        disable_config_load="true",
        disable_ec2_metadata="true",
        **options,
    )
    more = {}
    if job.way == "metadata":
        more = {"content_type": "text/x-test", "user_metadata": {"colour": "dark-blue"}}
    if job.way == "large":
        more = {"chunk": 8 * 1024**2}
    operator.write(job.key, Path(job.file).read_bytes(), **more)
