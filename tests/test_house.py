"""The rules of the house: who may import whom, how long a file may be, what must not be committed.

A new line in `MAY_IMPORT` is a design decision.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tsbind
from tsbind import errors
from tsbind.cli.group import FAULT, INTERRUPTED, PIPE_CLOSED

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "tsbind"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)
TESTS = sorted((ROOT / "tests").rglob("*.py"))

COMPILER = {"spec", "ir", "lower", "passes", "select", "emit"}
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "resources": {"errors"},
    "bundle": {"errors"},
    "ownership": set(),
    "cache": {
        "bundle",
        "ownership",
        "resources",
    },  # keyed by what the program is, so it asks where that lies
    "media": set(),  # what the compiler declares by and the runtime reads by must be one
    "paging": set(),  # so must this
    "headers": set(),  # and this
    "meter": {"errors", "resources", "bundle"},
    "query": {"errors", "resources"},
    "config": {"errors"},
    "spec": {"errors", "bundle"},  # of bundle the name `Json` alone
    "ir": {"bundle"},
    "lower": {"errors", "bundle", "headers", "media", "paging", "spec", "ir"},
    "passes": {"ir"},
    "search": {"errors", "bundle"},
    "select": {"errors", "query", "ir", "passes"},
    "emit": {"errors", "bundle", "resources", "ir", "search"},
    "pipeline": {"errors", "bundle", "cache", "meter"} | COMPILER,
    "project": {"cache", "config", "errors", "pipeline"},
    # A budget is held where the tokens are counted; the baseline is written like a Bundle.
    "budgets": {"errors", "bundle", "cache", "config", "meter", "project"},
    "build": {"errors", "bundle", "cache", "config", "meter", "pipeline", "project"},
    # Compares what declarations say, so it reads them back as the compiler's own proof does.
    "changes": {"bundle", "emit", "ir", "meter", "passes"},
    # Every form of an API side by side, so it asks each stage for what that stage makes.
    "account": {"bundle", "emit", "ir", "meter", "pipeline", "resources", "spec"},
    "guest": set(),
    "runtime": {"errors", "bundle", "headers", "media", "ownership", "paging", "resources"}
    | {"query", "search"},
    "demo": {"bundle"},
    "tools": {"errors", "bundle", "pipeline", "runtime"},
    "cli": {"errors", "bundle", "cache", "resources", "meter", "pipeline", "runtime", "search"}
    | {"account", "config", "budgets", "build", "changes", "demo"},
    "__init__": {"errors", "bundle", "spec", "pipeline", "runtime"},
    "__main__": {"cli"},
}

LONGEST_FILE = 400  # lines
LONG_FUNCTION = 30  # lines; one function in ten may be longer
DRAWERS = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc", "core"}


def _home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    """Yield the part of tsbind that each import statement reaches."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        match node:
            case ast.ImportFrom(module="tsbind", names=names, level=0):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=str(module), level=0) if module.startswith("tsbind."):
                yield module.split(".")[1]
            case ast.ImportFrom(level=level) if level:
                pytest.fail(f"{path}:{node.lineno}: relative import")
            case ast.Import(names=names):
                yield from (a.name.split(".")[1] for a in names if a.name.startswith("tsbind."))


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=_named)
def test_imports_follow_the_table(path: Path) -> None:
    home = _home(path)
    assert set(_imports(path)) - {home} <= MAY_IMPORT[home]


def test_the_table_has_no_idle_line() -> None:
    homes = {_home(path) for path in MODULES}
    assert set(MAY_IMPORT) == homes
    used = {(_home(path), reached) for path in MODULES for reached in _imports(path)}
    allowed = {(home, reached) for home, all_ in MAY_IMPORT.items() for reached in all_}
    assert sorted(allowed - used) == [], "the table allows what nobody needs"


def test_no_file_is_too_long() -> None:
    lines = {_named(path): len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert not {name: count for name, count in lines.items() if count > LONGEST_FILE}


def test_functions_are_short() -> None:
    lengths = sorted(
        (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    )
    assert lengths[len(lengths) * 9 // 10] <= LONG_FUNCTION


def test_every_module_says_what_it_is() -> None:
    silent = [
        _named(path)
        for path in MODULES
        if path.read_text("utf-8").strip()
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=_named)
def test_no_module_is_a_drawer(path: Path) -> None:
    assert path.stem not in DRAWERS
    assert not DRAWERS & set(path.relative_to(ROOT).parts[1:-1])


@pytest.mark.parametrize("path", TESTS, ids=_named)
def test_tests_patch_nothing(path: Path) -> None:
    text = path.read_text("utf-8")
    tree = ast.parse(text)
    imported = {
        name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        )
    }
    assert not {name for name in imported if name.startswith(("unittest.mock", "mock"))}
    setters = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"setattr", "delattr", "setitem"}
        and isinstance(node.value, ast.Name)
        and "monkeypatch" in node.value.id
    ]
    assert not setters, "a parameter is missing where a test needs to patch"


def test_public_names_are_those_that_exist() -> None:
    assert list(tsbind.__all__) == sorted(tsbind.__all__)
    for name in tsbind.__all__:
        assert getattr(tsbind, name) is not None


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        importlib.import_module("tsbind").nonsense  # noqa: B018 - the access is the test


def test_the_runtime_does_without_the_compiler() -> None:
    loaded = _loaded_by("import tsbind.runtime")
    compiler = {f"tsbind.{part}" for part in COMPILER | {"pipeline", "meter", "cli"}}
    assert not compiler & loaded
    assert not {"yaml", "jinja2", "lark", "openapi_spec_validator", "tiktoken", "rich"} & loaded


def test_help_imports_nothing_heavy() -> None:
    program = "from tsbind.cli import main; main(['--help'])"
    heavy = {"yaml", "jinja2", "lark", "openapi_spec_validator", "tiktoken", "rich", "wasmtime"}
    assert not (heavy | {"aiohttp", "jsonschema_rs", "tsbind.pipeline"}) & _loaded_by(program)


def _errors() -> list[type[errors.TsbindError]]:
    found = [value for value in vars(errors).values() if inspect.isclass(value)]
    return [one for one in found if issubclass(one, errors.TsbindError)]


def test_each_error_has_an_exit_code_of_its_own() -> None:
    codes = [error.exit_code for error in _errors()]
    assert sorted(set(codes)) == sorted(codes)
    assert not {0, 2, FAULT, INTERRUPTED, PIPE_CLOSED} & set(codes)


def test_each_error_stands_in_the_tree_that_is_drawn() -> None:
    drawn = re.findall(r"^ *(\w+Error)\b", errors.__doc__ or "", re.MULTILINE)
    assert len(drawn) == len(set(drawn))
    assert set(drawn) == {error.__name__ for error in _errors()}


def test_each_error_is_raised_and_tested() -> None:
    code = "".join(path.read_text("utf-8") for path in MODULES if path.stem != "errors")
    tests = "".join(path.read_text("utf-8") for path in TESTS)
    for error in _errors():
        if not error.__subclasses__():
            assert re.search(rf"\b{error.__name__}\(", code), f"{error.__name__} is never raised"
            assert error.__name__ in tests or f"== {error.exit_code}" in tests, error.__name__


def _loaded_by(program: str) -> set[str]:
    script = f"import sys\n{program}\nprint('\\n' + ' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def _committed() -> list[Path]:
    """Every file of the project as git would commit it; all but what is ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]


# Spelt in parts, so that this file does not contain what it looks for.
_MACHINE = re.compile(r"(?<![\w.~/}-])/(?:" + "|".join(("work", "root", "home", "Users")) + r")/\w")
_REGISTRY = re.compile(
    "|".join(("pypi" + r"\.org", "pythonhosted" + r"\.org", "registry" + r"\.npmjs"))
)


def test_no_machine_and_no_registry_is_named() -> None:
    found = []
    for path in _committed():
        text = path.read_bytes().decode("utf-8", "replace")
        for number, line in enumerate(text.splitlines(), 1):
            if _MACHINE.search(line) or _REGISTRY.search(line):
                found.append(f"{_named(path)}:{number}: {line.strip()[:120]}")
    assert not found, "\n".join(found)


def test_nothing_built_or_large_is_committed() -> None:
    large = {_named(path): path.stat().st_size for path in _committed()}
    assert not {name: size for name, size in large.items() if size > 512 * 1024}
    assert not [name for name in large if name.endswith((".wasm", ".tiktoken", ".whl", ".pyc"))]
