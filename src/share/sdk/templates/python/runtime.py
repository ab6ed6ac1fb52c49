"""Requests, responses and errors of the client. It needs the standard library alone."""

from __future__ import annotations

import base64
import datetime
import email.utils
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import secrets
import selectors
import socket
import ssl
import threading
import time
import typing as _t
import urllib.parse

T = _t.TypeVar("T")
JsonValue = _t.Any
Query = _t.List[_t.Tuple[str, str]]

_CHUNK = 65536
_UNRESERVED = "-._~"
_KEPT_IN_QUERIES = "-._~/!$'()*,;=:@?"
_RETRIED = (429, 503)
_ENDS_COOKIE = re.compile("[;\x00-\x1f\x7f]")
_ENDS_HEADER = re.compile("[\r\n\0]")
_LONGEST_PAUSE = 60.0
_IDEMPOTENT = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE", "QUERY")


class Problem(_t.TypedDict, total=False):
    """Details of an error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    requestId: str


class Headers(_t.Mapping[str, str]):
    """Headers of a response by name, in any case; a name that is there twice has its values joined by commas."""

    def __init__(self, items: _t.Iterable[_t.Tuple[str, str]] = ()) -> None:
        self._items: _t.Dict[str, _t.List[str]] = {}
        for name, value in items:
            self._items.setdefault(name.lower(), []).append(value)

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._items[name.lower()])

    def __iter__(self) -> _t.Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def get_all(self, name: str) -> _t.List[str]:
        """Returns each value of a name."""
        return list(self._items.get(name.lower(), ()))

    def __repr__(self) -> str:
        return f"Headers({self._items!r})"


class Response(_t.Generic[T]):
    """A response: its status, its headers and its data."""

    __slots__ = ("status", "headers", "data")

    def __init__(self, status: int, headers: Headers, data: T) -> None:
        self.status = status
        self.headers = headers
        self.data = data

    def __repr__(self) -> str:
        return f"Response(status={self.status}, data={self.data!r})"


class ClientError(Exception):
    """Any error of this client."""


class ConnectionFailed(ClientError):
    """The server was not reached, or the connection broke."""


class TimedOut(ConnectionFailed):
    """The server took too long."""


class ApiError(ClientError):
    """The server answered with an error: a status of 400 or above, or a redirect that the definition does not declare."""

    def __init__(self, status: int, headers: Headers, data: _t.Any) -> None:
        self.status = status
        self.headers = headers
        self.data = data
        """The body: JSON if it is JSON, else text."""
        is_problem = isinstance(data, dict)
        self.problem: Problem = _t.cast(Problem, data) if is_problem else {}
        """The details where the server gives any (RFC 9457), else empty."""
        text = self.problem.get("detail") or self.problem.get("title") or http.client.responses.get(status, "")
        if "location" in headers and 300 <= status < 400:
            text = f"{text}: it leads to {headers['location']}"
        code = self.problem.get("code")
        super().__init__(f"{status} {code}: {text}" if code else f"{status} {text}")

    @property
    def code(self) -> _t.Optional[str]:
        """The server's own name of the error, like `NOT_FOUND`."""
        return self.problem.get("code")

    @property
    def request_id(self) -> _t.Optional[str]:
        """The id by which the server's log names the request."""
        return self.problem.get("requestId") or self.headers.get("x-request-id")


class BadRequest(ApiError):
    """400, 413, 415 or 422: the request is not valid."""


class NotAuthenticated(ApiError):
    """401: no valid credentials."""


class NotPermitted(ApiError):
    """403: the caller may not do this."""


class NotFound(ApiError):
    """404 or 410: there is no such thing."""


class Conflict(ApiError):
    """409 or 412: it changed meanwhile."""


class RateLimited(ApiError):
    """429: too many requests."""


class ServerFailed(ApiError):
    """500 or above."""


def _error_class(status: int) -> _t.Type[ApiError]:
    if status >= 500:
        return ServerFailed
    classes: _t.Dict[int, _t.Type[ApiError]] = {
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
    }
    return classes.get(status, ApiError)


class Upload:
    """A file to send: bytes, or anything with `read`, and how it is called."""

    def __init__(
        self, content: _t.Union[bytes, _t.IO[bytes]], name: str = "file", content_type: _t.Optional[str] = None
    ) -> None:
        self.content = content
        self.name = name
        self.content_type = content_type


File = _t.Union[bytes, _t.IO[bytes], Upload]


class ServerEvent(_t.Generic[T]):
    """A server-sent event."""

    __slots__ = ("event", "data", "id", "retry")

    def __init__(self, event: str, data: T, id: str, retry: _t.Optional[int]) -> None:
        self.event = event
        self.data = data
        self.id = id
        self.retry = retry

    def __repr__(self) -> str:
        return f"ServerEvent(event={self.event!r}, data={self.data!r})"


class Stream(_t.Generic[T]):
    """Items of a response, each as it arrives. Close it, or use it in a `with`, if it is not read to its end."""

    def __init__(self, raw: RawResponse, items: _t.Iterator[T]) -> None:
        self._raw = raw
        self._items = items
        self._failed: _t.Optional[Exception] = None

    def __iter__(self) -> _t.Iterator[T]:
        return self

    def __next__(self) -> T:
        if self._failed is not None:
            # A generator that has failed ends, as after the last item.
            raise self._failed
        try:
            return next(self._items)
        except StopIteration:
            self.close()
            raise
        except Exception as failure:
            self._failed = failure
            raise

    def close(self) -> None:
        self._raw.close()

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Download(Stream[bytes]):
    """Bytes of a response, as they arrive."""

    def read(self) -> bytes:
        """Returns all that is left."""
        return b"".join(self)

    def save(self, path: _t.Union[str, "os.PathLike[str]"]) -> None:
        """Writes all that is left to a file."""
        with open(path, "wb") as file:
            for chunk in self:
                file.write(chunk)


class Parameter(_t.NamedTuple):
    name: str
    place: str
    style: str
    explode: bool
    reserved: bool
    is_json: bool


class Part(_t.NamedTuple):
    content_types: _t.Optional[str]
    style: _t.Optional[str]
    explode: bool


class Content(_t.NamedTuple):
    media_type: str
    kind: str
    parts: _t.Mapping[str, Part]
    shapes: str = ""


class Operation(_t.NamedTuple):
    name: str
    method: str
    path: _t.Tuple[_t.Union[str, int], ...]
    query: str
    parameters: _t.Tuple[Parameter, ...]
    contents: _t.Tuple[Content, ...]
    accept: str
    may_redirect: bool = False
    """True if the definition declares a status of 300 to 399."""

    def is_error(self, status: int) -> bool:
        return status >= 400 or status >= 300 and not self.may_redirect


class Request(_t.NamedTuple):
    """A request as it is sent."""

    method: str
    url: str
    headers: _t.List[_t.Tuple[str, str]]
    body: _t.Optional[Body]
    timeout: _t.Optional[float]


class RawResponse(_t.Protocol):
    """A response as it arrives."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Headers: ...

    def read(self, size: int = -1) -> bytes:
        """Returns some bytes as soon as there are any, at most so many; all where it is negative."""
        ...

    def readline(self) -> bytes: ...

    def close(self) -> None: ...


Transport = _t.Callable[[Request], RawResponse]


# Parameters


def _encode(text: str) -> str:
    return urllib.parse.quote(text, safe=_UNRESERVED)


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _plain(value: JsonValue) -> str:
    return value if isinstance(value, str) else _json(value)


def _nested(name: str, value: JsonValue) -> _t.Iterator[_t.Tuple[str, str]]:
    if isinstance(value, dict):
        for part, inner in value.items():
            yield from _nested(f"{name}][{part}", inner)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _nested(name, item)
    else:
        yield name, _plain(value)


def _write_parameter(parameter: Parameter, value: JsonValue) -> str:
    place, style, explode = parameter.place, parameter.style, parameter.explode

    def encoded(text: str) -> str:
        if place == "query" and parameter.reserved:
            delimiter = "," if style == "form" and not explode else "="
            return urllib.parse.quote(text, safe=_KEPT_IN_QUERIES.replace(delimiter, ""))
        return _encode(text) if place in ("path", "query") else text

    name = encoded(parameter.name)

    def named(text: str) -> str:
        if place in ("query", "cookie"):
            # The whole query has no name (OpenAPI 3.2, `querystring`).
            return f"{name}={text}" if name else text
        return {"matrix": f";{name}={text}", "label": f".{text}"}.get(style, text)

    if parameter.is_json:
        return named(encoded(_json(value)))
    if isinstance(value, (list, tuple)):
        return _write_list(style, explode and (place == "query" or style != "form"), name, named, [encoded(_plain(item)) for item in value])
    if isinstance(value, dict):
        deep = style == "deepObject"
        fields = [pair for key, item in value.items() for pair in (_nested(key, item) if deep else [(key, _plain(item))])]
        return _write_object(style, explode and (place == "query" or style != "form"), name, named, [(encoded(key), encoded(text)) for key, text in fields])
    return named(encoded(_plain(value)))


_SEPARATORS = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}
"""The texts between the parts of a value in one text, by style."""


def _write_list(style: str, explode: bool, name: str, named: _t.Callable[[str], str], items: _t.List[str]) -> str:
    if style == "form" and explode:
        return "&".join(f"{name}={item}" for item in items)
    if style == "matrix" and explode:
        return "".join(f";{name}={item}" for item in items)
    if style == "label" and explode:
        return "".join(f".{item}" for item in items)
    return named(_SEPARATORS.get(style, ",").join(items))


def _write_object(
    style: str, explode: bool, name: str, named: _t.Callable[[str], str], fields: Query
) -> str:
    if style == "deepObject":
        return "&".join(f"{name}%5B{key}%5D={value}" for key, value in fields)
    if explode and style in ("form", "matrix", "label", "simple"):
        before, between = {"form": ("", "&"), "matrix": (";", ""), "label": (".", ""), "simple": ("", ",")}[style]
        return between.join(f"{before}{key}={value}" for key, value in fields)
    return named(_SEPARATORS.get(style, ",").join(text for field in fields for text in field))


def _write_parameters(
    operation: Operation, values: _t.Sequence[JsonValue]
) -> _t.Tuple[str, str, _t.List[_t.Tuple[str, str]]]:
    written: _t.Dict[int, str] = {}
    query = [operation.query] if operation.query else []
    headers: _t.List[_t.Tuple[str, str]] = []
    cookies: _t.List[str] = []
    for index, (parameter, value) in enumerate(zip(operation.parameters, values)):
        if value is None:
            continue
        text = _write_parameter(parameter, value)
        if parameter.place == "path":
            if not text:
                raise ValueError(f"{operation.name}: the value of {parameter.name!r} is empty, and a path has no empty parts")
            written[index] = text
        elif parameter.place == "query":
            query.extend([text] if text else [])
        elif parameter.place == "header":
            headers.append((parameter.name, text))
        else:
            cookies.append(text)
    if any(_ENDS_COOKIE.search(text) for text in cookies):
        raise ValueError(f"{operation.name}: a cookie holds ';' or a control character, which would make another cookie or header of its rest")
    if cookies:
        headers.append(("cookie", "; ".join(cookies)))
    pieces = []
    for piece in operation.path:
        if isinstance(piece, int) and piece not in written:
            raise ValueError(f"{operation.name}: {operation.parameters[piece].name!r} is missing")
        pieces.append(written[piece] if isinstance(piece, int) else piece)
    path = "".join(pieces)
    if written and any(part.lower().replace("%2e", ".") in (".", "..") for part in path.split("/")):
        raise ValueError(f"{operation.name}: a part of the path is '.' or '..', which leads to another operation: {path}")
    return path, "&".join(query), headers


# Bodies


class Body:
    """A body: pieces of bytes and files, sent one after the other."""

    def __init__(self, content_type: str, pieces: _t.Sequence[_t.Union[bytes, _t.IO[bytes], _t.Iterable[bytes]]]) -> None:
        self.content_type = content_type
        self._pieces = list(pieces)
        self._starts = [self._position(piece) for piece in self._pieces]

    @staticmethod
    def _position(piece: object) -> _t.Optional[int]:
        seekable = getattr(piece, "seekable", None)
        if seekable is not None and seekable():
            return int(_t.cast(_t.IO[bytes], piece).tell())
        return None

    def length(self) -> _t.Optional[int]:
        """Returns the number of bytes; None if that is known at the end alone."""
        total = 0
        for piece, start in zip(self._pieces, self._starts):
            if isinstance(piece, bytes):
                total += len(piece)
            elif start is not None:
                file = _t.cast(_t.IO[bytes], piece)
                total += file.seek(0, os.SEEK_END) - start
                file.seek(start)
            else:
                return None
        return total

    def rewind(self) -> bool:
        """Goes back to the start, to send it again; False if that cannot be done."""
        for piece, start in zip(self._pieces, self._starts):
            if start is not None:
                _t.cast(_t.IO[bytes], piece).seek(start)
            elif not isinstance(piece, bytes):
                return False
        return True

    def __iter__(self) -> _t.Iterator[bytes]:
        for piece in self._pieces:
            if isinstance(piece, bytes):
                yield piece
            elif hasattr(piece, "read"):
                file = _t.cast(_t.IO[bytes], piece)
                yield from iter(lambda: file.read(_CHUNK), b"")
            else:
                yield from piece

    def digest(self) -> str:
        """Returns the SHA-256 of all, as a signature needs it; what cannot be read twice is kept."""
        if not all(isinstance(piece, bytes) or start is not None for piece, start in zip(self._pieces, self._starts)):
            self._pieces, self._starts = [b"".join(self)], [None]
        digest = hashlib.sha256()
        for chunk in self:
            digest.update(chunk)
        self.rewind()
        return digest.hexdigest()


def _is_file(value: object) -> bool:
    return isinstance(value, (bytes, bytearray, Upload)) or hasattr(value, "read")


def _content(value: object) -> _t.Union[bytes, _t.IO[bytes], _t.Iterable[bytes]]:
    if isinstance(value, Upload):
        return value.content
    if isinstance(value, bytearray):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    return _t.cast(_t.Union[bytes, _t.IO[bytes], _t.Iterable[bytes]], value)


def _pairs(value: JsonValue, parts: _t.Mapping[str, Part]) -> _t.Iterator[_t.Tuple[str, JsonValue, _t.Optional[str]]]:
    """Lists the fields of a form; one with a delimiter is a single value of several parts."""
    for name, field in value.items():
        part = parts.get(name, Part(None, None, True))
        if field is None:
            continue
        delimiter = _SEPARATORS.get(part.style or "")
        if isinstance(field, (list, tuple)):
            if delimiter is not None and not part.explode:
                yield name, field, delimiter
            else:
                for item in field:
                    yield name, item, None
        elif isinstance(field, dict) and part.style == "deepObject":
            for key, text in (pair for key, inner in field.items() for pair in _nested(key, inner)):
                yield f"{name}[{key}]", text, None
        elif isinstance(field, dict) and part.style == "form" and part.explode:
            yield from ((key, inner, None) for key, inner in field.items())
        elif isinstance(field, dict) and delimiter is not None:
            yield name, [text for pair in field.items() for text in pair], delimiter
        else:
            yield name, field, None


def _form(value: JsonValue, parts: _t.Mapping[str, Part]) -> bytes:
    fields = []
    for name, field, delimiter in _pairs(value, parts):
        text = _encode(_plain(field)) if delimiter is None else delimiter.join(_encode(_plain(item)) for item in field)
        fields.append(f"{_encode(name)}={text}")
    return "&".join(fields).encode()


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


def _file_name(file: object) -> str:
    if isinstance(file, Upload):
        return file.name
    return os.path.basename(str(getattr(file, "name", "file")))


def _part_type(declared: str, field: JsonValue) -> _t.Optional[str]:
    """Chooses the media type of a part among those that are declared, separated by commas."""
    ranges = [name.strip() for name in declared.split(",") if name.strip()]
    names = [name for name in ranges if "*" not in name]
    if not _is_file(field):
        usual = "application/json" if isinstance(field, dict) else None
        meant = (name for name in names if isinstance(field, dict) and _kind(name) == "json")
        return next(meant, names[0] if names else usual)
    if isinstance(field, Upload) and field.content_type is not None:
        return field.content_type
    ending = os.path.splitext(_file_name(field))[1][1:].lower()
    ending = {"jpg": "jpeg", "tif": "tiff", "txt": "plain"}.get(ending, ending)
    meant = (name for name in names if re.sub("^x-|[+].*", "", name.split("/")[-1]) == ending)
    usual = "image/png" if "image/*" in ranges else "application/octet-stream"
    return next(meant, names[0] if names else usual)


def _multipart(value: JsonValue, parts: _t.Mapping[str, Part]) -> Body:
    boundary = f"part-{secrets.token_hex(16)}"
    pieces: _t.List[_t.Union[bytes, _t.IO[bytes], _t.Iterable[bytes]]] = []
    for name, field, delimiter in _pairs(value, parts):
        declared = (parts[name].content_types if name in parts else None) or ""
        content_type = _part_type(declared, field)
        file_name = None
        if delimiter is not None:
            # Nothing is percent-encoded in a part (RFC 7578, section 2).
            content: _t.Any = urllib.parse.unquote(delimiter).join(_plain(item) for item in field).encode()
        elif _is_file(field):
            content, file_name = _content(field), _file_name(field)
        else:
            content = _plain(field).encode()
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
        head += f'; filename="{_quoted(file_name)}"' if file_name is not None else ""
        head += f"\r\nContent-Type: {content_type}" if content_type is not None else ""
        pieces += [f"{head}\r\n\r\n".encode(), content, b"\r\n"]
    pieces.append(f"--{boundary}--\r\n".encode())
    return Body(f"multipart/form-data; boundary={boundary}", pieces)


def _choose_content(operation: Operation, value: JsonValue, media_type: _t.Optional[str]) -> Content:
    if media_type is not None:
        essence = media_type.split(";")[0].strip().lower()
        for content in operation.contents:
            if content.media_type.split(";")[0].strip().lower() == essence:
                return content._replace(media_type=media_type)
        return Content(media_type, _kind(media_type), {})
    if _is_file(value):
        wanted: _t.Tuple[str, ...] = ("bytes", "text", "json")
    elif isinstance(value, str):
        wanted = ("text", "json", "bytes")
    else:
        wanted = ("json", "multipart", "form", "lines")
    shape = "object" if isinstance(value, dict) else "array" if isinstance(value, (list, tuple)) else "scalar"
    for kind in wanted:
        of_kind = [content for content in operation.contents if content.kind == kind]
        fitting = [content for content in of_kind if not content.shapes or shape in content.shapes.split()]
        if of_kind:
            return (fitting or of_kind)[0]
    return operation.contents[0] if operation.contents else Content("application/json", "json", {})


def _write_body(operation: Operation, value: JsonValue, media_type: _t.Optional[str]) -> Body:
    content = _choose_content(operation, value, media_type)
    kind = content.kind
    if kind == "form":
        return Body(content.media_type, [_form(value, content.parts)])
    if kind == "multipart":
        return _multipart(value, content.parts)
    if kind == "lines":
        # Each text of a sequence begins with a record separator (RFC 7464, section 2.2).
        before = "\x1e" if content.media_type.split(";")[0].strip().lower().endswith("json-seq") else ""
        return Body(content.media_type, [(f"{before}{_json(item)}\n".encode() for item in value)])
    if _is_file(value):
        chosen = value.content_type if isinstance(value, Upload) and media_type is None else None
        return Body(chosen or _concrete(content.media_type, "application/octet-stream"), [_content(value)])
    if isinstance(value, str) and kind in ("text", "bytes", "events"):
        return Body(_concrete(content.media_type, "text/plain"), [value.encode()])
    if kind == "bytes" and not isinstance(value, (dict, list, int, float)) and value is not None:
        return Body(_concrete(content.media_type, "application/octet-stream"), [_content(value)])
    return Body(_concrete(content.media_type, "application/json"), [_json(value).encode()])


def _concrete(media_type: str, usual: str) -> str:
    kind, _, subtype = media_type.partition("/")
    if subtype != "*":
        return media_type
    return usual if kind in ("*", usual.split("/")[0]) else f"{kind}/{'png' if kind == 'image' else 'plain'}"


def _kind(media_type: str) -> str:
    essence = media_type.split(";")[0].strip().lower()
    if essence in ("application/json", "text/json") or essence.endswith("+json"):
        return "json"
    if essence in ("application/x-ndjson", "application/ndjson", "application/jsonl", "application/json-seq", "application/jsonlines", "application/x-jsonlines"):
        return "lines"
    if essence.endswith("+json-seq"):
        return "lines"
    known = {
        "text/event-stream": "events",
        "application/x-www-form-urlencoded": "form",
        "multipart/form-data": "multipart",
        "application/xml": "text",
        "application/yaml": "text",
    }
    if essence in known:
        return known[essence]
    return "text" if essence.startswith("text/") or essence.endswith(("+xml", "+yaml")) else "bytes"


# Responses


def _chunks(raw: RawResponse) -> _t.Iterator[bytes]:
    yield from iter(lambda: raw.read(_CHUNK), b"")


def _json_item(text: str) -> _t.Iterator[JsonValue]:
    if text.strip():
        try:
            item = json.loads(text)
        except (ValueError, RecursionError):
            raise ClientError("the server sent a line that is no JSON that can be read") from None
        yield item


def _json_lines(raw: RawResponse) -> _t.Iterator[JsonValue]:
    for line in iter(raw.readline, b""):
        yield from _json_item(line.decode("utf-8", "replace"))


def _json_records(raw: RawResponse) -> _t.Iterator[JsonValue]:
    """Texts after record separators (RFC 7464), each when its line ends, or, of several lines, when the next one begins."""
    record: _t.List[str] = []
    for line in iter(raw.readline, b""):
        first, *begun = line.decode("utf-8", "replace").split("\x1e")
        record.append(first)
        for text in begun:
            yield from _json_item("".join(record))
            record = [text]
        if len(record) == 1:
            try:
                items = list(_json_item(record[0]))
            except ClientError:
                continue
            record.clear()
            yield from items
    yield from _json_item("".join(record))


def _event_lines(raw: RawResponse) -> _t.Iterator[str]:
    """Lines that end in CR, LF or both, each as it arrives (HTML, "Parsing an event stream"); not one that is cut off."""
    pieces: _t.List[bytes] = []
    is_after_return = False
    for chunk in _chunks(raw):
        unread = chunk[1:] if is_after_return and chunk.startswith(b"\n") else chunk
        is_after_return = chunk.endswith(b"\r")
        *lines, rest = unread.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in lines:
            yield b"".join([*pieces, line]).decode("utf-8", "replace")
            pieces.clear()
        pieces.append(rest)


def _events(raw: RawResponse) -> _t.Iterator[ServerEvent[JsonValue]]:
    event, last_id = "", ""
    data: _t.List[str] = []
    retry: _t.Optional[int] = None
    is_first = True
    for line in _event_lines(raw):
        if is_first:
            line, is_first = line[1:] if line.startswith("\ufeff") else line, False
        name, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if line == "":
            if data:
                yield ServerEvent(event or "message", _parsed("\n".join(data)), last_id, retry)
            event, data = "", []
        elif name == "event":
            event = value
        elif name == "data":
            data.append(value)
        elif name == "id" and "\0" not in value:
            last_id = value
        elif name == "retry" and re.fullmatch("[0-9]{1,18}", value):
            retry = int(value)
    # An event that the end cuts off is not one (HTML, "Interpreting an event stream").


def _parsed(text: str) -> JsonValue:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.strip().partition("=")
        if name.lower() == "charset":
            return value.strip('"')
    return "utf-8"


def _read_data(raw: RawResponse, is_error: bool) -> _t.Any:
    content_type = raw.headers.get("content-type", "")
    kind = _kind(content_type) if content_type else "bytes"
    if not is_error:
        if kind == "events":
            return Stream(raw, _events(raw))
        if kind == "lines":
            is_sequence = content_type.split(";")[0].strip().lower().endswith("json-seq")
            return Stream(raw, _json_records(raw) if is_sequence else _json_lines(raw))
        if kind in ("bytes", "multipart") and content_type:
            return Download(raw, _chunks(raw))
    try:
        body = raw.read()
    except ConnectionFailed:
        if not is_error:
            raise
        # The status tells more than the loss of its explanation.
        return None
    raw.close()
    if not body:
        # A text may be empty; of anything else, that is nothing.
        return "" if kind in ("text", "form") and not is_error else None
    if kind == "json":
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            if not is_error:
                raise ClientError(f"the server answered {raw.status} with JSON that cannot be read") from None
    try:
        return body.decode(_charset(content_type), "replace")
    except LookupError:
        return body.decode("utf-8", "replace")


# Credentials


class Auth:
    """Shows who the caller is. Make your own with a method `apply`."""

    def apply(self, request: Request) -> Request:
        return request


class SubscriptionKey(Auth):
    """A subscription key, like `apk_…`."""

    def __init__(self, key: str, header: str = "x-api-key") -> None:
        self._key = key
        self._header = header

    def apply(self, request: Request) -> Request:
        return _with_header(request, self._header, self._key)


class BearerToken(Auth):
    """A token, or a function that gives one for each request."""

    def __init__(self, token: _t.Union[str, _t.Callable[[], str]]) -> None:
        self._token = token

    def apply(self, request: Request) -> Request:
        token = self._token if isinstance(self._token, str) else self._token()
        return _with_header(request, "authorization", f"Bearer {token}")


class BasicAuth(Auth):
    """A user name and a password."""

    def __init__(self, user: str, password: str) -> None:
        self._value = base64.b64encode(f"{user}:{password}".encode()).decode()

    def apply(self, request: Request) -> Request:
        return _with_header(request, "authorization", f"Basic {self._value}")


class ApiKey(Auth):
    """A key in a header, a query parameter or a cookie of any name."""

    def __init__(self, name: str, value: str, place: _t.Literal["header", "query", "cookie"] = "header") -> None:
        self._name, self._value, self._place = name, value, place

    def apply(self, request: Request) -> Request:
        if self._place == "query":
            joint = "&" if "?" in request.url else "?"
            return request._replace(url=f"{request.url}{joint}{_encode(self._name)}={_encode(self._value)}")
        if self._place == "cookie":
            known = next((value for name, value in request.headers if name.lower() == "cookie"), None)
            pair = f"{self._name}={self._value}"
            if _ENDS_COOKIE.search(pair):
                raise ValueError(f"the cookie {self._name!r} holds ';' or a control character")
            return _with_header(request, "cookie", pair if known is None else f"{known}; {pair}")
        return _with_header(request, self._name, self._value)


class Signature(Auth):
    """Signs each request with a secret: JDCLOUD3-HMAC-SHA256, which also covers the body."""

    def __init__(self, key_id: str, secret: str, region: str = "local", service: str = "apigw") -> None:
        self._key_id, self._secret, self._region, self._service = key_id, secret, region, service

    def apply(self, request: Request) -> Request:
        now = datetime.datetime.now(datetime.timezone.utc)
        return self.apply_at(request, now.strftime("%Y%m%dT%H%M%SZ"), secrets.token_hex(16))

    def apply_at(self, request: Request, moment: str, nonce: str) -> Request:
        """Signs for a time like `20180405T010203Z` and a nonce."""
        url = urllib.parse.urlsplit(request.url)
        digest = request.body.digest() if request.body is not None else hashlib.sha256(b"").hexdigest()
        signed = {"host": url.netloc, "x-jdcloud-date": moment, "x-jdcloud-nonce": nonce}
        content_type = next((value for name, value in request.headers if name.lower() == "content-type"), None)
        if content_type is not None:
            signed["content-type"] = content_type.strip()
        names = ";".join(sorted(signed))
        lines = "".join(f"{name}:{signed[name]}\n" for name in sorted(signed))
        canonical = "\n".join([request.method, url.path or "/", _canonical_query(url.query), lines, names, digest])
        scope = f"{moment[:8]}/{self._region}/{self._service}/jdcloud3_request"
        text = "\n".join(["JDCLOUD3-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"JDCLOUD3{self._secret}".encode()
        for part in (moment[:8], self._region, self._service, "jdcloud3_request"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        value = f"JDCLOUD3-HMAC-SHA256 Credential={self._key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
        request = _with_header(request, "x-jdcloud-date", moment)
        return _with_header(_with_header(request, "x-jdcloud-nonce", nonce), "authorization", value)


def _canonical_query(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    decoded = [(urllib.parse.unquote_plus(name), urllib.parse.unquote_plus(value)) for name, _, value in pairs]
    encoded = sorted((_encode(name), _encode(value)) for name, value in decoded)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _with_header(request: Request, name: str, value: str) -> Request:
    headers = [(known, text) for known, text in request.headers if known.lower() != name.lower()]
    return request._replace(headers=[*headers, (name, value)])


# Transport


class _Connection:
    """A response on a connection, which goes back to its pool once the response is read to its end."""

    def __init__(self, response: http.client.HTTPResponse, done: _t.Callable[[bool], None]) -> None:
        self._response = response
        self._done: _t.Optional[_t.Callable[[bool], None]] = done
        self._failed: _t.Optional[ConnectionFailed] = None
        self._ahead = bytearray()
        self.status = response.status
        self.headers = Headers(response.getheaders())

    def read(self, size: int = -1) -> bytes:
        return self._guarded(lambda: self._response.read() if size < 0 else self._response.read1(size))

    def readline(self) -> bytes:
        # The platform's own takes a body of chunks that breaks off for one that ends.
        searched = 0
        while True:
            end = self._ahead.find(b"\n", searched) + 1
            piece = b"" if end else self.read(_CHUNK)
            if not piece:
                end = end or len(self._ahead)
                line = bytes(self._ahead[:end])
                del self._ahead[:end]
                return line
            searched = len(self._ahead)
            self._ahead += piece

    def _guarded(self, read: _t.Callable[[], bytes]) -> bytes:
        if self._failed is not None:
            # An end would look like that of a whole body.
            raise self._failed
        try:
            piece = read()
            # The platform takes a connection that is lost for the end, unless all is read at once.
            if self._response.length and not piece:
                raise http.client.IncompleteRead(piece, self._response.length)
            return piece
        except (OSError, http.client.HTTPException) as error:
            self._failed = _failure(error)
            self.close()
            raise self._failed from error

    def close(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done(self._response.isclosed() and self._failed is None)


def _failure(error: Exception) -> ConnectionFailed:
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return TimedOut("the server did not answer in time")
    return ConnectionFailed(f"the connection failed: {error or type(error).__name__}")


class _LocalTls(http.client.HTTPSConnection):
    """A connection to this machine, with a certificate for the name that is called."""

    def __init__(self, host: str, port: _t.Optional[int], context: ssl.SSLContext) -> None:
        super().__init__(host, port, context=context)
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), self.timeout)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise


def _is_ended(connection: http.client.HTTPConnection) -> bool:
    """True if there is something to read while no response is awaited: the end, or what belongs to no request."""
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(connection.sock, selectors.EVENT_READ)
            return bool(selector.select(0))
    except (OSError, ValueError):
        return True


def _is_taken(connection: http.client.HTTPConnection, chunk: bytes) -> bool:
    """Sends a piece of a body; False if the server has closed the connection, whose response may be there all the same."""
    try:
        connection.send(chunk)
        return True
    except (ConnectionError, ssl.SSLEOFError):
        return False


class HttpTransport:
    """Sends requests over connections that are kept open."""

    def __init__(self, context: _t.Optional[ssl.SSLContext] = None, most_idle: int = 8) -> None:
        self._context = context
        self._most_idle = most_idle
        self._idle: _t.Dict[_t.Tuple[str, str], _t.List[http.client.HTTPConnection]] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> RawResponse:
        for name, value in request.headers:
            # The platform lets through lines that go on after a space, which servers read as they like.
            if _ENDS_HEADER.search(value):
                raise ValueError(f"the value of the header {name!r} holds a line break or NUL")
        url = urllib.parse.urlsplit(request.url)
        place = (url.scheme, url.netloc)
        connection = self._take(place)
        if connection is not None:
            try:
                return self._send(connection, place, request, url)
            except ConnectionFailed as error:
                # The server may have closed it just now.
                if isinstance(error, TimedOut) or request.method not in _IDEMPOTENT:
                    raise
                if request.body is not None and not request.body.rewind():
                    raise
        return self._send(self._connect(url, request.timeout), place, request, url)

    def _take(self, place: _t.Tuple[str, str]) -> _t.Optional[http.client.HTTPConnection]:
        """Takes an idle connection that the server has not closed."""
        while True:
            with self._lock:
                idle = self._idle.get(place)
                connection = idle.pop() if idle else None
            if connection is None or not _is_ended(connection):
                return connection
            connection.close()

    def _connect(self, url: urllib.parse.SplitResult, timeout: _t.Optional[float]) -> http.client.HTTPConnection:
        host = url.hostname or ""
        # Names below `localhost` mean this machine (RFC 6761), which not every resolver knows.
        is_local = host.endswith(".localhost")
        if url.scheme != "https":
            return http.client.HTTPConnection("127.0.0.1" if is_local else host, url.port, timeout=timeout)
        if is_local:
            return _LocalTls(host, url.port, self._context or ssl.create_default_context())
        return http.client.HTTPSConnection(host, url.port, timeout=timeout, context=self._context)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        place: _t.Tuple[str, str],
        request: Request,
        url: urllib.parse.SplitResult,
    ) -> RawResponse:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            connection.timeout = request.timeout
            if connection.sock is not None:
                connection.sock.settimeout(request.timeout)
            connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
            connection.putheader("host", url.netloc)
            for name, value in request.headers:
                connection.putheader(name, value.encode())
            is_whole = self._send_body(connection, request)
            response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise _failure(error) from error

        def done(is_read: bool) -> None:
            with self._lock:
                idle = self._idle.setdefault(place, [])
                if is_read and is_whole and connection.sock is not None and len(idle) < self._most_idle:
                    idle.append(connection)
                    return
            connection.close()

        return _Connection(response, done)

    @staticmethod
    def _send_body(connection: http.client.HTTPConnection, request: Request) -> bool:
        """Sends the head and the body; False if the server reads no more, because it has responded already."""
        body = request.body
        if body is None:
            if request.method in ("POST", "PUT", "PATCH"):
                connection.putheader("content-length", "0")
            connection.endheaders()
            return True
        length = body.length()
        if length is None:
            connection.putheader("transfer-encoding", "chunked")
        else:
            connection.putheader("content-length", str(length))
        connection.endheaders()
        for chunk in body:
            if length is None and chunk:
                chunk = f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n"
            if not _is_taken(connection, chunk):
                return False
        return length is not None or _is_taken(connection, b"0\r\n\r\n")

    def close(self) -> None:
        """Closes the connections that nobody uses."""
        with self._lock:
            connections = [connection for idle in self._idle.values() for connection in idle]
            self._idle.clear()
        for connection in connections:
            connection.close()


class BaseClient:
    """Sends the requests of a client."""

    def __init__(
        self,
        base_url: str,
        *,
        auth: _t.Union[Auth, _t.Sequence[Auth]] = (),
        timeout: _t.Optional[float] = 60.0,
        retries: int = 2,
        headers: _t.Optional[_t.Mapping[str, str]] = None,
        transport: _t.Optional[Transport] = None,
        user_agent: str = "",
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise ValueError(f"{base_url!r} is not an http or https address")
        if "?" in base_url or "#" in base_url:
            raise ValueError(f"{base_url!r} has a query or a fragment, behind which no path can stand")
        self._base_url = base_url.rstrip("/")
        self._auth: _t.Sequence[Auth] = (auth,) if isinstance(auth, Auth) else tuple(auth)
        self._timeout = timeout
        self._retries = retries
        self._headers = {"user-agent": user_agent, **{name.lower(): value for name, value in (headers or {}).items()}}
        self._transport: Transport = transport or HttpTransport()

    def close(self) -> None:
        """Closes the connections that are open."""
        close = getattr(self._transport, "close", None)
        if close is not None:
            close()

    def __enter__(self: S) -> S:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _call(
        self,
        operation: Operation,
        values: _t.Sequence[JsonValue],
        options: _t.Optional[RequestOptions],
        body: JsonValue = None,
        has_body: bool = False,
    ) -> Response[_t.Any]:
        options = options or {}
        path, query, headers = _write_parameters(operation, values)
        written = _write_body(operation, body, options.get("content_type")) if has_body else None
        every = {**self._headers, "accept": options.get("accept", operation.accept)}
        every.update({name.lower(): value for name, value in headers})
        if written is not None:
            every["content-type"] = written.content_type
        every.update({name.lower(): value for name, value in options.get("headers", {}).items()})
        url = f"{self._base_url}{path}" + (f"?{query}" if query else "")
        # A socket takes 0 for "do not wait".
        timeout = options.get("timeout", self._timeout) or None
        request = Request(operation.method, url, list(every.items()), written, timeout)
        raw = self._send_with_retries(request, options.get("retries", self._retries))
        is_error = operation.is_error(raw.status)
        data = _read_data(raw, is_error)
        if is_error:
            raise _error_class(raw.status)(raw.status, raw.headers, data)
        return Response(raw.status, raw.headers, data)

    def _send_with_retries(self, request: Request, retries: int) -> RawResponse:
        for attempt in range(max(retries, 0) + 1):
            may_repeat = attempt < retries
            try:
                ready = request
                for auth in self._auth:
                    ready = auth.apply(ready)
                raw = self._transport(ready)
            except ConnectionFailed:
                if not may_repeat or request.method not in _IDEMPOTENT or not _rewound(request):
                    raise
                time.sleep(_pause(attempt, None))
                continue
            if raw.status not in _RETRIED or not may_repeat:
                return raw
            pause = _pause(attempt, raw.headers.get("retry-after"))
            # Sooner than the server says is too soon, and a longer wait is the caller's to decide.
            if pause > _LONGEST_PAUSE or not _rewound(request):
                return raw
            # A short body is read, so that the connection stays; a longer one is not waited for, nor one that breaks off.
            try:
                raw.read(_CHUNK)
            except ConnectionFailed:
                pass
            raw.close()
            time.sleep(pause)
        raise AssertionError("a loop of at least one attempt returns or raises")


S = _t.TypeVar("S", bound=BaseClient)


class RequestOptions(_t.TypedDict, total=False):
    """Options of one request."""

    timeout: _t.Optional[float]
    """Seconds to wait for the server, each time."""
    retries: int
    """Times that it is sent again after 429, 503 or a lost connection."""
    headers: _t.Mapping[str, str]
    """Additional headers."""
    accept: str
    """Media types of the response, where several are declared."""
    content_type: str
    """The media type of the body, where several are declared."""


def _rewound(request: Request) -> bool:
    return request.body is None or request.body.rewind()


def _pause(attempt: int, retry_after: _t.Optional[str]) -> float:
    if retry_after is not None:
        if re.fullmatch("[0-9]+", retry_after):
            return float(retry_after)
        try:
            return max(email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time(), 0.0)
        except (TypeError, ValueError, OverflowError):
            pass
    return float(random.uniform(0.5, 1.0) * 0.5 * 2**attempt)
