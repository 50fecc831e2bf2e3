"""Which schemas are the variants of a discriminated one."""

from __future__ import annotations

import json

from tsbind.bundle import Json
from tsbind.lower.discriminator import MAX_HEIRS, Discriminators
from tsbind.lower.references import References
from tsbind.lower.report import Report
from tsbind.spec import load


def test_heirs_are_listed_up_to_a_total() -> None:
    parent = {"type": "object", "discriminator": {"propertyName": "kind"}}
    heirs = {"First": MAX_HEIRS - 3, "Second": 4, "Third": 3, "Fourth": 0}
    schemas: dict[str, Json] = dict.fromkeys(heirs, parent)
    for name, count in heirs.items():
        inherits = {"allOf": [{"$ref": f"#/components/schemas/{name}"}]}
        schemas |= {f"{name}{index}": inherits for index in range(count)}
    text = json.dumps(
        {
            "openapi": "3.1.0",
            "info": {"title": "t", "version": "1"},
            "paths": {},
            "components": {"schemas": schemas},
        }
    )
    document = load(text.encode(), name="api.json")
    report = Report(document)
    asked = Discriminators(document, References(document, report), report)
    found = {name: asked.variants(parent, f"/components/schemas/{name}") for name in heirs}
    assert {name: len(each.targets) for name, each in found.items() if each} == {
        "First": MAX_HEIRS - 3,
        "Third": 3,
    }
    assert [each.code for each in report.diagnostics()] == ["discriminator"]
    assert report.diagnostics()[0].where.column > 1
