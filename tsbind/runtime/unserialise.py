"""Read values out of a request's texts: every style that `serialise.py` writes, backwards.

Texts become what a schema takes, as far as they can be read so; whether the outcome fits,
validation says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Final
from urllib.parse import unquote, unquote_plus

import msgspec

from tsbind.bundle import Json, Parameter
from tsbind.media import is_json
from tsbind.runtime.failures import ArgumentError
from tsbind.runtime.shapes import Shapes

Pairs = list[tuple[str, str]]  # name, which is decoded, and value, which is not
_STEPS: Final = re.compile(r"\[([^\[\]]*)\]")
_SPLITS: Final = {
    "spaceDelimited": re.compile(r"%20|\+| "),
    "pipeDelimited": re.compile(r"%7[Cc]|\|"),
}
MISSING: Final = object()  # what is read of a value that was not sent
COMMA: Final = re.compile(",")


class Texts:
    """Reads the values of one operation; `names` are those of its parameters."""

    def __init__(self, op: str, names: Collection[str], shapes: Shapes) -> None:
        self._op, self._names, self._shapes = op, names, shapes

    def from_path(self, parameter: Parameter, schema: Json, raw: str) -> Json:
        separator, name = COMMA, parameter.name
        match parameter.style:
            case "label":
                raw = raw.removeprefix(".")
                separator = re.compile(r"\.") if parameter.explode else COMMA
            case "matrix":
                if parameter.explode:
                    pairs = pairs_of(raw.removeprefix(";"), unquote, ";")
                    return self._exploded(name, schema, pairs, unquote)
                raw = raw.removeprefix(";").removeprefix(f"{name}=")
        return self.from_text(parameter, schema, raw, separator, unquote)

    def from_pairs(self, parameter: Parameter, schema: Json, pairs: Pairs) -> Json:
        """Take a parameter out of `pairs`; MISSING when it is not there."""
        decode = unquote if parameter.allow_reserved else unquote_plus
        if parameter.style == "deepObject":
            return self._deep(parameter.name, schema, pairs, decode)
        if parameter.explode and parameter.style != "content":
            return self._exploded(parameter.name, schema, pairs, decode)
        values = taken(pairs, {parameter.name})
        if not values:
            return MISSING
        separator = _SPLITS.get(parameter.style, COMMA)
        return self.from_text(parameter, schema, values[-1][1], separator, decode)

    def filled(self, value: Json, schema: Json) -> Json:
        """Add what must be there and is not: forms and queries cannot say that it is empty."""
        if isinstance(value, list):
            return [self.filled(item, self._shapes.items(schema)) for item in value]
        if not isinstance(value, dict):
            return value
        fields = self._shapes.fields(schema)
        made = {name: self.filled(each, fields.get(name, True)) for name, each in value.items()}
        for name in self._shapes.required(schema) - made.keys():
            kinds = self._shapes.kinds(fields.get(name, True))
            if kinds in ({"object"}, {"array"}):
                made[name] = {} if kinds == {"object"} else []
        return made

    def from_text(
        self,
        parameter: Parameter,
        schema: Json,
        raw: str,
        separator: re.Pattern[str],
        decode: Callable[[str], str],
    ) -> Json:
        """Read a value whose pieces stand side by side in one text."""
        if parameter.style == "content":
            return json_or_text(decode(raw)) if is_json(parameter.media) else decode(raw)
        kinds = self._shapes.kinds(schema)
        pieces = [decode(piece) for piece in separator.split(raw)]
        if "object" in kinds:
            if parameter.explode:
                named = [piece.partition("=")[::2] for piece in separator.split(raw)]
                return self._object(schema, [(decode(n), decode(v)) for n, v in named])
            return self._object(schema, list(zip(pieces[::2], pieces[1::2], strict=False)))
        if "array" in kinds and (len(pieces) > 1 or not kinds & {"string", "integer", "number"}):
            return [self._scalar(piece, self._shapes.items(schema)) for piece in pieces]
        return self._scalar(decode(raw), schema)

    def _exploded(
        self, name: str, schema: Json, pairs: Pairs, decode: Callable[[str], str]
    ) -> Json:
        """Read a value whose pieces are pairs of their own."""
        kinds, values = self._shapes.kinds(schema), taken(pairs, {name})
        if "object" in kinds and not values:
            others = {*self._names} - {name}
            names = {n for n, _ in pairs if n not in others and "[" not in n}
            known = self._shapes.fields(schema)
            own = names if self._shapes.is_open(schema) else names & known.keys()
            inner = [(key, decode(value)) for key, value in taken(pairs, own)]
            return self._object(schema, inner) if inner else MISSING
        if not values:
            return MISSING
        texts = [decode(value) for _, value in values]
        if "array" in kinds and (len(texts) > 1 or not kinds & {"string", "integer", "number"}):
            return [self._scalar(text, self._shapes.items(schema)) for text in texts]
        return self._scalar(texts[-1], schema)

    def _deep(self, name: str, schema: Json, pairs: Pairs, decode: Callable[[str], str]) -> Json:
        mine = {n for n, _ in pairs if n.startswith(f"{name}[")} | {name}
        found: dict[str, Json] = {}
        for key, value in taken(pairs, mine):
            steps = _STEPS.findall(key.removeprefix(name))
            if not steps:  # no object, where the schema has other choices
                return self._scalar(decode(value), schema)
            place, inner = found, schema
            for step in steps[:-1]:
                place, inner = place.setdefault(step, {}), self._shapes.at(inner, step)
                if not isinstance(place, dict):
                    raise ArgumentError(f'{self._op}: "{key[:80]}" is twofold', code="query")
            place[steps[-1]] = self._scalar(decode(value), self._shapes.at(inner, steps[-1]))
        return _with_lists(found) if found else MISSING

    def _object(self, schema: Json, pairs: Iterable[tuple[str, str]]) -> dict[str, Json]:
        fields = self._shapes.fields(schema)
        return {name: self._scalar(value, fields.get(name, True)) for name, value in pairs}

    def _scalar(self, text: str, schema: Json) -> Json:
        kinds = self._shapes.kinds(schema)
        if "integer" in kinds and re.fullmatch(r"-?\d{1,400}", text):
            return int(text)
        if "number" in kinds and re.fullmatch(r"-?\d{1,400}(\.\d+)?([eE][-+]?\d{1,3})?", text):
            return float(text) if set(text) & set(".eE") else int(text)
        if "boolean" in kinds and text in ("true", "false"):
            return text == "true"
        if "null" in kinds and text == "null":
            return None
        if kinds & {"object", "array"} and text[:1] in ("{", "["):
            return json_or_text(text)
        return text


def pairs_of(text: str, decode: Callable[[str], str], separator: str = "&") -> Pairs:
    split = (piece.partition("=") for piece in text.split(separator) if piece)
    return [(decode(name), value) for name, _, value in split]


def taken(pairs: Pairs, names: Iterable[str]) -> Pairs:
    """Take the pairs of these names out of `pairs`."""
    wanted = set(names)
    found = [pair for pair in pairs if pair[0] in wanted]
    pairs[:] = [pair for pair in pairs if pair[0] not in wanted]
    return found


def json_or_text(text: str) -> Json:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def _with_lists(value: Json) -> Json:
    """Make lists of objects whose keys are 0, 1, 2, …: how deepObject numbers them."""
    if not isinstance(value, dict):
        return value
    inner = {key: _with_lists(each) for key, each in value.items()}
    numbered = bool(inner) and list(inner) == [str(index) for index in range(len(inner))]
    return list(inner.values()) if numbered else inner
