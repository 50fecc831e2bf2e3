"""Bytes to `Document`: reading, resolving, and one shape for every version of OpenAPI."""

from tsbind.spec.document import EXTERNAL, Document
from tsbind.spec.load import load
from tsbind.spec.source import LoadLimits

__all__ = ["EXTERNAL", "Document", "LoadLimits", "load"]
