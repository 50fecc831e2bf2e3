"""Uses tsbind as it was installed from its wheel, in a folder that has nothing of the checkout.

usage: python try_wheel.py VENV FOLDER
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

DOCUMENT = """\
openapi: 3.1.0
info: { title: Clock, version: "1" }
servers: [{ url: "http://127.0.0.1:9" }]
paths:
  /now:
    get:
      operationId: now
      responses:
        "200":
          description: The time.
          content:
            application/json:
              schema: { type: object, properties: { at: { type: string } } }
"""


def main(venv: Path, folder: Path) -> None:
    """Compile, count, run and show the demo; raise when anything is not as it should be."""
    folder.mkdir(parents=True)
    (folder / "clock.yaml").write_text(DOCUMENT)
    program = "const twice = (n: number): number => 2 * n; return twice(21);"
    (folder / "program.ts").write_text(program)

    def tsbind(*arguments: str) -> str:
        print("$ tsbind", *arguments, flush=True)
        run = subprocess.run(
            [venv / "bin" / "tsbind", *arguments],
            cwd=folder,
            env={**os.environ, "HOME": str(folder), "XDG_CACHE_HOME": str(folder / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        if run.returncode:
            sys.exit(f"ended with {run.returncode}:\n{run.stdout}{run.stderr}")
        return run.stdout

    assert tsbind("--version").startswith("tsbind"), "no version"
    tsbind("compile", "clock.yaml", "-o", "out")
    made = sorted(path.name for path in (folder / "out").iterdir())
    assert made == ["clock.bundle.json", "clock.d.ts", "clock.py"], made
    assert tsbind("run", "program.ts", "--bundle", "out/clock.bundle.json").strip() == "42"
    counted = json.loads(tsbind("tokens", "--json", "clock.yaml"))
    assert counted[0]["tokens"]["document"]["o200k_base"] > 50, counted
    tsbind("tokens", "clock.yaml", "--html", "tokens.html")
    assert "icicle" in (folder / "tokens.html").read_text(), "the page's templates are missing"
    (folder / "tsbind.toml").write_text('[apis.clock]\ndocument = "clock.yaml"\nbudget = 100\n')
    tsbind("ci", "--update")
    assert tsbind("ci", "--locked").rstrip().endswith("within")
    assert "digest" in tsbind("demo")
    where = subprocess.run(
        [venv / "bin" / "python", "-c", "import tsbind; print(tsbind.__file__)"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(venv), where.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
