"""A program works with a large real server: Prefect's, with about 190 operations over SQLite.

The server writes its own OpenAPI 3.1 document.
"""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Iterator

import pytest

from tests.live.servers import free_port, of_venv, started
from tsbind.pipeline import compile
from tsbind.runtime import Host, Limits, Policy, Result, run

pytestmark = pytest.mark.live

# What the program needs, by what it is over the wire: how operations are named is not the point.
NEEDED = {
    "flow": "POST /flows/",
    "flowByName": "GET /flows/name/{name}",
    "start": "POST /flow_runs/",
    "state": "POST /flow_runs/{id}/set_state",
    "runs": "POST /flow_runs/filter",
    "count": "POST /flow_runs/count",
    "get": "GET /flow_runs/{id}",
    "rename": "PATCH /flow_runs/{id}",
    "log": "POST /logs/",
    "logs": "POST /logs/filter",
    "remove": "DELETE /flows/{id}",
    "note": "POST /variables/",
    "noted": "GET /variables/name/{name}",
    "forget": "DELETE /variables/name/{name}",
}

PROGRAM = """
const flow = await api.{flow}({ name: "nightly", tags: ["a", "b"] });
const same = await api.{flowByName}({ name: "nightly" });

// Six runs at once; every second one ends well, the others fail.
const numbers = [0, 1, 2, 3, 4, 5];
const started = await Promise.all(numbers.map((number) =>
  api.{start}({ flow_id: flow.id, name: `run-${number}`, parameters: { number, nested: [number] },
                tags: [number % 2 ? "odd" : "even"], state: { type: "PENDING" } })));
await Promise.all(started.map(async (each, number) => {
  const type = number % 2 ? "FAILED" : "COMPLETED";
  await api.{state}({ id: each.id, state: { type, message: `ended ${number}` }, force: true });
}));

const mine = { flows: { id: { any_: [flow.id] } } };
const failed = await api.{runs}({
  ...mine, flow_runs: { state: { type: { any_: ["FAILED"] } } }, sort: "NAME_ASC", limit: 10 });
const total = await api.{count}(mine);
await api.{rename}({ id: failed[0].id, name: "the first that failed" });
const renamed = await api.{get}({ id: failed[0].id });

const line = { name: "program", level: 20, timestamp: "2026-01-05T09:00:00Z" };
await api.{log}({ body: started.map((each) => (
  { ...line, message: `said by ${each.name}`, flow_run_id: each.id })) });
const said = await api.{logs}({ logs: { flow_run_id: { any_: [started[2].id] } } });

await api.{note}({ name: "summary", value: { failed: failed.length } });
const noted = await api.{noted}({ name: "summary" });
await api.{forget}({ name: "summary" });
const refused = await api.{noted}({ name: "summary" }).catch((error) => error.status);

await api.{remove}({ id: flow.id });
const left = await api.{count}(mine);
return {
  same: same.id === flow.id, total, left, refused, noted: noted.value,
  failed: failed.map((each) => each.name), renamed: renamed.name,
  state: [renamed.state.type, renamed.state.message], parameters: renamed.parameters,
  said: said.map((each) => each.message),
};
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server's address."""
    home = tmp_path_factory.mktemp("prefect")
    port = free_port()
    environment = {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_ENABLED": "false",
    }
    options = ["server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-services"]
    with started([of_venv("prefect"), *options], port, home / "log", environment) as url:
        yield url


def test_one_program_runs_a_flow_from_its_start_to_its_end(server: str) -> None:
    with urllib.request.urlopen(f"{server}/openapi.json", timeout=30) as reply:
        bundle = compile(reply.read()).bundle
    assert len(bundle.calls) > 150
    names = {f"{call.method} {call.path}": call.op for call in bundle.calls.values()}
    program = PROGRAM
    for placeholder, wire in NEEDED.items():
        program = program.replace(f"{{{placeholder}}}", names[wire])
    policy = Policy.parse(["deny flow_runs.delete", "allow all"])

    async def answer() -> Result:
        async with Host(bundle, f"{server}/api", policy=policy) as host:
            # SQLite takes one writer at a time, and Prefect answers 503 to the others.
            return await run(program, bundle, host=host, limits=Limits(concurrency=1))

    result = asyncio.run(answer())
    assert result.value == {
        "same": True,
        "total": 6,
        "left": 0,
        "refused": 404,
        "noted": {"failed": 3},
        "failed": ["run-1", "run-3", "run-5"],
        "renamed": "the first that failed",
        "state": ["FAILED", "ended 1"],
        "parameters": {"number": 1, "nested": [1]},
        "said": ["said by run-2"],
    }
    events = result.trace.events
    assert len(events) == 26
    assert [event.op for event in events if event.error] == [names[NEEDED["noted"]]]
    # Its document promises 200 where the server answers 201 for what is new: told, and let pass.
    notes = {note for event in events for note in event.warnings}
    assert notes == {"reply: 201 application/json is not in the document"}
