"""Budgets from a document to a run: kept whatever they are, used, sound TypeScript, whole calls."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.tsc import complaints
from tsbind.emit.dts import read_declarations
from tsbind.errors import BudgetError, CheckerError, ProgramError
from tsbind.meter import tokenizer
from tsbind.passes import Docs
from tsbind.pipeline import Compiled, Options, compile
from tsbind.runtime import Credentials, FakeTransport, Host, Response, run_sync
from tsbind.runtime.typecheck import find_checker

APIS = ("notion.json", "slack-swagger2.json", "petstore3-full.yaml", "apisguru/telegram.json")
TOKENIZERS = ("o200k_base", "cl100k_base")
USED = 0.7  # of any budget that something fits, at least, unless the whole takes less


@cache
def whole(path: Path, docs: Docs, name: str) -> Compiled:
    return compile(path, Options(docs=docs, tokenizer=name))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(APIS),
    st.sampled_from(TOKENIZERS),
    st.sampled_from(["none", "full"]),
    st.floats(0, 1.1),
)
def test_any_budget_is_kept_and_used(
    corpus: Path, api: str, name: str, docs: Docs, roominess: float
) -> None:
    path = corpus / "openapi" / api
    uncut = whole(path, docs, name)
    size = tokenizer(name).count(uncut.declarations)
    budget = max(1, round(size**roominess))
    try:
        compiled = compile(path, Options(docs=docs, tokenizer=name, budget=budget))
    except BudgetError as error:
        least = int(error.fix.removeprefix("raise the budget to ").partition(",")[0])
        assert budget < least < 400
        return
    used = tokenizer(name).count(compiled.declarations)
    assert compiled.fit is not None
    assert compiled.fit.tokens == used <= budget
    assert used >= USED * min(budget, size)
    assert compiled.bundle.calls == uncut.bundle.calls
    assert (compiled.declarations == uncut.declarations) == (not compiled.fit.given_up)
    read = read_declarations(compiled.declarations)
    if not compiled.fit.catalog:
        named = {".".join(op.name) for op in read.operations}
        lost = {
            n for loss in compiled.fit.given_up for n in loss.names if loss.kind == "deprecated"
        }
        assert named == uncut.bundle.calls.keys() - lost


def test_whatever_is_cut_passes_the_compiler(corpus: Path, tmp_path: Path) -> None:
    for api in APIS:
        path = corpus / "openapi" / api
        size = tokenizer(TOKENIZERS[0]).count(whole(path, "none", TOKENIZERS[0]).declarations)
        for percent in range(20, 100, 8):
            options = Options(budget=max(300, size * percent // 100))
            name = f"{Path(api).stem}-{percent}.ts"
            (tmp_path / name).write_text(compile(path, options).declarations, "utf-8")
    assert complaints(tmp_path) == []


CHAT = Path(__file__).parent.parent / "specs/chat.yaml"
PROGRAM = "return (await api.messages.list({ room: 'r1', limit: 5 })).map((m) => m.text)"


def test_programs_run_and_are_checked_against_the_whole_api() -> None:
    """What a shortened text leaves out can be found with `$describe`, and used."""
    bundle = compile(CHAT, Options(budget=120)).bundle
    assert "limit" not in bundle.declarations
    assert bundle.whole == compile(CHAT).declarations
    message = {"id": "m1", "author": "ann", "text": "hi", "sent": "2026-01-01T00:00:00Z"}
    transport = FakeTransport(lambda _: Response.json([message]))
    host = Host(
        bundle,
        "https://chat.example",
        transport=transport,
        credentials=Credentials({"token": "secret"}),
    )
    assert run_sync(PROGRAM, bundle, host=host).value == ["hi"]
    assert transport.sent[0].url.endswith("/rooms/r1/messages?limit=5")
    described = run_sync("return await api.$describe('messages.list')", bundle, host=host).value
    assert "limit?:number" in described
    try:
        find_checker()
    except CheckerError as error:
        pytest.skip(str(error))
    assert run_sync(PROGRAM, bundle, host=host, check=True).value == ["hi"]
    with pytest.raises(ProgramError, match="TS2"):
        run_sync(PROGRAM.replace("limit", "limits"), bundle, host=host, check=True)
