"""The names by which a reply says what is on a page and where the next one is.

The compiler recognises pages by them, and the runtime turns pages by them.

>>> plain("next_page-Token"), plain("@odata.nextLink")
('nextpagetoken', 'odatanextlink')
"""

from __future__ import annotations

import re
from typing import Final

# Without case and punctuation; the first that is there counts.
LISTS: Final = (
    "items", "data", "results", "result", "values", "entries", "records", "value", "list",
)  # fmt: skip
ONWARD: Final = (
    "nextcursor", "nextpagetoken", "nexttoken", "continuationtoken", "paginationtoken",
    "nextmarker", "endcursor", "cursor", "continue", "after", "next",
)  # fmt: skip
URLS: Final = (
    "next", "nexturl", "nexturi", "nextlink", "nextpage", "nextpageurl", "nextpageuri",
    "odatanextlink",
)  # fmt: skip
HOLDERS: Final = (
    "meta", "metadata", "responsemetadata", "pagination", "paging", "pageinfo", "links", "cursors",
    "page", "pages",
)  # fmt: skip


def plain(name: str) -> str:
    """Return `name` in lower case, with nothing but ASCII letters and digits."""
    name = name.lower()
    return name if name.isascii() and name.isalnum() else re.sub(r"[^a-z0-9]+", "", name)
