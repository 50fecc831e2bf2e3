"""Where commands speak: results on stdout, everything else on stderr.

Much of what is said comes from documents and programs, so whatever could steer a terminal is made
visible first.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click
import msgspec

# Control characters but for line feed and tab, and what reorders or hides text.
_STEERING = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_PATIENCE = 0.5  # seconds before progress is shown


def visible(text: str) -> str:
    """Return `text` with every character that could steer a terminal spelled as an escape."""
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def say(text: str = "") -> None:
    """Tell a person something that is no result: on stderr."""
    click.echo(visible(text), err=True)


def show(text: str = "") -> None:
    """Print a result meant for people: on stdout."""
    click.echo(visible(text))


def complain(text: str) -> None:
    """Say what went wrong; red on a terminal."""
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    click.secho(visible(text), err=True, fg="red" if coloured else None)


def write(text: str) -> None:
    """Print a result meant for programs as it is, in UTF-8 whatever the locale says."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
    sys.stdout.buffer.flush()


def print_json(value: object) -> None:
    """Print a result as JSON, indented."""
    write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out rows in columns: the first to the left, the others, which are numbers, right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for row in (header, *rows):
        first, *others = (visible(cell) for cell in row)
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def plural(number: int, noun: str) -> str:
    """Return `1 type`, `2 replies`, `1,223 operations`."""
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun}"


def share(part: int, whole: int) -> str:
    """Return `part` as a percentage of `whole`, with as many digits as say something."""
    if not whole:
        return "-"
    percent = 100 * part / whole
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


_line = threading.Lock()  # who holds it may write on the line that `working` draws
_DRAWING = "tsbind-working"  # the thread that draws it


@contextmanager
def working(label: str) -> Iterator[None]:
    """Show on a terminal that something long is going on, with the seconds that it takes."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    thread = threading.Thread(target=_tick, args=(visible(label), done), name=_DRAWING, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _tick(label: str, done: threading.Event) -> None:
    start = time.monotonic()
    if done.wait(_PATIENCE):
        return
    while not done.wait(0.1):
        with _line:
            sys.stderr.write(f"\r{label} … {time.monotonic() - start:.1f} s")
            sys.stderr.flush()
    with _line:
        _wipe()


def alone() -> bool:
    """Whether this thread is the only one, save that of `working`."""
    return all(
        thread is threading.current_thread() or thread.name == _DRAWING
        for thread in threading.enumerate()
    )


@contextmanager
def asking() -> Iterator[None]:
    """Keep what `working` shows off the terminal while a person is asked something."""
    with _line:
        if sys.stderr.isatty():
            _wipe()
        yield


def confirmed(question: str) -> bool:
    """Return whether a person at the terminal says yes; no, or nothing more to read, is no.

    Ctrl-C ends the wait at once, and is then what it was before: an event loop's own handler would
    only note it, and go on waiting.
    """
    if threading.current_thread() is not threading.main_thread():
        return _yes(question)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return _yes(question)
    except KeyboardInterrupt:
        click.echo(err=True)
        signal.signal(signal.SIGINT, before)
        signal.raise_signal(signal.SIGINT)
        return False
    finally:
        signal.signal(signal.SIGINT, before)


def _yes(question: str) -> bool:
    click.echo(f"{visible(question)} [y/N]: ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _wipe() -> None:
    sys.stderr.write("\r\x1b[K")
    sys.stderr.flush()
