"""The APIs of a project: `[tool.tsbind]` in pyproject.toml, or the same tables in tsbind.toml.

    [tool.tsbind]                   # in tsbind.toml: at the top, without a table
    docs = "brief"                  # what follows `apis` may stand here too, for all of them

    [tool.tsbind.apis.chat]         # in tsbind.toml: [apis.chat]
    document = "specs/chat.yaml"    # every path is relative to this file
    select = "read and not deprecated"
    budget = 500                    # tokens that the declarations may take
    fit = true                      # give up detail rather than fail over the budget
    growth = 5                      # per cent over tsbind.lock that `tsbind ci` lets pass
    output = "src/shop/apis"        # where builds write chat.d.ts, chat.py and chat.bundle.json

`tsbind ci`, `tsbind watch` and the build hooks read it, and so mean the same.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path, PurePosixPath
from typing import Any, Final, Literal

import msgspec

from tsbind.errors import ConfigError, Location

Docs = Literal["none", "brief", "full"]
File = Literal["declarations", "stubs", "bundle"]

LARGEST: Final = 1 << 20  # bytes of a configuration
NAMES: Final = ("tsbind.toml", "pyproject.toml")  # tsbind.toml wins where both are
SUFFIXES: Final[Mapping[File, str]] = {
    "declarations": ".d.ts",
    "stubs": ".py",
    "bundle": ".bundle.json",
}
_API_NAME: Final = re.compile(r"[a-z_][a-z0-9_]*")
_PER_API: Final = frozenset({"document", "select", "budget"})  # make no sense for all APIs at once


class ApiConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One API, as a project wants it compiled and how large it may be."""

    document: str
    select: str | None = None  # a query over operations; None: all
    docs: Docs = "none"
    budget: int | None = None  # tokens of the declarations; None: as many as they take
    fit: bool = False  # give up detail until the budget holds, instead of failing over it
    growth: float | None = None  # per cent over the baseline; None: any
    tokenizer: str = "o200k_base"
    output: str = ""  # folder that builds write into; "": builds make nothing of this API
    files: tuple[File, ...] = ("declarations", "stubs", "bundle")
    allow_refs: tuple[str, ...] = ()  # hosts and folders from which parts may be read
    secrets: tuple[str, ...] = ()  # parameters that are credentials: `query.api_key`
    max_values: int | None = None  # that the document may have; None: the default


class Config(msgspec.Struct, frozen=True):
    """All of a project's APIs, by name and in the order of names."""

    path: Path  # the file that says so
    apis: Mapping[str, ApiConfig]
    lines: Mapping[str, int]  # line of an API's setting: "chat.budget" -> 7, "chat" -> 5

    @property
    def folder(self) -> Path:
        """The folder that the paths in it are relative to."""
        return self.path.parent

    def document(self, name: str) -> Path:
        """Return the path of an API's document."""
        return self.folder / self.apis[name].document

    def outputs(self, name: str) -> dict[File, Path]:
        """Return the paths that a build writes for an API, in that order: the Bundle last."""
        api = self.apis[name]
        if not api.output:
            return {}
        folder = self.folder / api.output
        return {kind: folder / f"{name}{SUFFIXES[kind]}" for kind in SUFFIXES if kind in api.files}

    def locate(self, *names: str) -> Location:
        """Return the place of a setting, or of the table that lacks it."""
        line = self.lines.get(".".join(names)) or self.lines.get(names[0], 0)
        return Location(str(self.path), line, 1 if line else 0)


def find(folder: Path) -> Path:
    """Return the configuration that holds in `folder`: its own, or the nearest above it.

    A pyproject.toml without `[tool.tsbind]` is passed by.  Raises ConfigError when there is none.
    """
    for place in (folder, *folder.resolve().parents):
        path = configured(place)
        if path is not None:
            return path
    raise ConfigError(
        "there is no tsbind.toml, nor a pyproject.toml with [tool.tsbind], here or above",
        where=str(folder),
        fix='name an API: `[apis.chat]` and `document = "chat.yaml"` in tsbind.toml',
        code="no-config",
    )


def configured(folder: Path) -> Path | None:
    """Return the configuration in this very folder, None when it has none."""
    for name in NAMES:
        path = folder / name
        if path.is_file() and (name == "tsbind.toml" or _table(path, _parse(path)) is not None):
            return path
    return None


def read(path: Path) -> Config:
    """Read a configuration, wholly checked; no document is opened yet.

    Raises ConfigError, with the line of what is wrong, for a file that cannot be read, is no TOML,
    or holds a setting that does not exist, has the wrong type, or leads out of the folder.
    """
    tree = _parse(path)
    table = _table(path, tree)
    if table is None:
        raise ConfigError(
            "has no table [tool.tsbind]",
            where=str(path),
            fix='add `[tool.tsbind.apis.chat]` and `document = "chat.yaml"`',
            code="no-config",
        )
    reader = _Reader(path, table, nested=path.name == "pyproject.toml")
    return Config(path, dict(reader.apis()), reader.lines)


def _parse(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        if len(data) > LARGEST:
            raise ConfigError(
                f"has more than {LARGEST:,} bytes", where=str(path), fix="name fewer APIs in it"
            )
        text = data.decode("utf-8-sig")
        return tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}",
            where=str(path),
            fix="check the path and its permissions",
            code="unreadable",
        ) from None
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"is not UTF-8: byte {error.start + 1}", where=str(path), fix="save it as UTF-8"
        ) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _not_toml(path, str(error), text) from None


def _not_toml(path: Path, said: str, text: str) -> ConfigError:
    what, at, place = said.partition(" (at ")
    numbers = [int(number) for number in re.findall(r"\d+", place)]
    line, column = numbers if len(numbers) == 2 else (text.count("\n") + 1 if at else 0, 1)
    where = Location(str(path), line, column)
    return ConfigError(
        f"is not TOML: {what[:1].lower()}{what[1:]}",
        where=where,
        fix="correct that line; strings want quotes, and tables a header in brackets",
        code="config-syntax",
    )


def _table(path: Path, tree: Mapping[str, Any]) -> object:
    if path.name != "pyproject.toml":
        return tree
    tool = tree.get("tool")
    return tool.get("tsbind") if isinstance(tool, dict) else None


class _Reader:
    """Turns the table into settings; knows the line of each key for what it has to say."""

    def __init__(self, path: Path, table: object, *, nested: bool) -> None:
        self._path = path
        self._prefix = "tool.tsbind." if nested else ""
        self._places = _key_lines(path.read_text("utf-8-sig"))
        self._root = self._mapping(table, "")
        apis = self._mapping(self._root.get("apis", {}), "apis")
        self.lines = {
            f"{name}.{key}".rstrip("."): line
            for name in apis
            for key in ("", *ApiConfig.__struct_fields__)
            if (line := self._line(f"apis.{name}.{key}".rstrip(".")))
        }

    def apis(self) -> Iterator[tuple[str, ApiConfig]]:
        shared = {key: value for key, value in self._root.items() if key != "apis"}
        for key in shared:
            self._known(key, key, set(ApiConfig.__struct_fields__) - _PER_API | {"apis"})
        apis = self._mapping(self._root.get("apis", {}), "apis")
        if not apis:
            raise self._error("names no API", "apis", 'add `[apis.chat]` with `document = "…"`')
        for name in sorted(apis):
            if not _API_NAME.fullmatch(name):
                raise self._error(
                    f'"{name}" cannot be a module\'s name',
                    f"apis.{name}",
                    "use lower-case letters, digits and underscores",
                )
            yield name, self._api(name, shared, self._mapping(apis[name], f"apis.{name}"))

    def _api(self, name: str, shared: Mapping[str, Any], own: Mapping[str, Any]) -> ApiConfig:
        for key in own:
            self._known(key, f"apis.{name}.{key}", set(ApiConfig.__struct_fields__))
        if "document" not in own:
            raise self._error("has no document", f"apis.{name}", 'add `document = "…"`')
        for key, value in {**shared, **own}.items():
            place = f"apis.{name}.{key}" if key in own else key
            self._check(key, value, place)
        return msgspec.convert({**shared, **own}, ApiConfig)

    def _known(self, key: str, place: str, known: set[str]) -> None:
        if key in known:
            return
        near = get_close_matches(key, known, 1)
        raise self._error(
            f'there is no setting "{key}"' + (f' (did you mean "{near[0]}"?)' if near else ""),
            place,
            f"use one of {', '.join(sorted(known))}",
        )

    def _check(self, key: str, value: object, place: str) -> None:
        try:
            msgspec.convert({"document": "x", key: value}, ApiConfig)
        except msgspec.ValidationError as error:
            what = str(error).partition(" - at ")[0]
            raise self._error(
                f"is {_spelt(value)}: {what[:1].lower()}{what[1:]}", place, _ALLOWED[key]
            ) from None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            # `not` also catches NaN.
            if not value >= (1 if key in ("budget", "max_values") else 0):
                raise self._error(f"is {value}", place, _ALLOWED[key])
        elif key == "document" and not value:
            raise self._error("is empty", place, _ALLOWED[key])
        elif key == "output" and _leads_out(str(value)):
            raise self._error(f"is {_spelt(value)}, which is no path below", place, _ALLOWED[key])

    def _mapping(self, value: object, place: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        raise self._error(f"is {_spelt(value)}, not a table", place, "write it as [table]")

    def _line(self, place: str) -> int:
        return self._places.get(self._prefix + place, 0)

    def _error(self, what: str, place: str, fix: str) -> ConfigError:
        line = self._line(place)
        where = Location(str(self._path), line, 1 if line else 0)
        key = (self._prefix + place).rstrip(".")
        return ConfigError(f"{key}: {what}" if key else what, where=where, fix=fix)


_ALLOWED: Final = {
    "document": "give the path of an OpenAPI document, relative to this file",
    "select": "give a query, such as `tag:issues and read`",
    "docs": 'use "none", "brief" or "full"',
    "budget": "give a number of tokens, 1 or more",
    "fit": "use true or false",
    "growth": "give a percentage, 0 or more",
    "tokenizer": 'use "o200k_base", "cl100k_base", or "module:function"',
    "output": "give a folder, relative to this file and below it",
    "files": 'list any of "declarations", "stubs" and "bundle"',
    "allow_refs": "list hosts and folders",
    "secrets": "list parameters as query.NAME, header.NAME or cookie.NAME",
    "max_values": "give a number of values, 1 or more",
}


def _leads_out(path: str) -> bool:
    # A build writes here, so nothing outside the project may be named, on any system.
    pure = PurePosixPath(path.replace("\\", "/"))
    return not path or "\0" in path or pure.is_absolute() or ".." in pure.parts or path[1:2] == ":"


def _spelt(value: object) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()[:80]


_HEADER: Final = re.compile(r"\s*\[\[?\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?")
_WORD: Final = r"(?:[\w-]+|\"[^\"]*\"|'[^']*')"
_KEY: Final = re.compile(rf"\s*({_WORD}(?:\s*\.\s*{_WORD})*)\s*=")


def _key_lines(text: str) -> dict[str, int]:
    """Find the lines of keys and tables, which tomllib does not tell.

    Keys inside inline tables are not found, and text in multi-line strings may look like keys; a
    wrong or missing line in a message is all that can come of it.
    """
    found: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.fullmatch(line):
            table = _plain(header[1])
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(f"{table}.{_plain(key[1])}".lstrip("."), number)
    return found


def _plain(key: str) -> str:
    return ".".join(part.strip().strip("\"'") for part in key.split("."))
