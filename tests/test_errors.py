"""Errors as data: they cross to another process as what they are."""

from __future__ import annotations

import pickle

from tsbind.errors import Location, SpecError, TokenizerError


def test_errors_cross_processes_as_they_are() -> None:
    for error in (
        SpecError("it is empty", where=Location("a.yaml", 1, 2), fix="fill it", code="empty"),
        TokenizerError("returned 'x'", where="m:f"),
    ):
        crossed = pickle.loads(pickle.dumps(error))
        assert type(crossed) is type(error)
        assert (str(crossed), crossed.__dict__) == (str(error), error.__dict__)
