"""OpenAPI's words become ours: `Document` → `Api` and the Diagnostics of what was left out."""

from tsbind.lower.document import lower

__all__ = ["lower"]
