/** Any error of this client. */
export declare class ClientError extends Error {}
/** The server was not reached, or the connection broke. */
export declare class ConnectionFailed extends ClientError {}
/** The server took too long. */
export declare class TimedOut extends ConnectionFailed {}

/** Details of an error (RFC 9457). */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  instance?: string;
  code?: string;
  requestId?: string;
}

/** The server answered with an error: a status of 400 or above, or a redirect that the definition does not declare. */
export declare class ApiError extends ClientError {
  readonly status: number;
  readonly headers: Headers;
  /** The body: JSON if it is JSON, else text. */
  readonly data: unknown;
  /** The details where the server gives any (RFC 9457), else empty. */
  readonly problem: Problem;
  /** The server's own name of the error, like `NOT_FOUND`. */
  readonly code: string | undefined;
  /** The id by which the server's log names the request. */
  readonly requestId: string | undefined;
}
/** 400, 413, 415 or 422: the request is not valid. */
export declare class BadRequest extends ApiError {}
/** 401: no valid credentials. */
export declare class NotAuthenticated extends ApiError {}
/** 403: the caller may not do this. */
export declare class NotPermitted extends ApiError {}
/** 404 or 410: there is no such thing. */
export declare class NotFound extends ApiError {}
/** 409 or 412: it changed meanwhile. */
export declare class Conflict extends ApiError {}
/** 429: too many requests. */
export declare class RateLimited extends ApiError {}
/** 500 or above. */
export declare class ServerFailed extends ApiError {}

/** A response: its status, its headers and its data. */
export interface ApiResponse<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: T;
}

/** The content of a file. */
export type FileContent = Blob | ArrayBuffer | ArrayBufferView | ReadableStream<Uint8Array>;

/** A file to send, and how it is called. */
export declare class Upload {
  constructor(content: FileContent | string, name?: string, contentType?: string);
  readonly content: FileContent | string;
  readonly name: string;
  readonly contentType: string | undefined;
}

/** A file to send. */
export type FileInput = FileContent | Upload;

/** A server-sent event. */
export interface ServerEvent<T> {
  readonly event: string;
  readonly data: T;
  readonly id: string;
  readonly retry: number | undefined;
}

/** A request that is about to be sent. */
export interface OutgoingRequest {
  method: string;
  url: string;
  headers: Headers;
  body: unknown;
}

/** Shows who the caller is: changes a request before it is sent. */
export type Auth = (request: OutgoingRequest) => void | Promise<void>;

/** Shows a subscription key, like `apk_…`. */
export declare function subscriptionKey(key: string, header?: string): Auth;
/** Shows a token, or the one that a function gives for each request. */
export declare function bearerToken(token: string | (() => string | Promise<string>)): Auth;
/** Shows a user name and a password. */
export declare function basicAuth(user: string, password: string): Auth;
/** Shows a key in a header, a query parameter or a cookie of any name. */
export declare function apiKey(name: string, value: string, place?: "header" | "query" | "cookie"): Auth;
/** Signs each request with a secret: JDCLOUD3-HMAC-SHA256, which also covers the body. */
export declare function signature(
  keyId: string,
  secret: string,
  options?: { region?: string; service?: string; now?: string; nonce?: string },
): Auth;

/** Options of a client. */
export interface ClientOptions {
  /** The address, instead of that of an environment. */
  baseUrl?: string;
  /** Credentials. */
  auth?: Auth | readonly Auth[];
  /** Milliseconds to wait for the server, each time: for the head of a response, and for each piece of its body. */
  timeout?: number;
  /** Times that a request is sent again after 429, 503 or a lost connection. */
  retries?: number;
  /** Additional headers. */
  headers?: Readonly<Record<string, string>>;
  /** The function that sends, instead of the platform's. */
  fetch?: typeof globalThis.fetch;
}

/** Options of one request. */
export interface RequestOptions {
  /** Milliseconds to wait for the server, each time: for the head of the response, and for each piece of its body. */
  timeout?: number;
  /** Times that it is sent again after 429, 503 or a lost connection. */
  retries?: number;
  /** Additional headers. */
  headers?: Readonly<Record<string, string>>;
  /** Media types of the response, where several are declared. */
  accept?: string;
  /** The media type of the body, where several are declared. */
  contentType?: string;
  /** Ends the request. */
  signal?: AbortSignal;
}

/** Sends the requests of a client. */
export declare class BaseClient {
  constructor(baseUrl: string, options: ClientOptions, userAgent: string);
}
