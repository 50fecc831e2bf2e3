"""What was compiled is taken from the cache only while nothing that it was made of has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tsbind.cache import Cache, file_digest, key_of
from tsbind.pipeline import Options, compile
from tsbind.spec.load import load

ROOT = """\
openapi: 3.1.0
info: { title: Rooms, version: "1" }
paths:
  /rooms:
    get:
      operationId: listRooms
      responses:
        "200":
          description: ok
          content: { application/json: { schema: { $ref: "room.yaml#/Room" } } }
"""
ROOM = "Room: { type: object, properties: { name: { type: string } } }\n"


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    (tmp_path / "room.yaml").write_text(ROOM)
    (tmp_path / "rooms.yaml").write_text(ROOT)
    return tmp_path / "rooms.yaml"


def entries(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").glob("*.entry"))


def test_the_second_run_gives_the_same_without_compiling(
    cache: Cache, document: Path, tmp_path: Path
) -> None:
    first = compile(document, cache=cache)
    assert len(entries(tmp_path)) == 1
    again = compile(document, cache=cache)
    assert again.document is None is not first.document  # that it was not compiled again
    first.bundle.save(tmp_path / "a")
    again.bundle.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (again.stubs, again.diagnostics) == (first.stubs, first.diagnostics)
    assert (again.types, again.fit) == (first.types, first.fit)


@pytest.mark.parametrize("changed", ["rooms.yaml", "room.yaml"])
def test_a_change_of_any_file_is_seen(cache: Cache, document: Path, changed: str) -> None:
    before = compile(document, cache=cache)
    path = document.parent / changed
    status = path.stat()
    path.write_text(path.read_text().replace("name", "size").replace("listRooms", "findRooms"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))  # times prove nothing
    after = compile(document, cache=cache)
    assert after.document is not None
    assert after.declarations != before.declarations


def test_other_options_are_another_entry(cache: Cache, document: Path, tmp_path: Path) -> None:
    for options in (Options(), Options(docs="full"), Options(budget=500), Options(name="x")):
        assert compile(document, options, cache=cache).document is not None
        assert compile(document, options, cache=cache).document is None
    assert len(entries(tmp_path)) == 4


def test_bytes_are_kept_by_their_content(cache: Cache) -> None:
    source = ROOT.replace('{ $ref: "room.yaml#/Room" }', "{ type: string }").encode()
    assert compile(source, cache=cache).document is not None
    assert compile(source, cache=cache).document is None
    assert compile(source + b"\n", cache=cache).document is not None


def test_a_document_with_a_lost_file_is_not_kept(
    cache: Cache, document: Path, tmp_path: Path
) -> None:
    (tmp_path / "room.yaml").unlink()
    compile(document, cache=cache)
    assert not entries(tmp_path)
    (tmp_path / "room.yaml").write_text(ROOM)
    assert "name?:string" in compile(document, cache=cache).declarations


def test_what_a_host_or_a_plugin_decides_is_not_kept(
    cache: Cache, document: Path, tmp_path: Path
) -> None:
    compile(document, Options(budget=500, tokenizer="builtins:len"), cache=cache)
    assert not entries(tmp_path)
    assert load(document).settled
    assert set(load(document).read) == {str(tmp_path / "rooms.yaml"), str(tmp_path / "room.yaml")}


@pytest.mark.parametrize("damage", [b"", b"{}", b"[1", b'{"files":{},"value":{"bundle":3}}'])
def test_a_damaged_entry_is_made_again(
    damage: bytes, cache: Cache, document: Path, tmp_path: Path
) -> None:
    compile(document, cache=cache)
    (entry,) = entries(tmp_path)
    entry.write_bytes(damage)
    assert compile(document, cache=cache).document is not None
    assert compile(document, cache=cache).document is None


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners here")
def test_what_others_can_write_is_not_believed(
    cache: Cache, document: Path, tmp_path: Path
) -> None:
    compile(document, cache=cache)
    (entry,) = entries(tmp_path)
    assert entry.stat().st_mode & 0o777 == 0o600
    assert entry.parent.stat().st_mode & 0o777 == 0o700
    entry.chmod(0o666)
    assert compile(document, cache=cache).document is not None
    entry.parent.chmod(0o777)
    assert compile(document, cache=cache).document is not None


def test_the_entries_used_longest_ago_go_first(tmp_path: Path) -> None:
    small = Cache(tmp_path / "cache", largest=400)
    for number in range(6):
        small.put(f"key{number}", "x" * 100, {})
        os.utime(tmp_path / f"cache/key{number}.entry", ns=(number, number))
    kept = [number for number in range(6) if small.get(f"key{number}", str)]
    assert kept == [3, 4, 5]
    small.put("large", "x" * 1000, {})
    assert small.get("large", str) is None


def test_a_cache_that_cannot_be_written_is_no_error(document: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    assert compile(document, cache=Cache(tmp_path / "file" / "cache")).document is not None


def test_a_key_is_of_all_its_parts(tmp_path: Path) -> None:
    assert key_of("a", "bc") != key_of("ab", "c") != key_of("abc")
    assert key_of("a", Options()) == key_of("a", Options())
    (tmp_path / "empty").write_bytes(b"")
    assert file_digest(str(tmp_path / "empty")).startswith("e3b0c442")
