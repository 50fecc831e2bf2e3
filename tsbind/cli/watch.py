"""`tsbind watch`: generates what the project's configuration asks for, again after each change.

It looks at sizes and times of files a few times a second.  That needs no library of the system's
own, and works where notifications do not arrive: network mounts, containers, virtual machines.
What is looked at is little: the configuration and the documents' folders, since no reference
leaves the folder of its document.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from tsbind.cli.ci import choose, config_option
from tsbind.cli.group import Command
from tsbind.cli.screen import complain, plural, show
from tsbind.config import Config, find, read
from tsbind.errors import TsbindError

SUFFIXES = (".json", ".yaml", ".yml")
MOST_FILES = 10_000  # beside the documents themselves
Seen = Mapping[str, tuple[int, int]]  # path -> when it was changed, its size


@click.command(cls=Command)
@click.argument("names", metavar="[API]...", nargs=-1)
@config_option
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05, max=3600),
    default=0.3,
    show_default=True,
    help="Seconds between looks.",
)
@click.option("--once", is_flag=True, help="Generate once and end, with the error's code if any.")
def command(names: tuple[str, ...], path: Path | None, interval: float, once: bool) -> None:
    """Generate the APIs of a project again whenever their documents change.

    The APIs stand in tsbind.toml or under [tool.tsbind] in pyproject.toml; those with an `output`
    are generated, as the build hooks do it.  Errors are told, and the watch goes on.
    """
    path = path or find(Path())
    if once:
        _build(read(path), names)
        return
    for _ in changes(path, interval):
        try:
            _build(read(path), names)
        except TsbindError as error:
            complain(str(error))


def changes(path: Path, interval: float) -> Iterator[None]:
    """Yield at once, and then each time something changed that the configuration names."""
    while True:
        before = look(path)  # before building: what changes meanwhile is built again
        yield
        while look(path) == before:
            time.sleep(interval)


def look(path: Path) -> Seen:
    """Return the state of the configuration and of all that its documents may consist of."""
    watched = {str(path)}
    try:
        config = read(path)
    except TsbindError:
        config = None  # until it is corrected, the configuration alone is watched
    if config is not None:
        documents = {config.document(name) for name in config.apis}
        watched |= {str(document) for document in documents}
        folders = {document.parent for document in documents}
        watched |= {found for folder in folders for found in _parts(folder)}
        made = (path for name in config.apis for path in config.outputs(name).values())
        watched -= set(map(str, made))
    return {name: state for name in watched if (state := _state(name)) is not None}


def _parts(folder: Path) -> Iterator[str]:
    found = 0
    for root, inner, files in os.walk(folder):
        inner[:] = [name for name in inner if not name.startswith(".") and name != "node_modules"]
        for name in files:
            if name.endswith(SUFFIXES):
                found += 1
                yield str(Path(root, name))
        if found > MOST_FILES:
            return


def _state(name: str) -> tuple[int, int] | None:
    try:
        status = os.stat(name)
    except OSError:
        return None  # absent now; that it was there is a change, too
    return status.st_mtime_ns, status.st_size


def _build(config: Config, names: tuple[str, ...]) -> None:
    from tsbind.build import generate
    from tsbind.cache import Cache

    start = time.perf_counter()
    made = generate(config, choose(config, names), cache=Cache.of_user())
    seconds = time.perf_counter() - start
    for each in made:
        wrote = f"wrote {', '.join(map(str, each.written))}" if each.written else "nothing changed"
        show(f"{each.name}: {each.tokens:,} tokens, {wrote}")
    show(f"{plural(len(made), 'API')}, {seconds:.2f} s")
