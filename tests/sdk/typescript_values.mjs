const { Client, Upload } = await import(`${process.cwd()}/g0/index.js`);

// The request that was sent last, and the responses to come; 204 where there are none.
let sent;
let responses = [];
const fetch = async (url, { method, headers, body }) => {
  const type = headers.get("content-type") ?? "";
  const boundary = type.split("boundary=")[1];
  const text = await new Response(body).text();
  sent = `${method} ${new URL(url).search} ${boundary ? text.replaceAll(boundary, "B").replaceAll("\r\n", "|") : text}`.trim();
  return responses.shift() ?? new Response(null, { status: 204 });
};
const client = new Client({ baseUrl: "http://127.0.0.1:1/g0", fetch, retries: 0 });

// A value that is not there is left out, as JSON does it.
await client.read({ deep: { a: { b: undefined }, c: 1 }, list: [1, undefined], form: { d: undefined, e: [2, undefined] } });
console.log(sent);
await client.form({ body: { text: undefined, deep: { x: undefined, y: 1 }, list: ["1", undefined], open: { p: 1, q: undefined } } });
console.log(sent);

// An option that is not there is the usual one.
const usual = new Client({ baseUrl: "http://127.0.0.1:1/g0", fetch, auth: undefined, timeout: undefined, retries: undefined, headers: undefined });
responses = [1, 2].map(() => new Response(null, { status: 503, headers: { "retry-after": "0" } }));
console.log("retried:", (await usual.read({}, { retries: undefined, auth: undefined })).status, responses.length);

// Files alone have a name of a file.
const file = new Upload("<a>", 'a".txt', "text/plain");
await client.parts({ body: { text: "1\n2", object: { a: undefined, b: 1 }, table: "a,b", file, constructor: "c", gone: [undefined] } });
console.log(sent);

// Texts in another charset, in none that is known, and in UTF-8 with a mark; and one that is empty.
const text = async (type, ...bytes) => {
  responses = [new Response(new Uint8Array(bytes), { headers: { "content-type": type } })];
  return JSON.stringify((await client.text()).data);
};
console.log(
  await text("text/plain; charset=iso-8859-1", 0x63, 0xe9),
  await text('text/plain;charset="UTF-16LE"', 0x63, 0, 0xe9, 0),
  await text("text/plain; charset=none", 0x63),
  await text("text/plain", 0xef, 0xbb, 0xbf, 0xc3, 0xa9),
  await text("text/plain"),
);
