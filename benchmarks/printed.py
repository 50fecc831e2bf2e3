"""Has other generators print their types for a document, and counts the tokens of what they wrote.

Each prints all it knows of inputs and replies in the smallest form that it has: types only, where
there is a choice.  `@cloudflare/codemode` is fed with the complete schemas of arguments and replies
by us, since its own reader of OpenAPI leaves out replies.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

import msgspec

from tsbind.bundle import Bundle, Json
from tsbind.meter import DEFAULT, tokenizer

DEADLINE = 600.0  # seconds on the clock that a peer may take for one document

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


def folders() -> list[Path]:
    """Return the folders that `TSBIND_PEERS` names, in which npm has installed the peers."""
    places = os.environ.get("TSBIND_PEERS", "").split(os.pathsep)
    return [Path(place).absolute() for place in places if place]


def versions() -> dict[str, str]:
    """Return the versions of the peers that are installed, by their names."""
    found = {name: _installed(f"{name}/package.json") for name in (*COMMANDS, CODEMODE)}
    return {name: json.loads(file.read_bytes())["version"] for name, file in found.items() if file}


def tools(bundle: Bundle) -> bytes:
    """Return every operation with the whole schemas of what it takes and gives, for codemode."""
    return msgspec.json.encode(
        {
            op.replace(".", "_"): {
                "inputSchema": _whole(call.args, bundle),
                "outputSchema": _whole(
                    next((reply.schema for reply in call.replies), True), bundle
                ),
            }
            for op, call in bundle.calls.items()
        }
    )


def _whole(schema: Json, bundle: Bundle) -> Json:
    return {**schema, "$defs": bundle.schemas} if isinstance(schema, dict) else {}


def tokens(peer: str, document: Path, given: bytes) -> int | None:
    """Count what `peer` prints; None when it fails, or takes too long.

    `given` are the `tools` of the document.
    """
    with tempfile.TemporaryDirectory() as work:
        out = Path(work) / "out"
        out.mkdir()
        if peer == CODEMODE:
            script, file = Path(work) / "print.mjs", Path(work) / "tools.json"
            script.write_text(CODEMODE_JS)
            file.write_bytes(given)
            package = _installed(f"{CODEMODE}/dist")
            command = ["node", str(script), str(package), str(file), str(out / "types.ts")]
        else:
            program, *arguments = COMMANDS[peer]
            filled = [each.format(document=document, out=out) for each in arguments]
            command = [str(_installed(f".bin/{program}")), *filled]
        if not _ends_well(command, out):
            return None
        texts = [file.read_text("utf-8") for file in sorted(out.rglob("*.ts"))]
    return sum(tokenizer(DEFAULT).count(without_comments(text)) for text in texts) or None


def _ends_well(command: Sequence[str], folder: Path) -> bool:
    """Run a command; when its time is over, end it with whatever it has started."""
    with subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        end = threading.Timer(DEADLINE, os.killpg, (process.pid, signal.SIGKILL))
        end.start()
        try:
            return process.wait() == 0
        finally:
            end.cancel()


def without_comments(text: str) -> str:
    """Take out comments, blank lines and what stands at the ends of lines.

    >>> without_comments('a = "//" // one\\n/* two\\n*/\\n  b')
    'a = "//"\\n  b'
    """
    bare = _COMMENT.sub(lambda match: match[1] or "", text)
    return "\n".join(line.rstrip() for line in bare.splitlines() if line.strip())


def _installed(path: str) -> Path | None:
    places = (folder / "node_modules" / path for folder in folders())
    return next((place for place in places if place.exists()), None)
