// Calls each operation of a client, and prints what differs from the declared responses, and the number of calls.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const [name, address, file] = process.argv.slice(2);
const { ApiError, Client } = await import(`${process.cwd()}/${name}/index.js`);
const client = new Client({ baseUrl: `${address}/${name}`, timeout: 10_000, retries: 0 });

let calls = 0;
for (const operation of JSON.parse(readFileSync(file, "utf8"))) {
  calls += 1;
  let status;
  let data;
  let isStream = false;
  try {
    const response = await new Function("client", `return ${operation.call}`)(client);
    status = response.status;
    data = response.data;
    isStream = typeof data === "object" && data?.[Symbol.asyncIterator] !== undefined && !(data instanceof Blob);
    if (data instanceof Blob) data = await data.text();
    if (isStream) for await (const item of data) void item;
  } catch (error) {
    if (!(error instanceof ApiError)) {
      console.log(`${operation.key}: ${operation.call.slice(0, 300)}: ${error.stack}`);
      continue;
    }
    status = error.status;
    data = error.data;
  }
  let body = operation.body;
  if (operation.media_type?.includes("json")) {
    try {
      body = JSON.parse(body);
    } catch {
      // A declared example need not be JSON.
    }
  }
  // An example of a stream is one text, which need not have the form of events.
  const isSame = isDeepStrictEqual(data, body) || isStream || operation.method === "HEAD" || (!body && data === null);
  if (status !== operation.status || !isSame) {
    const seen = `${status} ${String(JSON.stringify(data)).slice(0, 300)}`;
    console.log(`${operation.key}: ${operation.call.slice(0, 300)}: ${seen}, not ${operation.status} ${String(body).slice(0, 200)}`);
  }
}
console.log(`${calls} called`);
