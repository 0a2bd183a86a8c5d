"""DuckDB with its extension httpfs: COPY ... TO 's3://...'. What it writes is CSV of one column."""

from functools import cache
from pathlib import Path

import duckdb
import duckdb_extension_httpfs

VERSION = duckdb.__version__
EXTENSION = next(Path(duckdb_extension_httpfs.__file__).parent.rglob("httpfs.duckdb_extension"))
ROWS = {"empty": 0, "small": 1, "eight": 8 * 1024**2 // 64, "large": 1024**2}


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


@cache
def connect(scheme, host, access_key, secret_key, token):
    connection = duckdb.connect(config={"threads": 2})
    connection.execute(f"LOAD {quoted(str(EXTENSION))}")
    connection.execute("SET http_retries = 0")
    connection.execute(
        f"""CREATE SECRET (TYPE s3, REGION 'us-east-1', URL_STYLE 'path', USE_SSL {scheme == "https"},
        ENDPOINT {quoted(host)}, KEY_ID {quoted(access_key)}, SECRET {quoted(secret_key)}
        {f", SESSION_TOKEN {quoted(token)}" if token else ""})"""
    )
    return connection


def connection_of(job):
    keys = job.keys
    return connect(job.scheme, job.host, keys.accessKeyId, keys.secretAccessKey, keys.sessionToken)


def put(job):
    rows = f"SELECT format('{{:063d}}', i) FROM range({ROWS.get(job.way, 100)}) t(i)"
    connection = connection_of(job)
    for target in (job.written, f"s3://{job.bucket}/{job.key}"):
        connection.execute(f"COPY ({rows}) TO {quoted(target)} (FORMAT csv, HEADER false)")


def tree(job):
    connection = connection_of(job)
    connection.execute(f"COPY (SELECT 'm' AS a) TO {quoted(job.written)} (FORMAT csv, HEADER false)")
    target = quoted(f"s3://{job.bucket}/{job.key}")
    connection.execute(f"COPY (SELECT 'm' AS a, 1 AS p) TO {target} (FORMAT csv, HEADER false, PARTITION_BY (p))")
