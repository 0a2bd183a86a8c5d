"""boto3 as a service of lines: a request in JSON on each line of stdin, its answer in JSON on a line of stdout."""

import base64
import json
import sys

import boto3
import urllib3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

HTTP = urllib3.PoolManager(cert_reqs="CERT_NONE", retries=False)
urllib3.disable_warnings()


def client_of(endpoint, keys):
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["accessKeyId"],
        aws_secret_access_key=keys["secretAccessKey"],
        aws_session_token=keys.get("sessionToken"),
        verify=False,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def bytes_of(ask):
    return base64.b64decode(ask.get("body", ""))


def call(client, ask):
    """Any method of the client; with `body` it gets a Body."""
    args = ask["args"]
    if "body" in ask:
        args["Body"] = bytes_of(ask)
    answer = getattr(client, ask["method"])(**args)
    return {"answer": json.loads(json.dumps(answer, default=str))}


def upload_file_object(client, ask):
    with open(ask["file"], "rb") as file:
        client.upload_fileobj(file, **ask["args"])
    return {}


class Pipe:
    """What cannot be rewound, and does not know its length."""

    def __init__(self, file):
        self.read = file.read


def upload_unseekable(client, ask):
    with open(ask["file"], "rb") as file:
        client.upload_fileobj(Pipe(file), **ask["args"])
    return {}


def put_presigned(client, ask):
    url = client.generate_presigned_url("put_object", Params=ask["args"], ExpiresIn=60)
    response = HTTP.request("PUT", url, body=bytes_of(ask), headers=ask.get("headers"))
    return {"url": url, "status": response.status, "text": response.data.decode()}


def post_presigned(client, ask):
    post = client.generate_presigned_post(**ask["args"], ExpiresIn=60)
    fields = {**post["fields"], **ask.get("spoil", {}), "file": ("a.bin", bytes_of(ask))}
    response = HTTP.request("POST", post["url"], fields=fields)
    return {"status": response.status, "text": response.data.decode()}


DO = {f.__name__: f for f in (call, upload_file_object, upload_unseekable, put_presigned, post_presigned)}

for line in sys.stdin:
    request = json.loads(line)
    try:
        result = DO[request["do"]](client_of(request["endpoint"], request["keys"]), request)
    except ClientError as error:
        told = error.response["Error"]
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        result = {"error": told["Code"], "message": told.get("Message", ""), "status": status}
    except (BotoCoreError, boto3.exceptions.Boto3Error) as error:
        result = {"error": type(error).__name__, "message": str(error)}
    print(json.dumps(result), flush=True)
