"""Names of types that are no components."""

from __future__ import annotations

import pytest

from tsbind.lower.typenames import TypeNames


@pytest.mark.parametrize(
    ("pointer", "name"),
    [
        ("/x-tsbind-files/schemas~1pet.yaml", "Pet"),
        ("/x-tsbind-files/..~1shared~1pet-store.json", "PetStore"),
        ("/x-tsbind-files/defs.yaml/$defs/Owner", "Owner"),
        ("/x-tsbind-files/whole.yaml/components/schemas/Owner", "Owner"),
        ("/x-tsbind-files/defs.yaml/owner", "DefsOwner"),
    ],
)
def test_a_schema_is_called_what_its_place_says(pointer: str, name: str) -> None:
    assert TypeNames(()).for_pointer(pointer) == name


def test_equal_names_take_more_of_their_places() -> None:
    names = TypeNames(("Owner",))
    assert names.for_pointer("/x-tsbind-files/a.yaml/$defs/Owner") == "AOwner"
    assert names.for_pointer("/x-tsbind-files/b.yaml/$defs/Owner") == "BOwner"
