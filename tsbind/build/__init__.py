"""Generates what programs import, from a project's configuration, while the project is built.

`generate` is what the build hooks of hatchling and setuptools and `tsbind watch` share.
"""

from __future__ import annotations

from tsbind.build.generate import Made, generate

__all__ = ["Made", "generate"]
