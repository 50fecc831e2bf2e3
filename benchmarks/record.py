"""How every benchmark here is asked and answered: `--json` prints, `--save` also keeps.

A kept result says when, on what and with which versions it was measured.  README tables are made
from the kept results, never typed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
ROOT = Path(__file__).parent.parent

# The documents that people know, in every version and format; the corpus holds them.
DOCUMENTS = (
    "oai/petstore-3.0.yaml",
    "oai/petstore-2.0.json",
    "notion.json",
    "slack-swagger2.json",
    "discord.json",
    "box.json",
    "openai.yaml",
    "kubernetes.json",
    "stripe.yaml",
    "cloudflare.json",
    "github.json",
)


def corpus() -> Path:
    """Return the folder of documents; ends the program where there is none."""
    folder = Path(os.environ.get("TSBIND_CORPUS", ROOT / "../shared/corpus")).resolve()
    if not folder.is_dir():
        sys.exit("no corpus here: set TSBIND_CORPUS to its folder")
    return folder / "openapi"


def main(
    name: str,
    measure: Callable[[], dict[str, Any]],
    told: Callable[[Any], str],
    table: Callable[[Any], str] | None = None,
) -> None:
    """Measure, then print the result as JSON or told for people, and keep it when asked to.

    `table` spells the Markdown page that is kept beside the JSON.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--save", action="store_true", help=f"keep it in results/{name}.json")
    arguments = parser.parse_args()
    result = {"measured": circumstances(), **measure()}
    text = json.dumps(result, indent=2)
    if arguments.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / f"{name}.json").write_text(text + "\n", "utf-8")
        if table:
            (RESULTS / f"{name}.md").write_text(table(result), "utf-8")
    print(text if arguments.json else told(result))


def circumstances() -> dict[str, Any]:
    """What a reader needs to judge the figures."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
        "tiktoken": version("tiktoken"),
        "wasmtime": version("wasmtime"),
    }
