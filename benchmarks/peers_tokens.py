"""How small are tsbind's declarations beside the smallest output of any peer, document by document?

Tokens of o200k_base, without prose: comments and blank lines are taken out of what anyone prints,
which of ours is a title, a version and a remark.  Each peer prints all it knows of inputs and
replies in the smallest form that it has: types only, where there is a choice.
`@cloudflare/codemode` is fed with the complete schemas of arguments and replies by us, since its
own reader of OpenAPI leaves out replies.

`TSBIND_PEERS` names folders, separated as in PATH, in which npm has installed the peers.  All of
them and the whole corpus take an hour, so outcomes are kept in `build/peers_tokens.json` and a run
stops after `TSBIND_SECONDS` (150); the next one goes on.  Documents are taken in the order of their
names' hashes, so that what is there after any run is a fair sample.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import record
from tsbind.bundle import Bundle, Json
from tsbind.errors import SpecError
from tsbind.meter import DEFAULT, tokenizer
from tsbind.pipeline import Options, compile

DEADLINE = 150.0  # seconds that a peer may take for one document
SECONDS = float(os.environ.get("TSBIND_SECONDS", "150"))
KEPT = record.ROOT / "build" / "peers_tokens.json"

# The program, and its arguments; all that it writes below {out} counts.
COMMANDS: dict[str, tuple[str, ...]] = {
    "openapi-typescript": ("openapi-typescript", "{document}", "-o", "{out}/types.ts"),
    "@hey-api/openapi-ts": (
        *("openapi-ts", "-i", "{document}", "-o", "{out}"),
        *("-p", "@hey-api/typescript"),
    ),
    "swagger-typescript-api": (
        *("swagger-typescript-api", "generate", "-p", "{document}", "-o", "{out}"),
        *("--no-client", "--route-types", "--silent"),
    ),
    "oazapfts": ("oazapfts", "{document}", "{out}/api.ts"),
}
CODEMODE = "@cloudflare/codemode"
# The module that we need has no name of its own; the others want a Worker around them.
CODEMODE_JS = """
import fs from "node:fs";
const [folder, input, output] = process.argv.slice(2);
const file = fs.readdirSync(folder).find(name => /^json-schema-types-.*\\.js$/.test(name));
const module = await import(`${folder}/${file}`);
const print = Object.values(module).find(each => each.name === "generateTypesFromJsonSchema");
fs.writeFileSync(output, print(JSON.parse(fs.readFileSync(input))));
"""
_COMMENT = re.compile(
    r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|//[^\n]*|/\*.*?\*/""", re.S
)

Row = dict[str, Any]


def measure() -> dict[str, Any]:
    """Go on where the last run stopped, and put together what there is."""
    folder = record.corpus()
    peers = [Path(each) for each in os.environ.get("TSBIND_PEERS", "").split(os.pathsep) if each]
    if not peers:
        sys.exit("no peers here: set TSBIND_PEERS to folders with their node_modules")
    files = [entry["file"] for entry in json.loads((folder / "index.json").read_bytes())]
    files.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
    known: dict[str, Row] = msgspec.json.decode(KEPT.read_bytes()) if KEPT.exists() else {}
    end = time.monotonic() + SECONDS
    rows: list[Row] = []
    for file in files:
        key = hashlib.sha256((folder / file).read_bytes()).hexdigest()
        if key not in known and time.monotonic() > end:
            continue
        ours = _ours(folder / file)
        if ours is None:
            continue
        if key not in known:
            known[key] = {"peers": _theirs(folder / file, ours.bundle, peers)}
            KEPT.parent.mkdir(exist_ok=True)
            KEPT.write_bytes(msgspec.json.encode(known))
        rows.append(_row(file, ours.declarations, len(ours.bundle.calls), known[key]["peers"]))
    versions = {name: _version(name, peers) for name in (*COMMANDS, CODEMODE)}
    return {"tokenizer": DEFAULT, "peers": versions, **totals(rows), "documents": rows}


def _ours(path: Path) -> Any:  # noqa: ANN401
    try:
        return compile(path, Options(name=path.name))
    except SpecError:
        return None


def _row(file: str, declarations: str, operations: int, peers: Mapping[str, int | None]) -> Row:
    tokens = tokenizer(DEFAULT).count(without_comments(declarations))
    sizes = {name: size for name, size in peers.items() if size}
    smallest = min(sizes, key=lambda name: sizes[name]) if sizes else None
    return {
        "document": file,
        "operations": operations,
        "tokens": tokens,
        "peers": dict(peers),
        "smallest": smallest,
        "share": round(tokens / sizes[smallest], 3) if smallest else None,
    }


def _theirs(document: Path, bundle: Bundle, folders: Sequence[Path]) -> dict[str, int | None]:
    sizes: dict[str, int | None] = {}
    for name, (program, *arguments) in COMMANDS.items():
        found = _installed(folders, f".bin/{program}")
        if found:
            with tempfile.TemporaryDirectory() as out:
                given = [each.format(document=document, out=out) for each in arguments]
                sizes[name] = _printed([str(found), *given], out)
    codemode = _installed(folders, f"{CODEMODE}/dist")
    if codemode:
        sizes[CODEMODE] = _codemode(codemode, bundle)
    return sizes


def _codemode(folder: Path, bundle: Bundle) -> int | None:
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "out"
        out.mkdir()
        script, tools = Path(work) / "print.mjs", Path(work) / "tools.json"
        script.write_text(CODEMODE_JS)
        tools.write_bytes(msgspec.json.encode(_tools(bundle)))
        return _printed(
            ["node", str(script), str(folder), str(tools), str(out / "types.ts")], str(out)
        )


def _tools(bundle: Bundle) -> dict[str, Json]:
    """Every operation with the whole schemas of what it takes and gives, as codemode wants them."""
    return {
        op.replace(".", "_"): {
            "inputSchema": _whole(call.args, bundle),
            "outputSchema": _whole(next((reply.schema for reply in call.replies), True), bundle),
        }
        for op, call in bundle.calls.items()
    }


def _whole(schema: Json, bundle: Bundle) -> Json:
    return {**schema, "$defs": bundle.schemas} if isinstance(schema, dict) else {}


def _printed(command: list[str], out: str) -> int | None:
    """Run a peer and count what it wrote; None if it fails, or takes too long."""
    try:
        subprocess.run(
            command,
            cwd=out,
            timeout=DEADLINE,
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return None
    files = sorted(Path(out).rglob("*.ts"))
    return (
        sum(tokenizer(DEFAULT).count(without_comments(each.read_text("utf-8"))) for each in files)
        or None
    )


def without_comments(text: str) -> str:
    """Take out comments, blank lines and what stands at the ends of lines.

    >>> without_comments('a = "//" // one\\n/* two\\n*/\\n  b')
    'a = "//"\\n  b'
    """
    bare = _COMMENT.sub(lambda match: match[1] or "", text)
    return "\n".join(line.rstrip() for line in bare.splitlines() if line.strip())


def _installed(folders: Sequence[Path], path: str) -> Path | None:
    places = (folder / "node_modules" / path for folder in folders)
    return next((place.absolute() for place in places if place.exists()), None)


def _version(name: str, folders: Sequence[Path]) -> str | None:
    file = _installed(folders, f"{name}/package.json")
    return json.loads(file.read_bytes())["version"] if file else None


def totals(rows: Sequence[Row]) -> dict[str, Any]:
    """Sum up by the size of the API."""
    compared = [row for row in rows if row["share"] is not None]
    classes = {
        "all": compared,
        "up to 10 operations": [row for row in compared if row["operations"] <= 10],
        "11 to 100": [row for row in compared if 10 < row["operations"] <= 100],
        "more than 100": [row for row in compared if row["operations"] > 100],
    }
    return {
        "compiled": len(rows),
        "compared": len(compared),
        "shares": {name: _spread(group) for name, group in classes.items() if group},
    }


def _spread(rows: Sequence[Row]) -> dict[str, float]:
    shares = sorted(row["share"] for row in rows)
    return {
        "documents": len(shares),
        "median": round(statistics.median(shares), 3),
        "p90": shares[int(len(shares) * 0.9)],
        "most": shares[-1],
        "above_40_percent": sum(share > 0.4 for share in shares),
    }


def told(result: dict[str, Any]) -> str:
    """Spell the shares."""
    lines = [f"{result['compared']} of {result['compiled']} documents compared"]
    for name, spread in result["shares"].items():
        lines.append(
            f"{name:22}{spread['documents']:5}  median {spread['median']:.1%}  "
            f"p90 {spread['p90']:.1%}  most {spread['most']:.1%}  "
            f"above 40 %: {spread['above_40_percent']}"
        )
    return "\n".join(lines)


def table(result: dict[str, Any]) -> str:
    """Spell `results/peers_tokens.md`."""
    versions = ", ".join(
        f"{name} {version}" for name, version in result["peers"].items() if version
    )
    lines = [
        "# Declarations beside the smallest output of any peer",
        "",
        "Made by `python -m benchmarks.peers_tokens --save`.",
        f"Tokens are of {result['tokenizer']}, without comments on either side; share: ours by the",
        "smallest peer's.  A peer's output counts as it is, though it may lack what the peer could",
        "not read, such as references to other files, or types that recur.",
        f"{result['compared']:,} documents of the corpus, in the order of their names' hashes.",
        f"Peers: {versions}.",
        "",
        "| APIs of | documents | median share | 90th percentile | most | above 40 % |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, spread in result["shares"].items():
        lines.append(
            f"| {name} | {spread['documents']:,} | {spread['median']:.1%} | {spread['p90']:.1%} "
            f"| {spread['most']:.1%} | {spread['above_40_percent']} |"
        )
    lines += [
        "",
        "| document | operations | tokens | smallest peer | its tokens | share |",
        "| --- | ---: | ---: | --- | ---: | ---: |",
    ]
    for row in sorted(result["documents"], key=lambda row: -row["operations"]):
        if row["smallest"]:
            lines.append(
                f"| {row['document']} | {row['operations']:,} | {row['tokens']:,} "
                f"| {row['smallest']} | {row['peers'][row['smallest']]:,} | {row['share']:.1%} |"
            )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    record.main("peers_tokens", measure, told, table)
