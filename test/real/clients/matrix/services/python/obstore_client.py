"""obstore: Rust's object_store from Python."""

from importlib.metadata import version
from pathlib import Path

import obstore
from obstore.store import S3Store

VERSION = version("obstore")
ATTRIBUTES = {"Content-Type": "text/x-test", "colour": "dark-blue"}


def store(job):
    options = {"checksum_algorithm": "SHA256"} if job.way == "checksum" else {}
    if job.keys.sessionToken:
        options["session_token"] = job.keys.sessionToken
    return S3Store(
        job.bucket,
        endpoint=job.endpoint,
        region="us-east-1",
        access_key_id=job.keys.accessKeyId,
        secret_access_key=job.keys.secretAccessKey,
        client_options={"allow_http": True, "root_certificate": Path(job.authority).read_text()},
        retry_config={"max_retries": 0},
        **options,
    )


def put(job):
    attributes = ATTRIBUTES if job.way == "metadata" else None
    if job.way == "piped":
        with obstore.open_writer(store(job), job.key) as writer:
            writer.write(Path(job.file).read_bytes())
    else:
        obstore.put(store(job), job.key, Path(job.file), attributes=attributes)
