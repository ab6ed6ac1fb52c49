"""Calls each operation of a client, and prints what differs from the declared responses."""

import importlib
import json
import sys

name, address, file = sys.argv[1:]
sys.path.insert(0, ".")
package = importlib.import_module(f"{name}_sdk")
client = package.Client(base_url=f"{address}/{name}", timeout=10, retries=0)


def consumed(data):
    if isinstance(data, package.Download):
        return data.read().decode("utf-8", "replace")
    return list(data) if isinstance(data, package.Stream) else data


for operation in json.load(open(file)):
    if operation["status"] is None:
        continue
    try:
        response = eval(operation["call"])
        status, data = response.status, consumed(response.data)
    except package.ApiError as error:
        status, data = error.status, error.data
    except Exception as error:
        print(f'{operation["key"]}: {operation["call"][:300]}: {error!r}')
        continue
    body, media_type = operation["body"], (operation["media_type"] or "").split(";")[0]
    if "json" in media_type and not isinstance(data, list):
        try:
            body = json.loads(body)
        except ValueError:
            pass
    same = data == body or isinstance(data, list) or operation["method"] == "HEAD" or (not body and data is None)
    if status != operation["status"] or not same:
        print(f'{operation["key"]}: {operation["call"][:300]}: {status} {str(data)[:300]}, not {operation["status"]} {str(body)[:200]}')
