// Requests, responses and errors of the client, over `fetch` and Web Crypto: Node 18 or newer, browsers, Deno.

const RETRIED = [429, 503];
const LONGEST_PAUSE = 60_000;
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "QUERY"];

/** Any error of this client. */
export class ClientError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** The server was not reached, or the connection broke. */
export class ConnectionFailed extends ClientError {}

/** The server took too long. */
export class TimedOut extends ConnectionFailed {}

/** The server answered with an error: a status of 400 or above, or a redirect that the definition does not declare. */
export class ApiError extends ClientError {
  constructor(status, headers, data) {
    const problem = data !== null && typeof data === "object" && !Array.isArray(data) ? data : {};
    const location = status < 400 && headers.get("location");
    const text = problem.detail ?? problem.title ?? (location ? `it leads to ${location}` : "");
    super(problem.code ? `${status} ${problem.code}: ${text}` : `${status} ${text}`.trim());
    this.status = status;
    this.headers = headers;
    this.data = data;
    this.problem = problem;
    this.code = problem.code;
    this.requestId = problem.requestId ?? headers.get("x-request-id") ?? undefined;
  }
}

/** 400, 413, 415 or 422: the request is not valid. */
export class BadRequest extends ApiError {}
/** 401: no valid credentials. */
export class NotAuthenticated extends ApiError {}
/** 403: the caller may not do this. */
export class NotPermitted extends ApiError {}
/** 404 or 410: there is no such thing. */
export class NotFound extends ApiError {}
/** 409 or 412: it changed meanwhile. */
export class Conflict extends ApiError {}
/** 429: too many requests. */
export class RateLimited extends ApiError {}
/** 500 or above. */
export class ServerFailed extends ApiError {}

const ERRORS = {
  400: BadRequest,
  401: NotAuthenticated,
  403: NotPermitted,
  404: NotFound,
  409: Conflict,
  410: NotFound,
  412: Conflict,
  413: BadRequest,
  415: BadRequest,
  422: BadRequest,
  429: RateLimited,
};

/** A file to send, and how it is called. */
export class Upload {
  constructor(content, name = "file", contentType = undefined) {
    this.content = content;
    this.name = name;
    this.contentType = contentType;
  }
}

// Parameters

function encode(text) {
  return encodeURIComponent(text).replace(/[!'()*]/g, hexadecimal);
}

function hexadecimal(character) {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

function encodeButReserved(text, delimiter) {
  const kept = "/!$'()*,;=:@?".replace(delimiter, "");
  return Array.from(text, (character) => (kept.includes(character) ? character : encode(character))).join("");
}

function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** Lists the fields of an object that have a value, as `JSON.stringify` does. */
function fieldsOf(object) {
  return Object.entries(object).filter(([, value]) => value !== undefined);
}

function itemsOf(list) {
  return list.filter((item) => item !== undefined);
}

function nested(name, value) {
  if (Array.isArray(value)) return itemsOf(value).flatMap((item) => nested(name, item));
  if (isObject(value)) return fieldsOf(value).flatMap(([part, inner]) => nested(`${name}][${part}`, inner));
  return [[name, plain(value)]];
}

function writeParameter([parameterName, place, style, mayExplode, isReserved, isJson], value) {
  const encoded = (text) => {
    if (place === "query" && isReserved) return encodeButReserved(text, style === "form" && !mayExplode ? "," : "=");
    return place === "path" || place === "query" ? encode(text) : text;
  };
  const name = encoded(parameterName);
  const named = (text) => {
    // The whole query has no name (OpenAPI 3.2, `querystring`).
    if (place === "query" || place === "cookie") return name === "" ? text : `${name}=${text}`;
    if (style === "matrix") return `;${name}=${text}`;
    return style === "label" ? `.${text}` : text;
  };
  const explode = mayExplode && (place === "query" || style !== "form");
  if (isJson) return named(encoded(JSON.stringify(value)));
  if (Array.isArray(value)) return writeList(style, explode, name, named, itemsOf(value).map((item) => encoded(plain(item))));
  if (isObject(value)) {
    const pair = ([key, item]) => (style === "deepObject" ? nested(key, item) : [[key, plain(item)]]);
    const fields = fieldsOf(value).flatMap(pair);
    return writeObject(style, explode, name, named, fields.map(([key, text]) => [encoded(key), encoded(text)]));
  }
  return named(encoded(plain(value)));
}

function writeList(style, explode, name, named, items) {
  if (style === "form" && explode) return items.map((item) => `${name}=${item}`).join("&");
  if (style === "matrix" && explode) return items.map((item) => `;${name}=${item}`).join("");
  if (style === "label" && explode) return items.map((item) => `.${item}`).join("");
  return named(items.join(separatorOf(style) ?? ","));
}

/** Returns the text between the parts of a value in one text, for a style that has one. */
function separatorOf(style) {
  return { form: ",", spaceDelimited: "%20", pipeDelimited: "%7C" }[style];
}

function writeObject(style, explode, name, named, fields) {
  if (style === "deepObject") return fields.map(([key, value]) => `${name}%5B${key}%5D=${value}`).join("&");
  const [before, between] = { form: ["", "&"], matrix: [";", ""], label: [".", ""], simple: ["", ","] }[style] ?? [];
  if (explode && between !== undefined) return fields.map(([key, value]) => `${before}${key}=${value}`).join(between);
  return named(fields.flat().join(separatorOf(style) ?? ","));
}

function writeParameters(operation, values) {
  const written = [];
  const query = operation.query ? [operation.query] : [];
  const headers = {};
  const cookies = [];
  operation.parameters.forEach((parameter, index) => {
    const value = values[index];
    if (value === undefined || value === null) return;
    const [name, place] = parameter;
    const text = writeParameter(parameter, value);
    if (place === "path") written[index] = text;
    else if (place === "query") query.push(...(text ? [text] : []));
    else if (place === "header") headers[name.toLowerCase()] = text;
    else cookies.push(text);
  });
  if (cookies.some(endsCookie)) {
    throw new TypeError(`${operation.name}: a cookie holds ";" or a control character, which would make another cookie or header of its rest`);
  }
  if (cookies.length > 0) headers.cookie = cookies.join("; ");
  const path = operation.path.map((piece) => {
    if (typeof piece === "string") return piece;
    if (!written[piece]) throw new TypeError(`${operation.name}: ${operation.parameters[piece][0]} is missing or empty`);
    return written[piece];
  }).join("");
  // `fetch` takes such parts away, and the one before: that is the path of another operation.
  if (written.length > 0 && path.split("/").some((part) => /^(\.|%2e){1,2}$/i.test(part))) {
    throw new TypeError(`${operation.name}: a part of the path is "." or "..", which leads to another operation: ${path}`);
  }
  return { path, query: query.join("&"), headers };
}

function endsCookie(text) {
  return /[;\x00-\x1f\x7f]/.test(text);
}

// Bodies

function isFile(value) {
  return (
    value instanceof Upload ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    (typeof Blob !== "undefined" && value instanceof Blob) ||
    isStream(value)
  );
}

function isStream(value) {
  return typeof ReadableStream !== "undefined" && value instanceof ReadableStream;
}

/** Lists the fields of a form; those with a delimiter are one value of several parts. */
function pairs(value, parts) {
  return Object.entries(value).flatMap(([name, field]) => {
    const [, style, explode] = Object.hasOwn(parts, name) ? parts[name] : [null, null, true];
    if (field === undefined || field === null) return [];
    const delimiter = separatorOf(style);
    if (Array.isArray(field)) {
      if (delimiter !== undefined && !explode) return [[name, itemsOf(field), delimiter]];
      return itemsOf(field).map((item) => [name, item]);
    }
    if (isObject(field) && !isFile(field)) {
      if (style === "deepObject") {
        const fields = fieldsOf(field).flatMap(([key, inner]) => nested(key, inner));
        return fields.map(([key, text]) => [`${name}[${key}]`, text]);
      }
      if (style === "form" && explode) return fieldsOf(field);
      if (delimiter !== undefined) return [[name, fieldsOf(field).flat(), delimiter]];
    }
    return [[name, field]];
  });
}

function writeForm(value, parts) {
  const text = ([name, field, delimiter]) =>
    `${encode(name)}=${delimiter === undefined ? encode(plain(field)) : field.map((item) => encode(plain(item))).join(delimiter)}`;
  return pairs(value, parts).map(text).join("&");
}

/** Writes a name between quotes as browsers do (HTML, "multipart/form-data encoding algorithm"). */
function quoted(name) {
  return name.replaceAll('"', "%22").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

/** Lists the media types and ranges that are declared for a part, separated by commas. */
function rangesOf(declared) {
  return declared.split(",").map((name) => name.trim()).filter((name) => name !== "");
}

/** Chooses the media type of a part that is no file among those that are declared. */
function partType(declared, field) {
  const names = rangesOf(declared).filter((name) => !name.includes("*"));
  const json = isObject(field) ? names.find((name) => kindOf(name) === "json") : undefined;
  return json ?? names[0] ?? (isObject(field) ? "application/json" : undefined);
}

/** Chooses the media type of a file among those that are declared: its own, that of its ending, the first. */
function fileType(declared, upload) {
  const ranges = rangesOf(declared);
  const own = upload.contentType ?? (takes(ranges, upload.content.type) ? upload.content.type : undefined);
  if (own !== undefined) return own;
  const names = ranges.filter((name) => !name.includes("*"));
  const ending = /\.([^.]*)$/.exec(upload.name)?.[1].toLowerCase() ?? "";
  const subtype = { jpg: "jpeg", tif: "tiff", txt: "plain" }[ending] ?? ending;
  const meant = names.find((name) => name.split("/").at(-1).replace(/^x-|\+.*/g, "") === subtype);
  return meant ?? names[0] ?? (ranges.includes("image/*") ? "image/png" : "application/octet-stream");
}

/** True if a media type is one of those that are declared, or any where none are. */
function takes(ranges, mediaType) {
  if (!mediaType) return false;
  const name = essence(mediaType);
  const isOf = (range) => range === "*/*" || range === name || (range.endsWith("/*") && name.startsWith(range.slice(0, -1)));
  return ranges.length === 0 || ranges.map(essence).some(isOf);
}

/** Writes a form of parts. `FormData` would make a file of each part that has a media type. */
async function writeMultipart(value, parts) {
  const boundary = `part-${Array.from({ length: 3 }, () => Math.random().toString(36).slice(2)).join("")}`;
  const pieces = [];
  for (const [name, field, delimiter] of pairs(value, parts)) {
    const declared = (Object.hasOwn(parts, name) ? parts[name][0] : null) ?? "";
    let type = partType(declared, delimiter === undefined ? field : undefined);
    let fileName;
    let content;
    if (delimiter !== undefined) {
      // Nothing is percent-encoded in a part (RFC 7578, section 2).
      content = field.map(plain).join(decodeURIComponent(delimiter));
    } else if (isFile(field)) {
      const upload = field instanceof Upload ? field : new Upload(field, field.name);
      fileName = upload.name;
      type = fileType(declared, upload);
      content = isStream(upload.content) ? await new Response(upload.content).arrayBuffer() : upload.content;
    } else {
      content = plain(field);
    }
    const file = fileName === undefined ? "" : `; filename="${quoted(fileName)}"`;
    const media = type === undefined ? "" : `\r\nContent-Type: ${type}`;
    pieces.push(`--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}${media}\r\n\r\n`, content, "\r\n");
  }
  pieces.push(`--${boundary}--\r\n`);
  // The bytes are known, as a signature needs them.
  return { type: `multipart/form-data; boundary=${boundary}`, content: await new Blob(pieces).arrayBuffer() };
}

function chooseContent(operation, value, mediaType) {
  if (mediaType !== undefined) {
    const found = operation.contents.find(([known]) => essence(known) === essence(mediaType));
    return [mediaType, found?.[1] ?? kindOf(mediaType), found?.[2] ?? {}];
  }
  let wanted = ["json", "multipart", "form", "lines"];
  if (isFile(value)) wanted = ["bytes", "text", "json"];
  else if (typeof value === "string") wanted = ["text", "json", "bytes"];
  const shape = isObject(value) ? "object" : Array.isArray(value) ? "array" : "scalar";
  const contents = wanted.map((kind) => {
    const ofKind = operation.contents.filter(([, known]) => known === kind);
    return ofKind.find(([, , , shapes]) => shapes === undefined || shapes.split(" ").includes(shape)) ?? ofKind[0];
  });
  return contents.find((found) => found !== undefined) ?? operation.contents[0] ?? ["application/json", "json", {}];
}

function concrete(mediaType, usual) {
  const [kind, subtype] = mediaType.split("/");
  if (subtype !== "*") return mediaType;
  if (kind === "*" || kind === usual.split("/")[0]) return usual;
  return kind === "image" ? "image/png" : `${kind}/plain`;
}

/** Writes a body: its bytes and its media type; a form of parts is a text of its own, which may be sent again. */
async function writeBody(operation, value, mediaType) {
  const [declared, kind, parts] = chooseContent(operation, value, mediaType);
  if (kind === "form") return { type: declared, content: writeForm(value, parts) };
  if (kind === "multipart") return writeMultipart(value, parts);
  if (kind === "lines") {
    // Each text of a sequence begins with a record separator (RFC 7464, section 2.2).
    const before = essence(declared).endsWith("json-seq") ? "\x1e" : "";
    return { type: declared, content: value.map((item) => `${before}${JSON.stringify(item)}\n`).join("") };
  }
  if (isFile(value)) {
    const upload = value instanceof Upload ? value : new Upload(value);
    const ranges = operation.contents.map(([name]) => name);
    const ofBlob = takes(ranges, upload.content.type) ? upload.content.type : undefined;
    const own = mediaType === undefined ? (upload.contentType ?? ofBlob) : undefined;
    return { type: own ?? concrete(declared, "application/octet-stream"), content: upload.content };
  }
  if (typeof value === "string" && ["text", "bytes", "events"].includes(kind)) {
    return { type: concrete(declared, "text/plain"), content: value };
  }
  return { type: concrete(declared, "application/json"), content: JSON.stringify(value) };
}

// Responses

function essence(mediaType) {
  return mediaType.split(";")[0].trim().toLowerCase();
}

function kindOf(mediaType) {
  const name = essence(mediaType);
  if (name === "application/json" || name === "text/json" || name.endsWith("+json")) return "json";
  if (/^application\/(x-ndjson|ndjson|jsonl|jsonlines|x-jsonlines|json-seq)$/.test(name)) return "lines";
  if (name.endsWith("+json-seq")) return "lines";
  if (name === "text/event-stream") return "events";
  if (name === "application/x-www-form-urlencoded") return "form";
  if (name === "multipart/form-data") return "multipart";
  if (name.startsWith("text/") || /^application\/(xml|yaml)$/.test(name) || /\+(xml|yaml)$/.test(name)) return "text";
  return "bytes";
}

async function* chunksOf(body) {
  if (body === null) return;
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function* textsOf(body) {
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(body)) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** Writes LF for each end of a line, which is CR, LF or both (HTML, "Parsing an event stream"). */
async function* withLineFeeds(texts) {
  let isAfterReturn = false;
  for await (const text of texts) {
    if (text === "") continue;
    yield (isAfterReturn && text.startsWith("\n") ? text.slice(1) : text).replace(/\r\n?/g, "\n");
    isAfterReturn = text.endsWith("\r");
  }
}

async function* linesOf(texts) {
  let pieces = [];
  for await (const text of texts) {
    const lines = text.split("\n");
    const rest = lines.pop();
    for (const line of lines) {
      yield [...pieces, line].join("");
      pieces = [];
    }
    pieces.push(rest);
  }
  const rest = pieces.join("");
  if (rest !== "") yield rest;
}

async function* jsonLinesOf(body) {
  for await (const line of linesOf(textsOf(body))) {
    if (line.trim() !== "") yield itemOf(line);
  }
}

/** Reads texts after record separators (RFC 7464), each when its line ends, or, of several lines, when the next one begins. */
async function* jsonRecordsOf(body) {
  let record = [];
  const items = () => (record.join("").trim() === "" ? [] : [itemOf(record.join("\n"))]);
  for await (const line of linesOf(textsOf(body))) {
    const [first, ...begun] = line.split("\x1e");
    record.push(first);
    for (const text of begun) {
      yield* items();
      record = [text];
    }
    if (record.length === 1 && (record[0].trim() === "" || isJson(record[0]))) {
      yield* items();
      record = [];
    }
  }
  yield* items();
}

function isJson(text) {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function itemOf(line) {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new ClientError("the server sent a line that is no JSON that can be read", { cause });
  }
}

async function* eventsOf(body) {
  let event = "";
  let data = [];
  let id = "";
  let retry;
  for await (const line of linesOf(withLineFeeds(textsOf(body)))) {
    const at = line.indexOf(":");
    const name = at < 0 ? line : line.slice(0, at);
    const value = at < 0 ? "" : line.slice(at + 1).replace(/^ /, "");
    if (line === "") {
      if (data.length > 0) yield { event: event || "message", data: parsed(data.join("\n")), id, retry };
      event = "";
      data = [];
    } else if (name === "event") event = value;
    else if (name === "data") data.push(value);
    else if (name === "id" && !value.includes("\0")) id = value;
    else if (name === "retry" && /^\d+$/.test(value)) retry = Number(value);
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function readData({ status, headers, content }, isError) {
  const type = headers.get("content-type") ?? "";
  const kind = type === "" ? "bytes" : kindOf(type);
  if (!isError) {
    if (kind === "events") return eventsOf(content.body);
    if (kind === "lines") return essence(type).endsWith("json-seq") ? jsonRecordsOf(content.body) : jsonLinesOf(content.body);
    if ((kind === "bytes" || kind === "multipart") && type !== "") return content.blob();
  }
  // The status of an error tells more than the loss of its explanation.
  const bytes = await content.arrayBuffer().catch((cause) => {
    if (isError && cause instanceof ConnectionFailed) return new ArrayBuffer(0);
    throw cause;
  });
  // A text may be empty; of anything else, that is nothing.
  if (bytes.byteLength === 0) return ["text", "form"].includes(kind) && !isError ? "" : null;
  const text = decoderOf(kind === "json" ? "" : type).decode(bytes);
  if (kind !== "json") return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (isError) return text;
    throw new ClientError(`the server answered ${status} with JSON that cannot be read`, { cause });
  }
}

/** Returns a decoder of texts of a media type, which are in UTF-8 unless it says otherwise. */
function decoderOf(mediaType) {
  const [, charset] = /;\s*charset\s*=\s*"?([^\s;"]+)/i.exec(mediaType) ?? [];
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

// Credentials

/** Shows a subscription key, like `apk_…`. */
export function subscriptionKey(key, header = "x-api-key") {
  return (request) => void request.headers.set(header, key);
}

/** Shows a token, or the one that a function gives for each request. */
export function bearerToken(token) {
  return async (request) => {
    request.headers.set("authorization", `Bearer ${typeof token === "string" ? token : await token()}`);
  };
}

/** Shows a user name and a password. */
export function basicAuth(user, password) {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  return (request) => void request.headers.set("authorization", `Basic ${btoa(String.fromCharCode(...bytes))}`);
}

/** Shows a key in a header, a query parameter or a cookie of any name. */
export function apiKey(name, value, place = "header") {
  return (request) => {
    if (place === "header") request.headers.set(name, value);
    if (place === "query") request.url += `${request.url.includes("?") ? "&" : "?"}${encode(name)}=${encode(value)}`;
    if (place === "cookie") {
      if (endsCookie(`${name}=${value}`)) throw new TypeError(`the cookie ${name} holds ";" or a control character`);
      const known = request.headers.get("cookie");
      request.headers.set("cookie", known === null ? `${name}=${value}` : `${known}; ${name}=${value}`);
    }
  };
}

/** Signs each request with a secret: JDCLOUD3-HMAC-SHA256, which also covers the body. */
export function signature(keyId, secret, { region = "local", service = "apigw", now, nonce } = {}) {
  return async (request) => {
    const moment = now ?? new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const once = nonce ?? crypto.randomUUID().replaceAll("-", "");
    const bytes = await bytesOf(request.body);
    if (request.body !== undefined) request.body = bytes;
    // As `fetch` sends them.
    const { host, pathname, search } = new URL(request.url);
    const signed = { host, "x-jdcloud-date": moment, "x-jdcloud-nonce": once };
    const type = request.headers.get("content-type");
    if (type !== null) signed["content-type"] = type.trim();
    const names = Object.keys(signed).sort();
    const lines = names.map((name) => `${name}:${signed[name]}\n`).join("");
    const canonical = [request.method, pathname, canonicalQuery(search.slice(1)), lines, names.join(";"), await sha256(bytes)];
    const scope = `${moment.slice(0, 8)}/${region}/${service}/jdcloud3_request`;
    const text = ["JDCLOUD3-HMAC-SHA256", moment, scope, await sha256(utf8(canonical.join("\n")))].join("\n");
    let key = utf8(`JDCLOUD3${secret}`);
    for (const part of scope.split("/")) key = await hmac(key, part);
    const proof = hex(await hmac(key, text));
    request.headers.set("x-jdcloud-date", moment);
    request.headers.set("x-jdcloud-nonce", once);
    request.headers.set(
      "authorization",
      `JDCLOUD3-HMAC-SHA256 Credential=${keyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${proof}`,
    );
  };
}

function utf8(text) {
  return new TextEncoder().encode(text);
}

function hex(bytes) {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function sha256(bytes) {
  return hex(await crypto.subtle.digest("SHA-256", bytes));
}

async function hmac(key, text) {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return crypto.subtle.sign("HMAC", imported, utf8(text));
}

async function bytesOf(body) {
  return body === undefined ? new Uint8Array() : new Uint8Array(await new Response(body).arrayBuffer());
}

function canonicalQuery(query) {
  const decoded = (text) => encode(decodeURIComponent(text.replace(/\+/g, " ")));
  const pair = (text) => {
    const at = text.indexOf("=");
    return at < 0 ? [decoded(text), ""] : [decoded(text.slice(0, at)), decoded(text.slice(at + 1))];
  };
  const list = query.split("&").filter((text) => text !== "").map(pair);
  const order = (one, other) => (one < other ? -1 : one > other ? 1 : 0);
  list.sort((one, other) => order(one[0], other[0]) || order(one[1], other[1]));
  return list.map(([name, value]) => `${name}=${value}`).join("&");
}

// Transport

const OWN_NAME = typeof window === "undefined";

/** Sends the requests of a client. */
export class BaseClient {
  #baseUrl;
  #options;

  constructor(baseUrl, options, userAgent) {
    if (!/^https?:\/\//.test(baseUrl)) throw new TypeError(`${baseUrl} is not an http or https address`);
    if (/[?#]/.test(baseUrl)) throw new TypeError(`${baseUrl} has a query or a fragment, behind which no path can stand`);
    this.#baseUrl = baseUrl.replace(/\/+$/, "");
    this.#options = { timeout: 60_000, retries: 2, auth: [], userAgent, ...Object.fromEntries(fieldsOf(options ?? {})) };
  }

  /** Sends a request of an operation; the methods of the client call it. */
  async _send(operation, values, body, options = {}) {
    const { path, query, headers } = writeParameters(operation, values);
    const settings = { ...this.#options, ...Object.fromEntries(fieldsOf(options)) };
    const every = new Headers(OWN_NAME ? { "user-agent": this.#options.userAgent } : {});
    every.set("accept", options.accept ?? operation.accept);
    for (const [name, value] of Object.entries(headers)) every.set(name, headerText(value));
    const written = body === undefined ? undefined : await writeBody(operation, body, options.contentType);
    if (written !== undefined) every.set("content-type", written.type);
    for (const more of [this.#options.headers, options.headers]) {
      for (const [name, value] of Object.entries(more ?? {})) every.set(name, value);
    }
    const url = `${this.#baseUrl}${path}${query ? `?${query}` : ""}`;
    const request = { method: operation.method, url, headers: every, body: written?.content };
    const response = await this.#sendWithRetries(request, settings);
    const isError = response.status >= 400 || (response.status >= 300 && !operation.mayRedirect);
    const data = await readData(response, isError);
    if (isError) {
      const Kind = response.status >= 500 ? ServerFailed : (ERRORS[response.status] ?? ApiError);
      throw new Kind(response.status, response.headers, data);
    }
    return { status: response.status, headers: response.headers, data };
  }

  async #sendWithRetries(request, settings) {
    for (let attempt = 0; ; attempt += 1) {
      const mayRepeat = attempt < settings.retries && !isStream(request.body);
      let response;
      try {
        response = await sendOnce(request, settings);
      } catch (error) {
        if (!mayRepeat || !(error instanceof ConnectionFailed) || !IDEMPOTENT.includes(request.method)) throw error;
        await pause(pauseOf(attempt, null), settings.signal);
        continue;
      }
      if (!RETRIED.includes(response.status) || !mayRepeat) return response;
      const wait = pauseOf(attempt, response.headers.get("retry-after"));
      // Sooner than the server says is too soon, and a longer wait is the caller's to decide.
      if (wait > LONGEST_PAUSE) return response;
      await dropBody(response.content.body);
      await pause(wait, settings.signal);
    }
  }
}

/** A header holds bytes; a text beyond Latin-1 is sent as UTF-8, as other clients send it. */
function headerText(text) {
  return /^[\x00-\xff]*$/.test(text) && !/[\x80-\xff]/.test(text) ? text : String.fromCharCode(...utf8(text));
}

async function sendOnce(original, settings) {
  const request = { ...original, headers: new Headers(original.headers) };
  for (const auth of [settings.auth].flat()) await auth(request);
  const wait = new Wait(settings);
  const { method, url, headers, body } = request;
  const more = isStream(body) ? { duplex: "half" } : {};
  const send = settings.fetch ?? globalThis.fetch;
  const received = await wait.within(() => send(url, { method, headers, body, redirect: "manual", signal: wait.signal, ...more }));
  // A browser hides all of a redirect, its status too.
  if (received.type === "opaqueredirect") throw new ClientError("the server redirects, and a browser does not tell where to");
  // A response of one's own reads the body, but takes no status that a body has no place in.
  const own = new Response(wait.timed(received.body), { headers: received.headers });
  return { status: received.status, headers: received.headers, content: own };
}

/** The wait for a server: for the head of a response, and for each piece of its body. Its failures are errors of this client. */
class Wait {
  #controller = new AbortController();
  #timeout;
  #caller;
  #abort;

  constructor({ timeout, signal }) {
    this.#timeout = timeout;
    this.#caller = signal;
    this.#abort = () => this.#controller.abort(signal.reason);
    if (signal?.aborted) this.#abort();
    signal?.addEventListener("abort", this.#abort, { once: true });
  }

  get signal() {
    return this.#controller.signal;
  }

  /** Waits for a step of the server. */
  async within(step) {
    let isLate = false;
    const late = () => {
      isLate = true;
      this.#controller.abort();
    };
    const timer = this.#timeout > 0 && Number.isFinite(this.#timeout) ? setTimeout(late, this.#timeout) : undefined;
    try {
      return await step();
    } catch (cause) {
      this.#end();
      if (isLate) throw new TimedOut("the server did not answer in time", { cause });
      if (this.#caller?.aborted) throw cause;
      throw new ConnectionFailed(`the connection failed: ${cause?.cause?.message ?? cause?.message ?? cause}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Returns a body that waits for each of its pieces. */
  timed(body) {
    if (body === null) {
      this.#end();
      return null;
    }
    const reader = body.getReader();
    const pull = async (stream) => {
      const { done, value } = await this.within(() => reader.read());
      if (!done) return stream.enqueue(value);
      this.#end();
      return stream.close();
    };
    const cancel = (reason) => {
      this.#end();
      return reader.cancel(reason);
    };
    return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
  }

  #end() {
    this.#caller?.removeEventListener("abort", this.#abort);
  }
}

/** Reads a short body, so that the connection stays; a longer one is not waited for, nor one that breaks off. */
async function dropBody(body) {
  const reader = body?.getReader();
  await reader?.read().catch(() => {});
  await reader?.cancel().catch(() => {});
}

/** Returns the milliseconds before the next attempt, as a server states them in seconds or as a date. */
function pauseOf(attempt, retryAfter) {
  if (/^[0-9]+$/.test(retryAfter ?? "")) return Number(retryAfter) * 1000;
  const until = Date.parse(retryAfter ?? "") - Date.now();
  return Number.isFinite(until) ? Math.max(until, 0) : (0.5 + Math.random() / 2) * 500 * 2 ** attempt;
}

function pause(wait, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, wait);
    signal?.addEventListener("abort", () => (clearTimeout(timer), reject(signal.reason)), { once: true });
  });
}
