"""Server Objects → where the API answers."""

from __future__ import annotations

from tsbind.bundle import Server, Variable
from tsbind.lower.references import shown
from tsbind.lower.report import At, Node, Report


def servers(node: dict[str, Node], at: At, report: Report) -> tuple[Server, ...]:
    """Read `servers` of a document, path item or operation; () when it names none."""
    listed = node.get("servers")
    if listed is None:
        return ()
    place: At = (at, "servers")
    if not isinstance(listed, list):
        report.add("shape", place, f'"servers" must be a list, not {shown(listed)}')
        return ()
    found = (_server(each, (place, str(index)), report) for index, each in enumerate(listed))
    return tuple(server for server in found if server is not None)


def _server(node: Node, at: At, report: Report) -> Server | None:
    url = node.get("url") if isinstance(node, dict) else None
    if not isinstance(url, str) or not isinstance(node, dict):
        report.add("server", at, 'server has no "url"', fix="give it one, or remove the server")
        return None
    table = node.get("variables")
    variables = {
        name: _variable(each, ((at, "variables"), name), report)
        for name, each in (table.items() if isinstance(table, dict) else ())
        if "{" + name + "}" in url
    }
    return Server(url.strip(), variables)


def _variable(node: Node, at: At, report: Report) -> Variable:
    entry = node if isinstance(node, dict) else {}
    listed = entry.get("enum")
    allowed = tuple(map(_text, listed)) if isinstance(listed, list) else ()
    default = entry.get("default")
    if default is None:
        report.add(
            "server-variable",
            at,
            'server variable has no "default"',
            fix="give it one; until then the first allowed value is used",
        )
        return Variable(allowed[0] if allowed else "", allowed)
    return Variable(_text(default), allowed)


def _text(value: Node) -> str:
    """YAML makes numbers of what is text in a URL: `8443`, `v: 1`."""
    return value if isinstance(value, str) else shown(value)
