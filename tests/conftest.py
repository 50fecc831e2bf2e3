"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent

# Programs of other environments: looking in them for examples would import what is not here.
collect_ignore = ["live/echo_server.py", "build/examples", "examples"]


# A busy machine is no failure, and CI tries the same examples each time; others find new ones.
hypothesis.settings.register_profile(
    "tsbind",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("tsbind")


def pytest_configure() -> None:
    """Refuse to rewrite what tests expect where nobody reads the difference."""
    if os.environ.get("UPDATE") and os.environ.get("CI"):
        raise pytest.UsageError("UPDATE=1 is for people who read what it changes, not for CI")


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the folder of real and hostile documents; skips the test where there is none.

    `TSBIND_CORPUS` names it; without that it is looked for beside the checkout.
    """
    folder = Path(os.environ.get("TSBIND_CORPUS", ROOT / "../shared/corpus")).resolve()
    if not folder.is_dir():
        pytest.skip("no corpus here: set TSBIND_CORPUS to its folder")
    return folder
