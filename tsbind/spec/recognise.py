"""Is it OpenAPI, and which?  If not: what does it look like, and what would help?"""

from __future__ import annotations

import re

from tsbind.bundle import Json
from tsbind.errors import SpecError
from tsbind.spec.source import Source

SUPPORTED = ((2, 0), (3, 0), (3, 1), (3, 2))
_VERSION = re.compile(r"([0-9]+)\.([0-9]+)(?:\.[0-9]+)?(?:[-+].*)?", re.DOTALL)


def recognise(source: Source, tree: Json) -> tuple[str, tuple[int, int]]:
    """Return the version as written and as major and minor number.

    Raises SpecError when the tree is no OpenAPI document or of a version that is not read.
    """
    if isinstance(tree, str) and tree.lstrip().startswith("<"):
        kind = "a web page" if "html" in tree[:500].lower() else "XML"
        raise _other(source, [], f"looks like {kind}, not an OpenAPI document", "openapi")
    if not isinstance(tree, dict):
        raise _other(source, [], f"is {_shown(tree)}, not an OpenAPI document", "openapi")
    key = "openapi" if "openapi" in tree else "swagger" if "swagger" in tree else ""
    if not key:
        what, fix = _as_part(source, tree) or _looks_like(tree)
        raise _other(source, [], what, "openapi", fix)
    written = tree[key]
    if type(written) in (int, float):  # unquoted in YAML
        written = str(float(written))
    match = _VERSION.fullmatch(written) if isinstance(written, str) else None
    version = (int(match[1][:6]), int(match[2][:6])) if match else (0, 0)
    if version not in SUPPORTED or (key == "swagger") != (version == (2, 0)):
        raise _other(
            source,
            [key],
            f'{key} version "{str(tree[key])[:40]}" is not supported',
            "openapi-version",
            "convert the document to OpenAPI 3.0 or later; 2.0, 3.0, 3.1 and 3.2 are read",
        )
    return str(written), version


def _other(source: Source, tokens: list[str], what: str, code: str, fix: str = "") -> SpecError:
    return SpecError(
        what,
        where=source.locate(tokens),
        fix=fix or 'give a document that starts with "openapi": "3.x.y" or "swagger": "2.0"',
        code=code,
    )


def _shown(tree: Json) -> str:
    if isinstance(tree, list):
        return "a list"
    return "empty" if tree is None else "a piece of text" if isinstance(tree, str) else "a number"


def _as_part(source: Source, tree: dict[str, Json]) -> tuple[str, str] | None:
    """Say which part of a document an object is, and of which document; None when it is none."""
    from tsbind.spec.parts import part_of, referrer  # late: for what is refused

    part = part_of(tree)
    if not part:
        return None
    whole = referrer(source.origin)
    fix = f'give "{whole}", which refers to it' if whole else "give the document that refers to it"
    return f"holds {part}, a part of an OpenAPI document", fix


def _looks_like(tree: dict[str, Json]) -> tuple[str, str]:
    """Name what an object without a version is, and how to get to OpenAPI from it."""
    kinds: tuple[tuple[tuple[str, ...], str, str], ...] = (
        (("calls", "declarations"), "a Bundle of tsbind's", "give what it was compiled from"),
        (("asyncapi",), "an AsyncAPI document", "tsbind reads OpenAPI only"),
        (("swaggerVersion",), "a Swagger 1.x document", "convert it to OpenAPI 3.0 first"),
        (("arazzo",), "an Arazzo document", "give the OpenAPI document that it describes"),
        (("overlay",), "an OpenAPI Overlay", "apply it to its document and give the result"),
        (("openrpc",), "an OpenRPC document", "tsbind reads OpenAPI only"),
        (("raml",), "a RAML document", "convert it to OpenAPI 3.0 first"),
        (("smithy",), "a Smithy model", "generate OpenAPI from it first"),
        (("kind", "discoveryVersion"), "a Google discovery document", "convert it to OpenAPI"),
        (("info", "item"), "a Postman collection", "export it as OpenAPI 3.0"),
        (("log",), "a HAR recording", "give the OpenAPI document of the API"),
        (("_type", "resources"), "an Insomnia export", "export it as OpenAPI 3.0"),
        (("__schema",), "a GraphQL schema", "tsbind reads OpenAPI only"),
        (("data", "errors"), "a GraphQL reply", "tsbind reads OpenAPI only"),
        (("paths",), "OpenAPI without a version", 'add "openapi": "3.0.3" at the top'),
        (("$schema",), "a JSON Schema", "give the OpenAPI document that uses it"),
        (("properties",), "a JSON Schema", "give the OpenAPI document that uses it"),
        (("type",), "a JSON Schema", "give the OpenAPI document that uses it"),
        (("tools",), "a list of MCP tools", "give the OpenAPI document of the API"),
        (("apiVersion", "kind"), "a Kubernetes manifest", "give an OpenAPI document"),
        (("dependencies", "name"), "a package manifest", "give an OpenAPI document"),
    )
    for keys, what, fix in kinds:
        if all(key in tree for key in keys):
            return f"looks like {what}, not an OpenAPI document", fix
    shown = ", ".join(f'"{key[:40]}"' for key in tuple(tree)[:3])
    return f"is no OpenAPI document; it has {shown or 'no keys'}", ""
