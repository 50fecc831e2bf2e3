"""Read a request as the arguments of a call: what `serialise.py` and `body.py` write, backwards.

Texts become what the operation's schemas take, as far as they can be read so; whether the outcome
fits, validation says.

    >>> from tsbind.bundle import Parameter
    >>> ids = Parameter("ids", "ids", "query", "form", explode=False)
    >>> taken = {"properties": {"ids": {"type": "array", "items": {"type": "integer"}}}}
    >>> call = Call("x", "GET", "/x", (ids,), args=taken)
    >>> arguments(call, Received("/x", "ids=3,4"), {})
    {'ids': [3, 4]}
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from urllib.parse import quote, unquote, unquote_plus

import msgspec

from tsbind.bundle import Body, Call, Json, Parameter, Part
from tsbind.media import essence, is_json, kind_of
from tsbind.runtime import multipart
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.route import variables
from tsbind.runtime.shapes import Shapes
from tsbind.runtime.unserialise import COMMA, MISSING, Pairs, Texts, json_or_text, pairs_of, taken
from tsbind.runtime.values import File


class Received(msgspec.Struct, frozen=True):
    """A request as it came; path and query as they were sent, header names in lower case."""

    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the values of a header in one line, or ""."""
        return ", ".join(value for key, value in self.headers if key == name)


def arguments(
    call: Call, received: Received, schemas: Mapping[str, Json], keys: Collection[str] = ()
) -> dict[str, Json]:
    """Return the argument object that a request to `call` stands for.

    Of the query, `keys` are credentials, which nothing is made of.  Raises ArgumentError for what
    no argument of the call can be.
    """
    return _Reader(call, received, Shapes(schemas), keys).arguments()


class _Reader:
    """Reads one request."""

    def __init__(
        self, call: Call, received: Received, shapes: Shapes, keys: Collection[str]
    ) -> None:
        self._keys = keys
        self._call, self._received, self._shapes = call, received, shapes
        self._own = shapes.fields(call.args)
        names = {parameter.name for parameter in call.parameters}
        self._texts = Texts(call.op, names, shapes)

    def arguments(self) -> dict[str, Json]:
        path = variables(self._call.path, self._received.path)
        query = pairs_of(self._received.query, unquote_plus)
        cookies = pairs_of(self._received.header("cookie").replace("; ", ";"), str, ";")
        found: dict[str, Json] = {}
        for parameter in self._call.parameters:
            schema = self._own.get(parameter.arg, True)
            match parameter.place:
                case "path":
                    raw = path.get(parameter.name, "")
                    found[parameter.arg] = self._texts.from_path(parameter, schema, raw)
                case "query":
                    found[parameter.arg] = self._texts.from_pairs(parameter, schema, query)
                case "querystring":
                    found[parameter.arg] = self._whole_query(parameter, schema)
                    query.clear()
                case "cookie":
                    found[parameter.arg] = self._texts.from_pairs(parameter, schema, cookies)
                case "header":
                    found[parameter.arg] = self._from_header(parameter, schema)
        self._check_all_taken(query)
        args = {name: value for name, value in found.items() if value is not MISSING}
        args |= self._body()
        if is_json(self._received.header("content-type")):
            return args
        filled: dict[str, Json] = self._texts.filled(args, self._call.args)
        return filled

    def _check_all_taken(self, query: Pairs) -> None:
        """Raise ArgumentError for a name in the query that is no parameter's."""
        own = {name for name, _ in pairs_of(_query_of(self._call.path), unquote_plus)}
        taken(query, own.union(self._keys))
        if query:
            name = query[0][0][:80]
            raise ArgumentError(
                f'{self._call.op}: the query has "{name}", which the operation does not take',
                code="query",
            )

    # Parameters

    def _from_header(self, parameter: Parameter, schema: Json) -> Json:
        text = self._received.header(parameter.name.lower())
        return self._texts.from_text(parameter, schema, text, COMMA, str.strip) if text else MISSING

    def _whole_query(self, parameter: Parameter, schema: Json) -> Json:
        if not self._received.query:
            return MISSING
        if kind_of(parameter.media) != "form":
            return json_or_text(unquote(self._received.query))
        return self._form(Body(parameter.media, schema=schema), self._received.query)

    # Bodies

    def _body(self) -> dict[str, Json]:
        content, media = self._received.body, self._received.header("content-type")
        if not self._call.bodies or not (content or media):
            return self._without_body()
        body = next((b for b in self._call.bodies if _offers(b.media, media)), None)
        if body is None:
            if not content:
                return self._without_body()
            offered = ", ".join(body.media for body in self._call.bodies)
            raise ArgumentError(
                f'{self._call.op}: the body is "{media[:80]}", the operation takes {offered}',
                code="media",
            )
        value = self._content(body, media, content)
        if body.arg:
            return {body.arg: value}
        if not isinstance(value, dict):
            raise ArgumentError(f"{self._call.op}: the body must be an object", code="body")
        return value

    def _without_body(self) -> dict[str, Json]:
        if self._call.bodies and all(body.required for body in self._call.bodies):
            raise ArgumentError(f"{self._call.op}: the body is missing", code="body")
        return {}

    def _content(self, body: Body, media: str, content: bytes) -> Json:
        match kind_of(media):
            case "json":
                return _json(self._call.op, content)
            case "form":
                return self._form(body, content.decode("utf-8", "replace"))
            case "multipart":
                return self._multipart(body, media, content)
            case "lines" | "sequence":
                lines = content.replace(b"\x1e", b"\n").split(b"\n")
                return [_json(self._call.op, line) for line in lines if line.strip()]
            case "text":
                return content.decode("utf-8", "replace")
            case _:
                return content

    def _form(self, body: Body, text: str) -> dict[str, Json]:
        return self._from_parts(body, pairs_of(text, unquote_plus), unquote_plus)

    def _from_parts(
        self, body: Body, pairs: Pairs, decode: Callable[[str], str]
    ) -> dict[str, Json]:
        """Read the fields of a form, and leave what is no field of it as text."""
        fields, found = self._fields_of(body), dict[str, Json]()
        for name, schema in fields.items():
            part = body.parts.get(name, Part())
            if is_json(part.media) and any(n == name for n, _ in pairs):
                values = [json_or_text(decode(value)) for _, value in taken(pairs, {name})]
                found[name] = values[0] if len(values) == 1 else values
                continue
            written = Parameter(
                name, name, "query", part.style or "form",
                explode=part.explode if part.style else True,
            )  # fmt: skip
            mine = pairs if part.style else [pair for pair in pairs if pair[0] == name]
            value = self._texts.from_pairs(written, schema, mine) if mine else MISSING
            if not part.style:
                taken(pairs, {name})
            if value is not MISSING:
                found[name] = value
        return found | {name: decode(value) for name, value in pairs}

    def _fields_of(self, body: Body) -> dict[str, Json]:
        """The schemas of a body's fields: where it has none of its own, the arguments have it."""
        if body.schema is not True:
            return self._shapes.fields(body.schema)
        if body.arg:
            return self._shapes.fields(self._own.get(body.arg, True))
        taken = {parameter.arg for parameter in self._call.parameters}
        return {name: schema for name, schema in self._own.items() if name not in taken}

    def _multipart(self, body: Body, media: str, content: bytes) -> Json:
        listed = multipart.parts_of(media, content)
        if essence(media) != "multipart/form-data":
            return [_part_value(part.type, part.content) for part in listed]
        texts = [part for part in listed if _is_text(part)]
        # As they would stand in a query, but for what lists are split at.
        pairs = [(part.name, quote(part.content, safe=", |")) for part in texts]
        found = self._from_parts(body, pairs, unquote)
        fields = self._fields_of(body)
        for name in dict.fromkeys(part.name for part in listed if part not in texts):
            files = [
                File(part.content, part.file, part.type) for part in listed if part.name == name
            ]
            many = "array" in self._shapes.kinds(fields.get(name, True))
            found[name] = files if many else files[-1]
        return found


def _is_text(part: multipart.Received) -> bool:
    return not part.file and kind_of(part.type or "text/plain") in ("text", "json")


def _query_of(path: str) -> str:
    """What of a query stands in the path's template already."""
    return path.partition("#")[0].partition("?")[2]


def _offers(offered: str, media: str) -> bool:
    kind, _, sub = essence(offered).partition("/")
    return essence(offered) == essence(media) or (
        sub == "*" and kind in ("*", essence(media).partition("/")[0])
    )


def _part_value(media: str, content: bytes) -> Json:
    if is_json(media):
        return json_or_text(content.decode("utf-8", "replace"))
    return content.decode("utf-8", "replace") if kind_of(media) == "text" else content


def _json(op: str, content: bytes) -> Json:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ArgumentError(f"{op}: the body is not JSON: {error}", code="body") from None
