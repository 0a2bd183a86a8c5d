"""s3fs: fsspec on aiobotocore."""

import s3fs

VERSION = s3fs.__version__


def options(job):
    return {
        "key": job.keys.accessKeyId,
        "secret": job.keys.secretAccessKey,
        "token": job.keys.sessionToken,
        "client_kwargs": {"endpoint_url": job.endpoint, "region_name": "us-east-1", "verify": job.authority},
        "config_kwargs": {"s3": {"addressing_style": "path"}, "retries": {"total_max_attempts": 1}},
    }


def file_system(job):
    return s3fs.S3FileSystem(**options(job))


def put(job):
    more = {}
    if job.way == "metadata":
        more = {"ContentType": "text/x-test", "Metadata": {"colour": "dark-blue"}}
    if job.way == "checksum":
        more = {"ChecksumAlgorithm": "SHA256"}
    with open(job.file, "rb") as file, file_system(job).open(f"{job.bucket}/{job.key}", "wb", **more) as out:
        while data := file.read(1024**2):
            out.write(data)


def tree(job):
    file_system(job).put(job.tree, f"{job.bucket}/{job.key}", recursive=True)
