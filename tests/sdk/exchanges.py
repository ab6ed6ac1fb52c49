import sys, time
import g0_sdk
from g0_sdk import runtime

client = g0_sdk.Client(base_url=sys.argv[1], retries=0, timeout=60)

# A connection that the server has closed while nobody used it.
first = client.idle().status
time.sleep(2)
print(f"idle: {first}, {client.idle().status}")

# A redirect is not followed: one that is not declared is no response of the operation.
try:
    print("moved:", client.moved().data)
except g0_sdk.ApiError as error:
    print("moved:", type(error).__name__, error.status, error.headers["location"])
print("found:", client.found().status)

print("events:", *(event.data for event in client.events().data))

# A text that is no JSON may end a stream of objects.
print("done:", *(event.data if isinstance(event.data, str) else event.data["a"] for event in client.done().data))
print("empty:", len(client.empty().data))
try:
    list(client.lines().data)
except g0_sdk.ClientError as error:
    print("lines:", type(error).__name__)

# A value makes no other cookie, and no other header.
def refused(name, call):
    try:
        print(f"{name}: sent, {call().status}")
    except ValueError:
        print(f"{name}: refused")

refused("cookie", lambda: client.cookie(c="a; admin=1"))
refused("cookie", lambda: client.cookie(c="a\r\nx: y"))
keyed = g0_sdk.Client(base_url=sys.argv[1], auth=g0_sdk.ApiKey("k", "a; admin=1", "cookie"))
refused("cookie", lambda: keyed.idle())
refused("header", lambda: client.cookie(x_h="a\r\n x: y"))

# A wait of an hour is not for the client to sit out.
start = time.monotonic()
try:
    client.busy(options={"retries": 2})
except g0_sdk.ApiError as error:
    print("busy:", type(error).__name__, error.headers["retry-after"])
assert time.monotonic() - start < 30

# A response that asks for another attempt may break off.
print("cut:", client.cut(options={"retries": 1}).status)

# An address with a query has no place for a path.
try:
    g0_sdk.Client(base_url=f"{sys.argv[1]}?a=b")
except ValueError:
    print("address: refused")

# A server that refuses a body before it has read it all; `fetch` and `java.net.http` may lose such a response.
try:
    client.early(b"x" * 8_000_000)
except g0_sdk.BadRequest as error:
    assert error.status == 413

# A signature covers all of a query.
signed = []
for query in ("a=b/c?d&e=f?", "a=b%2Fc%3Fd&e=f%3F"):
    request = runtime.Request("GET", f"http://h/p?{query}", [], None, None)
    signed.append(g0_sdk.Signature("id", "secret").apply_at(request, "20180405T010203Z", "nonce").headers)
assert signed[0] == signed[1], signed
