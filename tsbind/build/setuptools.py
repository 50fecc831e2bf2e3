"""The build step for setuptools: runs by itself in projects with `[tool.tsbind]`.

    [build-system]
    requires = ["setuptools>=77", "tsbind"]
    build-backend = "setuptools.build_meta"

    [tool.tsbind.apis.chat]
    document = "chat.yaml"
    output = "src/shop/apis"

The files are written into the source tree, as an editable install needs them, and copied into the
built package.  A configuration above the project's own folder does not count.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from setuptools import Command, Distribution
from setuptools.command.build import build
from setuptools.errors import SetupError

from tsbind.build.generate import failure, generate
from tsbind.cache import Cache
from tsbind.config import NAMES, Config, configured, read
from tsbind.errors import TsbindError


def finalize(distribution: Distribution) -> None:
    """Make the step part of `build`; setuptools calls this in every project.

    Registered under `setuptools.finalize_distribution_options`.
    """
    if not _configured():
        return  # another project, whose build environment happens to hold tsbind
    commands = distribution.get_command_class("build")
    assert issubclass(commands, build)
    distribution.cmdclass["build"] = type(
        "build", (commands,), {"sub_commands": [("build_tsbind", None), *commands.sub_commands]}
    )
    distribution.cmdclass["build_tsbind"] = BuildTsbind


class BuildTsbind(Command):
    """Generate declarations, stubs and Bundles from [tool.tsbind]."""

    description = "generate declarations, stubs and Bundles from [tool.tsbind]"
    user_options: ClassVar[list[tuple[str, str | None, str]]] = []
    editable_mode = False
    build_lib: str | None = None

    def initialize_options(self) -> None:
        """Know nothing yet."""
        self.build_lib = None

    def finalize_options(self) -> None:
        """Learn from `build_py` where the package is put together."""
        self.set_undefined_options("build_py", ("build_lib", "build_lib"))

    def run(self) -> None:
        """Generate into the source tree, and copy into what is built."""
        try:
            for made in generate(_settings(), cache=Cache.of_user()):
                self.announce(f"tsbind: {made.name}, {made.tokens:,} tokens", level=2)
        except TsbindError as error:
            raise SetupError(failure(error)) from None
        if self.editable_mode:
            return
        for built, source in self.get_output_mapping().items():
            Path(built).parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(source, built)

    def get_source_files(self) -> list[str]:
        """Return what a source distribution must hold, so that the step can run from it."""
        config = _settings()
        return [str(config.path), *(str(config.document(name)) for name in config.apis)]

    def get_outputs(self) -> list[str]:
        """Return the files that the step puts into the built package."""
        return list(self.get_output_mapping())

    def get_output_mapping(self) -> dict[str, str]:
        """Return, for each file in the built package, the one in the source tree."""
        config = _settings()
        paths = [path for name in config.apis for path in config.outputs(name).values()]
        return {
            str(Path(self.build_lib or "") / place): str(path)
            for path in paths
            if (place := self._place(path)) is not None
        }

    def _place(self, path: Path) -> Path | None:
        """Where a file of the source tree lies among the installed packages; None: in none."""
        folders = {"": "", **(self.distribution.package_dir or {})}
        # The innermost folder knows best: {"": "src", "shop": "lib/shop"}.
        for package, folder in sorted(folders.items(), key=lambda item: -len(item[1])):
            if path.is_relative_to(folder):
                return Path(*package.split("."), path.relative_to(folder))
        return None


def _configured() -> Path | None:
    return configured(Path())


def _settings() -> Config:
    path = _configured()
    if path is None:
        raise SetupError(f"tsbind: neither of {' and '.join(NAMES)} configures an API here")
    return read(path)
