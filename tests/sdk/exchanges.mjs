import assert from "node:assert";
const { Client, apiKey, signature } = await import(`${process.cwd()}/g0/index.js`);

const client = new Client({ baseUrl: process.argv[1], retries: 0, timeout: 60_000 });
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// A connection that the server has closed while nobody used it.
const { status: first } = await client.idle();
await pause(2000);
console.log(`idle: ${first}, ${(await client.idle()).status}`);

// A redirect is not followed: one that is not declared is no response of the operation.
await client.moved().then(
  ({ data }) => console.log("moved:", data),
  (error) => console.log("moved:", error.name, error.status, error.headers.get("location")),
);
console.log("found:", (await client.found()).status);

const events = [];
for await (const { data } of (await client.events()).data) events.push(data);
console.log("events:", ...events);

// A text that is no JSON may end a stream of objects.
const texts = [];
for await (const { data } of (await client.done()).data) texts.push(data.a ?? data);
console.log("done:", ...texts);
console.log("empty:", (await client.empty()).data.length);
try {
  for await (const _ of (await client.lines()).data);
} catch (error) {
  console.log("lines:", error.name);
}

// A value makes no other cookie, and no other header.
const refused = (name, call) =>
  call.then(
    ({ status }) => console.log(`${name}: sent, ${status}`),
    (error) => console.log(`${name}: ${error instanceof TypeError ? "refused" : error}`),
  );
await refused("cookie", client.cookie({ c: "a; admin=1" }));
await refused("cookie", client.cookie({ c: "a\r\nx: y" }));
const keyed = new Client({ baseUrl: process.argv[1], auth: apiKey("k", "a; admin=1", "cookie") });
await refused("cookie", keyed.idle());
await refused("header", client.cookie({ xH: "a\r\n x: y" }));

// A wait of an hour is not for the client to sit out.
const start = Date.now();
await client.busy({ retries: 2 }).catch((error) => console.log("busy:", error.name, error.headers.get("retry-after")));
assert(Date.now() - start < 30_000);

// A response that asks for another attempt may break off.
console.log("cut:", (await client.cut({ retries: 1 })).status);

// An address with a query has no place for a path.
try {
  new Client({ baseUrl: `${process.argv[1]}?a=b` });
} catch (error) {
  if (error instanceof TypeError) console.log("address: refused");
}

// A signature covers all of a query.
const signed = [];
for (const query of ["a=b/c?d&e=f?", "a=b%2Fc%3Fd&e=f%3F"]) {
  const request = { method: "GET", url: `http://h/p?${query}`, headers: new Headers() };
  await signature("id", "secret", { now: "20180405T010203Z", nonce: "nonce" })(request);
  signed.push(request.headers.get("authorization"));
}
assert.equal(signed[0], signed[1]);
