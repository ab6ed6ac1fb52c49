"""Calls each operation of a client, and prints what differs from the declared responses, and the number of calls."""

import importlib
import json
import sys

name, address, file = sys.argv[1:]
sys.path.insert(0, ".")
package = importlib.import_module(f"{name}_sdk")
client = package.Client(base_url=f"{address}/{name}", timeout=10, retries=0)


calls = 0
for operation in json.load(open(file)):
    calls += 1
    is_stream = False
    try:
        response = eval(operation["call"])
        status, data = response.status, response.data
        is_stream = isinstance(data, package.Stream)
        if isinstance(data, package.Download):
            data = data.read().decode("utf-8", "replace")
        elif is_stream:
            data = list(data)
    except package.ApiError as error:
        status, data = error.status, error.data
    except Exception as error:
        print(f'{operation["key"]}: {operation["call"][:300]}: {error!r}')
        continue
    body, media_type = operation["body"], (operation["media_type"] or "").split(";")[0]
    if "json" in media_type:
        try:
            body = json.loads(body)
        except ValueError:
            pass
    # An example of a stream is one text, which need not have the form of events.
    same = data == body or is_stream or operation["method"] == "HEAD" or (not body and data is None)
    if status != operation["status"] or not same:
        print(f'{operation["key"]}: {operation["call"][:300]}: {status} {str(data)[:300]}, not {operation["status"]} {str(body)[:200]}')
print(f"{calls} called")
