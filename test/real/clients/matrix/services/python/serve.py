"""One Python client of the matrix, as a service of lines.

    serve.py MODULE            a job in JSON per line of stdin; `{}` or `{"error": "..."}` per line of stdout
    serve.py MODULE --version  prints the version of the client

A job has: way, endpoint, host, authority, bucket, key, file (the bytes to upload), written (where clients that make their own bytes
leave a copy), tree (a folder), keys.
"""

import importlib
import json
import sys
from types import SimpleNamespace

client = importlib.import_module(sys.argv[1])
if "--version" in sys.argv:
    print(client.VERSION)
    sys.exit()
for line in sys.stdin:
    job = SimpleNamespace(**json.loads(line))
    job.keys = SimpleNamespace(**{"sessionToken": None, **job.keys})
    try:
        (client.tree if job.way == "tree" else client.put)(job)
        result = {}
    except Exception as error:  # noqa: BLE001: clients raise exceptions of many libraries
        result = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(result), flush=True)
