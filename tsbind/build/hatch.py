"""The build hook for hatchling.

    [build-system]
    requires = ["hatchling", "tsbind"]
    build-backend = "hatchling.build"

    [tool.hatch.build.hooks.tsbind]

    [tool.tsbind.apis.chat]
    document = "chat.yaml"
    output = "src/shop/apis"

The files are written into the source tree, so editable installs have them too, and go into wheels
and source distributions even where version control ignores them.  Building from a source
distribution needs the documents in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.plugin import hookimpl

from tsbind.build.generate import failure, generate
from tsbind.cache import Cache
from tsbind.config import Config, find, read
from tsbind.errors import TsbindError


class TsbindHook(BuildHookInterface):  # type: ignore[type-arg] # generic over the builder's config
    """Generates before files are collected."""

    PLUGIN_NAME = "tsbind"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate what the project's configuration asks for, and have it packed."""
        try:
            made = generate(self._settings(), cache=Cache.of_user())
        except TsbindError as error:
            self.app.abort(failure(error))
        root = Path(self.root).resolve()
        for path in (path for each in made for path in each.files):
            build_data["artifacts"].append(f"/{path.resolve().relative_to(root).as_posix()}")

    def clean(self, versions: list[str]) -> None:
        """Remove what was generated; `hatch clean` calls this."""
        config = self._settings()
        for name in config.apis:
            for path in config.outputs(name).values():
                path.unlink(missing_ok=True)

    def _settings(self) -> Config:
        return read(find(Path(self.root)))


@hookimpl
def hatch_register_build_hook() -> type[TsbindHook]:
    """Tell hatchling about the hook; the entry point `hatch` of tsbind leads here."""
    return TsbindHook
