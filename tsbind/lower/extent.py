"""How large operations are once their references are followed.

Operations share parameters, bodies, replies and security by reference, so that a small document may
describe a very large API: a thousand paths, each with the same thousand parameters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from tsbind.lower.operation import Found
from tsbind.lower.references import References
from tsbind.lower.report import Node, Report

# Parameters, media types, headers, scopes … of all operations together: of published documents
# the largest, Microsoft Graph (beta), has 271,000 and others at most 36,000.
MOST: Final = 280_000


def bounded(
    found: Iterable[Found], root: Mapping[str, Node], references: References, report: Report
) -> list[Found]:
    """Return those of the operations that together are no larger than MOST; report the others."""
    room = MOST
    common = _security(root.get("security"))
    kept: list[Found] = []
    for each in found:
        size = 1 + _extent(each, references, common)
        if size <= room:
            room -= size
            kept.append(each)
            continue
        report.add(
            "operation-extent",
            each.at,
            f"{each.label} has {size:,} parameters, media types and the like; all operations"
            f" together may have {MOST:,}",
            fix="split the document, or let fewer operations share long lists",
            severity="error",
            operation=each.label,
        )
    return kept


def _extent(found: Found, references: References, common: int) -> int:
    """Count what an operation has: parameters, media types, headers, scopes, servers."""
    owners = [*(item for item, _ in found.items), found.node]
    shared = sum(_length(owner.get(key)) for owner in owners for key in ("parameters", "servers"))
    responses = found.node.get("responses")
    told = responses.values() if isinstance(responses, dict) else ()
    content = sum(
        1 + _length(part.get("content")) + _length(part.get("headers"))
        for part in (_followed(each, references) for each in (*told, found.node.get("requestBody")))
    )
    secured = _security(found.node["security"]) if "security" in found.node else common
    return shared + content + secured


def _followed(node: Node, references: References) -> dict[str, Node]:
    if isinstance(node, dict) and "$ref" in node:
        target = references.glimpse(node["$ref"])
        node = None if target is None else target.node
    return node if isinstance(node, dict) else {}


def _security(listed: Node) -> int:
    """Count the alternatives, what they need, and the scopes of that."""
    alternatives = [each for each in listed if isinstance(each, dict)] if _length(listed) else []
    return sum(1 + sum(1 + _length(scopes) for scopes in each.values()) for each in alternatives)


def _length(value: Node) -> int:
    return len(value) if isinstance(value, (dict, list)) else 0
