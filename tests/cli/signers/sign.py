"""Signs requests with a published signer, and prints them as JSON lines.

Arguments: the signer, the address of the gateway, the id of the key. The secret is in the variable SIGNER_SECRET.
"""

import json
import os
import sys

signer, address, key_id = sys.argv[1:4]
secret = os.environ["SIGNER_SECRET"]


def botocore(method, url, headers, body):
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    request = AWSRequest(method=method, url=url, data=body, headers=headers)
    SigV4Auth(Credentials(key_id, secret), "apigw", "local").add_auth(request)
    return dict(request.headers.items())


def jdcloud(method, url, headers, body):
    from jdcloud_apim_sdk.core.credential import Credential
    from jdcloud_apim_sdk.core.signer import Signer

    class Silent:
        def log(self, *_):
            pass

    headers = dict(headers)
    Signer(Silent()).sign(method, "apigw", "cn-north-1", url, headers, body, Credential(key_id, secret), None)
    return headers


sign = {"botocore": botocore, "jdcloud": jdcloud}[signer]
note = {"x-note": "one two"}
for method, target, headers, body in [
    ("GET", "/petstore/pets", {}, ""),
    ("GET", "/petstore/pets?limit=5&after=a-b", note, ""),
    ("POST", "/petstore/pets", {"content-type": "application/json", **note}, '{"name": "Rex", "species": "dog"}'),
]:
    signed = sign(method, "http://" + address + target, headers, body)
    signed["host"] = address
    print(json.dumps({"method": method, "target": target, "headers": list(signed.items()), "body": body}))
