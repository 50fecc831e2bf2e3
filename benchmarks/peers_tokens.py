"""How small are tsbind's declarations beside the smallest output of any peer, document by document?

Tokens of o200k_base, without prose: comments and blank lines are taken out of what anyone prints,
which of ours is a title, a version and a remark.  `benchmarks.printed` says how peers are run.

What a version of a peer prints for the same bytes never changes, so counts are kept in the result
by the SHA-256 of what the peer was given, and a run measures what is missing.  All of the corpus
takes an hour, so a run stops after `TSBIND_SECONDS` (150), and the next one with `--save` goes on.
`TSBIND_PEERS` names folders, separated as in PATH, in which npm has installed the peers; without
it, ours are compared with the counts that were kept.  Documents are taken in the order of their
names' hashes, so that what is there after any run is a fair sample.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import printed, record
from tsbind.errors import SpecError
from tsbind.meter import DEFAULT, tokenizer
from tsbind.pipeline import Compiled, Options, compile

SECONDS = float(os.environ.get("TSBIND_SECONDS", "150"))
LARGE = 100  # operations above which a document is held against its own tokens, too
DOCUMENT = "document"  # in the counts, beside the peers: the document as it is written

Row = dict[str, Any]
# By the SHA-256 of what was given, then by "peer version"; None: the peer failed, or took too long.
Counts = dict[str, dict[str, int | None]]


def measure() -> dict[str, Any]:
    """Go on where the kept result stops, and put together what there is."""
    folder = record.corpus()
    files = [entry["file"] for entry in json.loads((folder / "index.json").read_bytes())]
    files.sort(key=lambda name: hashlib.sha256(name.encode()).digest())
    kept = record.RESULTS / "peers_tokens.json"
    known = json.loads(kept.read_bytes()) if kept.exists() else {}
    peers = printed.versions() or known.get("peers")
    if not peers:
        sys.exit("no peers here: set TSBIND_PEERS to folders with their node_modules")
    counts: Counts = {}
    rows: list[Row] = []
    compiled = 0
    end = time.monotonic() + SECONDS
    for file in files:
        ours = _ours(folder / file)
        if ours is not None:
            compiled += 1
            fresh = _counted(folder / file, ours, peers, known.get("counts", {}), end)
            for given, sizes in fresh.items():
                counts.setdefault(given, {}).update(sizes)
            rows += _rows(file, ours, peers, fresh)
    return {
        "tokenizer": DEFAULT,
        "peers": peers,
        "compiled": compiled,
        **totals(rows),
        "documents": rows,
        "counts": counts,
    }


def _ours(path: Path) -> Compiled | None:
    try:
        return compile(path, Options(name=path.name))
    except SpecError:
        return None


def _counted(
    document: Path, ours: Compiled, peers: Mapping[str, str], known: Counts, end: float
) -> Counts:
    """Return what is known of a document, or can be found out before the time is over."""
    tools = printed.tools(ours.bundle)
    written = document.read_bytes()
    counts: Counts = {}

    def add(key: str, given: bytes, peer: str = "") -> None:
        mark = hashlib.sha256(given).hexdigest()
        if key in known.get(mark, {}):
            size = known[mark][key]
        elif time.monotonic() > end or (peer and not printed.folders()):
            return
        elif peer:
            size = printed.tokens(peer, document, tools)
        else:
            size = tokenizer(DEFAULT).count(written.decode("utf-8"))
        counts.setdefault(mark, {})[key] = size

    for peer, version in peers.items():
        add(f"{peer} {version}", tools if peer == printed.CODEMODE else written, peer)
    if len(ours.bundle.calls) > LARGE:
        add(DOCUMENT, written)
    return counts


def _rows(file: str, ours: Compiled, peers: Mapping[str, str], counts: Counts) -> list[Row]:
    """Return the row of a document: none when not every peer was asked, or none has an answer."""
    sizes = {key: size for each in counts.values() for key, size in each.items()}
    asked = {peer: f"{peer} {version}" for peer, version in peers.items()}
    if not all(key in sizes for key in asked.values()):
        return []
    answers = {peer: size for peer, key in asked.items() if (size := sizes[key])}
    if not answers:
        return []
    tokens = tokenizer(DEFAULT).count(printed.without_comments(ours.declarations))
    smallest = min(answers, key=lambda peer: answers[peer])
    row = {
        "document": file,
        "operations": len(ours.bundle.calls),
        "tokens": tokens,
        "smallest": smallest,
        "smallest_tokens": answers[smallest],
        "share": round(tokens / answers[smallest], 3),
    }
    written = sizes.get(DOCUMENT)
    return [{**row, "share_of_document": round(tokens / written, 4)} if written else row]


def totals(rows: Sequence[Row]) -> dict[str, Any]:
    """Sum up by the size of the API."""
    classes = {
        "all": rows,
        "up to 10 operations": [row for row in rows if row["operations"] <= 10],
        "11 to 100": [row for row in rows if 10 < row["operations"] <= LARGE],
        "more than 100": [row for row in rows if row["operations"] > LARGE],
    }
    own = [row["share_of_document"] for row in rows if "share_of_document" in row]
    return {
        "compared": len(rows),
        "shares": {name: _spread(group) for name, group in classes.items() if group},
        "of_large_documents": {
            "documents": len(own),
            "median": round(statistics.median(own), 4) if own else None,
            "above_5_percent": sum(share > 0.05 for share in own),
        },
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
    return "\n".join([*lines, _of_large(result)])


def _of_large(result: dict[str, Any]) -> str:
    own = result["of_large_documents"]
    if not own["documents"]:
        return f"No document of more than {LARGE} operations was compared."
    return (
        f"Of the tokens of the document itself, for {own['documents']} documents of more than"
        f" {LARGE} operations: median {own['median']:.1%}; above 5 %: {own['above_5_percent']}."
    )


def table(result: dict[str, Any]) -> str:
    """Spell `results/peers_tokens.md`."""
    versions = ", ".join(f"{name} {version}" for name, version in result["peers"].items())
    lines = [
        "# Declarations beside the smallest output of any peer",
        "",
        "Made by `python -m benchmarks.peers_tokens --save`.",
        f"Tokens are of {result['tokenizer']}, without comments on either side; share: ours by the",
        "smallest peer's.  A peer's output counts as it is, though it may lack what the peer could",
        "not read, such as references to other files, or types that recur.",
        f"{result['compared']:,} of the {result['compiled']:,} documents of the corpus that"
        " compile; of the others no peer made anything, or not all were asked.",
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
        _of_large(result),
        "",
        "| document | operations | tokens | of its own | smallest peer | its tokens | share |",
        "| --- | ---: | ---: | ---: | --- | ---: | ---: |",
    ]
    for row in sorted(result["documents"], key=lambda row: -row["operations"]):
        own = f"{row['share_of_document']:.1%}" if "share_of_document" in row else ""
        lines.append(
            f"| {row['document']} | {row['operations']:,} | {row['tokens']:,} | {own} "
            f"| {row['smallest']} | {row['smallest_tokens']:,} | {row['share']:.1%} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    record.main("peers_tokens", measure, told, table)
