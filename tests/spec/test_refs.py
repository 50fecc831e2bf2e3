"""External references: what is read, what is refused, and that nothing else is touched."""

from __future__ import annotations

import http.server
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tsbind.errors import SpecError
from tsbind.spec import Document, LoadLimits, load
from tsbind.spec.fetch import allowed

OUTSIDE = "it does not lie below the folder of the document"


def document(folder: Path, ref: str, **options: object) -> Document:
    """Load a document in `folder` whose schema A is the reference `ref`."""
    value = {"openapi": "3.1.0", "components": {"schemas": {"A": {"$ref": ref}}}}
    folder.mkdir(exist_ok=True)
    (folder / "api.json").write_text(json.dumps(value))
    return load(folder / "api.json", **options)  # type: ignore[arg-type]


def target(loaded: Document) -> object:
    return loaded.follow(loaded.root["components"]["schemas"]["A"])[0]


def why_not(loaded: Document) -> str:
    with pytest.raises(SpecError) as caught:
        target(loaded)
    assert caught.value.code == "bad-ref"
    return caught.value.what.partition("leads nowhere: ")[2]


@pytest.mark.parametrize(
    ("file", "ref"),
    [
        ("pet.json", "pet.json"),
        ("pet.json", "./pet.json#"),
        ("pet.json", "x/../pet.json"),
        ("deep/er/pet.yaml", "deep/er/pet.yaml"),
        ("a b.json", "a%20b.json"),
        ("a b.json", "a b.json"),
        ("ä.json", "%C3%A4.json"),
    ],
)
def test_files_below_the_folder_are_read(tmp_path: Path, file: str, ref: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text('{"type": "string"}')
    loaded = document(tmp_path, ref)
    assert target(loaded) == {"type": "string"}
    assert loaded.size == sum(path.stat().st_size for path in tmp_path.rglob("*.*"))


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("../secret.json", OUTSIDE),
        ("../../../../../../etc/passwd", OUTSIDE),
        ("%2e%2e/secret.json", OUTSIDE),
        ("..%2Fsecret.json", OUTSIDE),
        ("{tmp}/secret.json", OUTSIDE),
        ("file://{tmp}/secret.json", "it is an absolute path"),
        ("file://{tmp}/root/api.json", "it is an absolute path"),
        ("FILE://{tmp}/secret.json", "it is an absolute path"),
        ("file:secret.json", "it is an absolute path"),
        ("link.json", OUTSIDE),
        ("linked/secret.json", OUTSIDE),
        ("pipe", "it is no regular file"),
        (".", "it is no regular file"),
        ("nobody.json", "there is no such file"),
        ("nul%00l.json", OUTSIDE),
        ("x" * 5000, "the file cannot be read: "),
        ("//localhost/secret.json", "only files and, where allowed, http are read"),
        ("http://localhost:{port}/a", "remote references are read only from hosts that are"),
        ("HTTPS://localhost:{port}/a", "remote references are read only from hosts that are"),
        ("ftp://localhost/a", "only files and, where allowed, http are read"),
        ("data:application/json,{{}}", "only files and, where allowed, http are read"),
        ("C:\\secret.json", "only files and, where allowed, http are read"),
        ("http://[oops/", "it is no URI reference"),
        ("bad.json", "bad.json:1:"),
        ("api.json#nobody", 'no $anchor is called "nobody"'),
        ("#%ff", "it is no URI reference"),
    ],
)
def test_all_else_is_refused(tmp_path: Path, ref: str, why: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret.json").write_text('{"const": "SECRET"}')
    (root / "link.json").symlink_to(tmp_path / "secret.json")
    (root / "linked").symlink_to(tmp_path)
    (root / "bad.json").write_text('{"type": }')
    os.mkfifo(root / "pipe")
    with serving({}) as (port, seen):
        loaded = document(root, ref.format(tmp=tmp_path, port=port))
    assert why in why_not(loaded)
    assert "SECRET" not in json.dumps(loaded.root)
    assert not seen


def test_a_schema_id_opens_no_door(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"const": "SECRET"}')
    schema = {"$id": tmp_path.as_uri() + "/x.json", "$ref": "secret.json"}
    value = {"openapi": "3.1.0", "components": {"schemas": {"A": schema}}}
    (tmp_path / "root").mkdir()
    (tmp_path / "root/api.json").write_text(json.dumps(value))
    loaded = load(tmp_path / "root/api.json")
    assert "SECRET" not in json.dumps(loaded.root)


def test_a_document_from_memory_has_no_files() -> None:
    value = {"openapi": "3.1.0", "components": {"schemas": {"A": {"$ref": "/etc/passwd"}}}}
    assert "it has no files beside it" in why_not(load(json.dumps(value).encode()))


def test_files_of_files_and_circles(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"properties": {"b": {"$ref": "sub/b.json"}}}')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/b.json").write_text('{"items": {"$ref": "../a.json"}}')
    loaded = document(tmp_path, "a.json")
    files = loaded.root["x-tsbind-files"]
    assert files["a.json"]["properties"]["b"] == {"$ref": "#/x-tsbind-files/sub~1b.json"}
    assert files["sub/b.json"]["items"] == {"$ref": "#/x-tsbind-files/a.json"}
    place = loaded.locate("/x-tsbind-files/sub~1b.json/items/$ref")
    assert str(place) == f"{tmp_path}/sub/b.json:1:12"


def test_the_reserved_key_is_ours() -> None:
    value = {"openapi": "3.1.0", "x-tsbind-files": {"a": 1}}
    assert "x-tsbind-files" not in load(json.dumps(value).encode()).root


@pytest.mark.parametrize("limits", [LoadLimits(files=3), LoadLimits(bytes=300)])
def test_files_are_bounded_together(tmp_path: Path, limits: LoadLimits) -> None:
    for index in range(10):
        text = json.dumps({"title": "x" * 40, "not": {"$ref": f"f{index + 1}.json"}})
        (tmp_path / f"f{index}.json").write_text(text)
    with pytest.raises(SpecError, match="too-large"):
        document(tmp_path, "f0.json", limits=limits)


def test_values_are_bounded_together(tmp_path: Path) -> None:
    for index in range(10):
        text = json.dumps({"enum": list(range(60)), "not": {"$ref": f"f{index + 1}.json"}})
        (tmp_path / f"f{index}.json").write_text(text)
    with pytest.raises(SpecError, match="too-large"):
        document(tmp_path, "f0.json", limits=LoadLimits(nodes=200))


@contextmanager
def serving(replies: dict[str, tuple[int, str]]) -> Iterator[tuple[int, list[str]]]:
    """Serve `replies` on loopback; yield the port and the list of paths that were asked for."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            status, body = replies.get(self.path, (404, ""))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body)
                body = ""
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_allowed_folders_are_read_and_no_others(tmp_path: Path) -> None:
    for name in ("api", "shared/deep", "secret"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "shared/pet.json").write_text('{"$ref": "deep/owner.json"}')
    (tmp_path / "shared/deep/owner.json").write_text('{"$ref": "../../secret/name.json"}')
    (tmp_path / "secret/name.json").write_text('{"const": "SECRET"}')
    (tmp_path / "shared/link.json").symlink_to(tmp_path / "secret/name.json")
    ref = "../shared/pet.json"
    refused = document(tmp_path / "api", ref)
    assert OUTSIDE in why_not(refused)
    with pytest.raises(SpecError) as caught:
        target(refused)
    folder = str(tmp_path / "shared")
    assert caught.value.fix == f"if it may be read, allow its folder: --allow-ref {folder}"
    loaded = document(tmp_path / "api", ref, allow_refs=(folder,))
    files = loaded.root["x-tsbind-files"]
    assert files["../shared/pet.json"] == {"$ref": "#/x-tsbind-files/..~1shared~1deep~1owner.json"}
    assert loaded.locate("/x-tsbind-files/..~1shared~1pet.json").file == f"{folder}/pet.json"
    assert "SECRET" not in json.dumps(loaded.root)
    linked = document(tmp_path / "api", "../shared/link.json", allow_refs=(folder,))
    assert OUTSIDE in why_not(linked)


def test_a_refused_host_is_named_with_the_option_that_allows_it(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        target(document(tmp_path, "https://a.example:8443/pet.yaml#/x"))
    assert caught.value.fix == "if it may be asked, allow its host: --allow-ref a.example:8443"


def test_allowed_hosts_are_read_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "local.json").write_text("{}")
    replies = {
        "/pet.yaml": (200, "properties: {owner: {$ref: 'people.yaml#/owner'}}"),
        "/people.yaml": (200, "owner: {type: string}\nother: {$ref: local.json}"),
        "/away": (302, "/pet.yaml"),
        "/large": (200, "x" * 2000),
    }
    with serving(replies) as (port, seen):
        origin = f"http://127.0.0.1:{port}"
        options = {"allow_refs": (origin,), "limits": LoadLimits(bytes=1000)}
        loaded = document(tmp_path, f"{origin}/pet.yaml", **options)
        assert loaded.root["x-tsbind-files"][f"{origin}/people.yaml"]["owner"] == {"type": "string"}
        assert seen == ["/pet.yaml", "/people.yaml"]
        assert "status 302" in why_not(document(tmp_path, f"{origin}/away", **options))
        assert "status 404" in why_not(document(tmp_path, f"{origin}/none", **options))
        assert "larger" in why_not(document(tmp_path, f"{origin}/large", **options))
        before = len(seen)
        other = document(tmp_path, f"http://localhost:{port}/pet.yaml", **options)
        assert "hosts that are allowed" in why_not(other)
        assert len(seen) == before
    assert "cannot be fetched" in why_not(document(tmp_path, f"{origin}/pet.yaml", **options))


@pytest.mark.parametrize(
    ("url", "entry", "expected"),
    [
        ("https://a.example/x", "a.example", True),
        ("https://A.example:443/x", "a.EXAMPLE", True),
        ("http://a.example/x", "a.example", False),
        ("https://a.example:444/x", "a.example", False),
        ("https://a.example:444/x", "a.example:444", True),
        ("http://a.example/x", "http://a.example", True),
        ("https://b.a.example/x", "a.example", False),
        ("https://a.example.evil/x", "a.example", False),
        ("https://a.example@evil/x", "a.example", False),
        ("https://user@a.example/x", "a.example", False),
        ("https://a.example\\@evil/x", "a.example", False),
        ("https://a.example./x", "a.example", True),
        ("ftp://a.example/x", "ftp://a.example", False),
        ("https://[::1]/x", "[::1]", True),
        ("https://a.example:x/", "a.example", False),
        ("https:///x", "", False),
    ],
)
def test_hosts_are_compared_whole(url: str, entry: str, expected: bool) -> None:
    assert allowed(url, (entry,)) is expected


def test_no_socket_without_permission(tmp_path: Path) -> None:
    """Loading cannot open a socket: the modules that could are not even imported."""
    import subprocess

    document(tmp_path, "https://a.example/pet.yaml")
    program = (
        "import sys; from tsbind.spec import load\n"
        "sys.addaudithook(lambda e, a: e.startswith('socket.') and sys.exit('socket: ' + e))\n"
        f"load({str(tmp_path / 'api.json')!r})\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_group_cannot_be_what_it_stands_in() -> None:
    loaded = load(b'{"openapi": "3.1.0", "paths": {"paths": null, "/a": null, "$ref": ""}}')
    assert [each.code for each in loaded.diagnostics] == ["wrong-type", "wrong-type", "wrong-type"]


def test_names_in_other_files_are_found_wherever_they_stand(tmp_path: Path) -> None:
    """`$anchor`, `$id` and `$dynamicRef` of schemas that no pointer leads to."""
    (tmp_path / "defs.yaml").write_text(
        "one: {$id: 'https://x.example/one', properties: {two: {$ref: two}}}\n"
        "two: {$id: 'https://x.example/two', enum: [x]}\n"
        "tree: {$anchor: tree, $dynamicAnchor: node, items: {$dynamicRef: '#node'}}\n"
    )
    anchored = document(tmp_path, "defs.yaml#tree")
    assert target(anchored) == {
        "$anchor": "tree",
        "$dynamicAnchor": "node",
        "items": {"$ref": "#/x-tsbind-files/defs.yaml/tree"},
    }
    schemas = {
        "A": {"$ref": "https://x.example/one"},
        "B": {"$ref": "defs.yaml#tree"},
    }
    value = {"openapi": "3.1.0", "components": {"schemas": schemas}}
    (tmp_path / "api.json").write_text(json.dumps(value))
    named = load(tmp_path / "api.json")
    assert named.failed == {}
    one = named.root["x-tsbind-files"]["defs.yaml"]["one"]
    assert target(named) == one
    assert one["properties"]["two"] == {"$ref": "#/x-tsbind-files/defs.yaml/two"}
