"""Security schemes and requirements (OpenAPI 3.2 §4.27, §4.30)."""

from __future__ import annotations

from typing import Literal

from tsbind.bundle import Need, Scheme
from tsbind.lower.references import References, shown
from tsbind.lower.report import At, Node, Report
from tsbind.spec.document import Document

_PLACES: tuple[Literal["header", "query", "cookie"], ...] = ("header", "query", "cookie")
# The flows a host can follow without a person, the better ones first.
_FLOWS = ("clientCredentials", "password", "authorizationCode", "deviceAuthorization", "implicit")


def schemes(document: Document, references: References, report: Report) -> dict[str, Scheme]:
    """Read `components.securitySchemes`, leaving out (reported) those that cannot be followed."""
    components = document.root.get("components")
    table = components.get("securitySchemes") if isinstance(components, dict) else None
    place: At = ("/components", "securitySchemes")
    found: dict[str, Scheme] = {}
    for name, node in sorted(table.items()) if isinstance(table, dict) else ():
        resolved = references.node(node, (place, name))
        scheme = resolved and _scheme(*resolved, report)
        if scheme:
            found[name] = scheme
    return found


def _scheme(node: dict[str, Node], at: At, report: Report) -> Scheme | None:
    match node.get("type"):
        case "apiKey":
            name, place = node.get("name"), node.get("in")
            if isinstance(name, str) and place in _PLACES:
                return Scheme("apiKey", name=name, place=place)
            return _bad(at, report, 'apiKey needs "name", and "in" of header, query or cookie')
        case "http":
            scheme = node.get("scheme")
            if isinstance(scheme, str):
                return Scheme("http", scheme=scheme.lower())
            return _bad(at, report, 'http needs "scheme", such as "bearer"')
        case "oauth2":
            return _oauth2(node)
        case "openIdConnect":
            return Scheme("openIdConnect", openid_url=_url(node, "openIdConnectUrl"))
        case "mutualTLS":
            return Scheme("mutualTLS")
        case other:
            return _bad(at, report, f'"type" cannot be {shown(other)}')


def _oauth2(node: dict[str, Node]) -> Scheme:
    flows = node.get("flows")
    known = flows if isinstance(flows, dict) else {}
    for name in _FLOWS:
        flow = known.get(name)
        if isinstance(flow, dict):
            token = _url(flow, "tokenUrl")
            return Scheme("oauth2", token_url=token, refresh_url=_url(flow, "refreshUrl") or token)
    return Scheme("oauth2")


def _url(node: dict[str, Node], key: str) -> str:
    value = node.get(key)
    return value if isinstance(value, str) else ""


def _bad(at: At, report: Report, what: str) -> Scheme | None:
    report.add("security-scheme", at, f"security scheme cannot be used: {what}")
    return None


def requirements(
    node: dict[str, Node], at: At, known: dict[str, Scheme], report: Report
) -> tuple[tuple[Need, ...], ...]:
    """Read `security`: any one of the alternatives, all needs of it; `()` asks for nothing.

    An alternative that names an unknown scheme cannot be met and is left out.
    """
    listed = node.get("security")
    place: At = (at, "security")
    if listed is None:
        return ()
    if not isinstance(listed, list):
        report.add("shape", place, f'"security" must be a list, not {shown(listed)}')
        return ()
    alternatives: dict[tuple[Need, ...], None] = {}
    for index, each in enumerate(listed):
        needs = _alternative(each, (place, str(index)), known, report)
        if needs is not None:
            alternatives[needs] = None
    return tuple(alternatives)


def _alternative(
    node: Node, at: At, known: dict[str, Scheme], report: Report
) -> tuple[Need, ...] | None:
    if not isinstance(node, dict):
        report.add("shape", at, f"security requirement must be an object, not {shown(node)}")
        return None
    needs = []
    for name, scopes in node.items():
        if name not in known:
            report.add(
                "security-unknown",
                (at, name),
                f'security scheme "{name}" is not declared',
                fix="declare it under components.securitySchemes, or remove the requirement",
            )
            return None
        listed = scopes if isinstance(scopes, list) else []
        needs.append(Need(name, tuple(scope for scope in listed if isinstance(scope, str))))
    return tuple(needs)
