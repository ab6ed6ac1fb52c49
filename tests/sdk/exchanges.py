import sys, time
import g0_sdk

client = g0_sdk.Client(base_url=sys.argv[1], retries=0, timeout=5)

# A connection that the server has closed while nobody used it.
first = client.idle().status
time.sleep(1)
print(f"idle: {first}, {client.idle().status}")
