// Calls each operation of a client, and prints what differs from the declared responses.

import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";

const [name, address, file] = process.argv.slice(2);
const { ApiError, Client } = await import(`${process.cwd()}/${name}/index.js`);
const client = new Client({ baseUrl: `${address}/${name}`, timeout: 10_000, retries: 0 });

async function consumed(data) {
  if (data instanceof Blob) return data.text();
  if (data === null || typeof data !== "object" || data[Symbol.asyncIterator] === undefined) return data;
  const items = [];
  for await (const item of data) items.push(item);
  return items;
}

for (const operation of JSON.parse(readFileSync(file, "utf8"))) {
  // `fetch` sends no TRACE, and takes 407 for a fault of the connection.
  if (operation.status === null || operation.status === 407 || operation.method === "TRACE") continue;
  let status;
  let data;
  try {
    const response = await new Function("client", `return ${operation.call}`)(client);
    status = response.status;
    data = await consumed(response.data);
  } catch (error) {
    if (!(error instanceof ApiError)) {
      console.log(`${operation.key}: ${operation.call.slice(0, 300)}: ${error.stack}`);
      continue;
    }
    status = error.status;
    data = error.data;
  }
  let body = operation.body;
  if (operation.media_type?.includes("json") && !Array.isArray(data)) {
    try {
      body = JSON.parse(body);
    } catch {
      // A declared example need not be JSON.
    }
  }
  const isSame = isDeepStrictEqual(data, body) || Array.isArray(data) || operation.method === "HEAD" || (!body && data === null);
  if (status !== operation.status || !isSame) {
    const seen = `${status} ${String(JSON.stringify(data)).slice(0, 300)}`;
    console.log(`${operation.key}: ${operation.call.slice(0, 300)}: ${seen}, not ${operation.status} ${String(body).slice(0, 200)}`);
  }
}
