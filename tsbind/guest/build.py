"""The build hook: hatchling's door to artefacts.py.

Runs inside hatchling's build environment, where nothing of tsbind's own dependencies is.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:  # hatchling loads this file by its path
    sys.path.insert(0, str(ROOT))

from tsbind.guest import artefacts  # noqa: E402  # found through ROOT

if TYPE_CHECKING:
    Base = BuildHookInterface[Any]
else:
    Base = BuildHookInterface


class GuestBuildHook(Base):
    """Makes the artefacts that are missing, and asks for what making them takes."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return the packages that the build environment needs; none when nothing is missing."""
        return artefacts.requirements()

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make what is missing."""
        for group in artefacts.stale():
            self.app.display_info(f"making {', '.join(group.files)}")
            artefacts.make(group)
