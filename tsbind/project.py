"""Compiles the APIs that a project's configuration names, each as it says."""

from __future__ import annotations

from tsbind.cache import Cache
from tsbind.config import Config
from tsbind.errors import BudgetError
from tsbind.pipeline import Compiled, LoadLimits, Options, compile


def compile_api(config: Config, name: str, cache: Cache | None = None) -> Compiled:
    """Compile one API of a configuration; its budget is only enforced where it says `fit`.

    Raises what `tsbind.pipeline.compile` raises, with the document's path in messages.
    """
    api = config.apis[name]
    path = config.document(name)
    return compile(
        path,
        Options(
            docs=api.docs,
            select=api.select,
            budget=api.budget if api.fit else None,
            tokenizer=api.tokenizer,
            name=str(path),
            allow_refs=api.allow_refs,
            secrets=api.secrets,
            limits=LoadLimits.for_values(api.max_values) if api.max_values else LoadLimits(),
        ),
        cache=cache,
    )


def over_budget(config: Config, name: str, tokens: int) -> BudgetError | None:
    """Return the error, to be raised or shown, if an API's declarations are over its budget."""
    budget = config.apis[name].budget
    if budget is None or tokens <= budget:
        return None
    return BudgetError(
        f'the declarations of "{name}" take {tokens:,} tokens, {budget:,} are allowed',
        where=config.locate(name, "budget"),
        fix="select fewer operations, set `fit = true` to give up detail, or raise the budget",
        code="over-budget",
    )
