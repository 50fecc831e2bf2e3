"""The public JSON-Schema-Test-Suite, through the validators that a run uses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tsbind.errors import BundleError, ResultError
from tsbind.runtime.validate import check_result

REMOTE = ("http://localhost:1234", "https://json-schema.org/draft/2020-12")

ELSEWHERE = {
    "format.json": "says that formats are not checked by default; here they are, on purpose",
    "vocabulary.json": "its metaschema lies elsewhere, and nothing is fetched",
}


def test_every_required_case_of_2020_12_is_decided_right(corpus: Path) -> None:
    folder = next((corpus / "hostile").glob("**/tests/draft2020-12"))
    wrong, decided, refused = [], 0, 0
    for file in sorted(folder.glob("*.json")):
        if file.name in ELSEWHERE:
            continue
        for group in json.loads(file.read_bytes()):
            for case in group["tests"]:
                try:
                    check_result(case["data"], group["schema"])
                    valid = True
                except ResultError:
                    valid = False
                except BundleError:
                    # Nothing is ever fetched: schemas elsewhere are refused, not guessed.
                    assert any(remote in json.dumps(group["schema"]) for remote in REMOTE), group
                    refused += 1
                    continue
                decided += 1
                if valid != case["valid"]:
                    wrong.append((file.name, group["description"], case["description"]))
    assert wrong == []
    assert decided > 1_100
    assert refused < 80


@pytest.mark.parametrize("schema", [{"$ref": "http://localhost:1234/x"}, {"$ref": "other.json"}])
def test_no_schema_is_fetched(schema: dict[str, str]) -> None:
    with pytest.raises(BundleError):
        check_result(1, schema)
