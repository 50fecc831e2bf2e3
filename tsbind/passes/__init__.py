"""Passes make an Api smaller in print without changing what it says: `Api -> Api`, one file each.

`SPELLABLE` come first: they make the Api one that TypeScript can say (`ground`, `loosen`,
`widen`), under names that it allows (`rename`).  `PLAIN` ends where every name comes from the
document, which suits a single signature; `SHARING` adds names that pay in the whole text.  The
order, and why:

1. `prune` first: what no operation reaches should influence nothing.
2. `dedupe` before uses are counted: two names for one shape hide that it is used twice.
3. `inline` first of all shrinking passes: a shape inside a name that does not pay can then be
   found elsewhere.
4. `merge` when what stands side by side is written out.
5. `shorten` when no name goes any more that another would have to differ from.
6. `generic` before `group`: what stands around several types is whole only now.
7. `group` before `share`: an object that is mostly shared fields needs no name of its own.
8. `share` gives repeated shapes names, `group` then sees those shapes as equal.
9. `extend` when all sets of literals that pay have names.
10. `combine` when all types that others are made of have names.
11. `inline` after each: what was shared leaves names behind that are now used once.
12. `partial` when nothing compares objects field by field any more.
13. `order` last, when names are final.

Every pass is deterministic, whatever the hash seed, and gives back the same Api when it finds
nothing to do.  Apart from prose, which `strip_docs` and `brief_docs` drop, none loses anything:
`tsbind.passes.lossless` proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Literal

from tsbind.ir.api import Api
from tsbind.passes.brief_docs import brief_docs
from tsbind.passes.combine import combine
from tsbind.passes.dedupe import dedupe
from tsbind.passes.extend import extend
from tsbind.passes.generic import generic
from tsbind.passes.ground import ground
from tsbind.passes.group import group
from tsbind.passes.inline import inline
from tsbind.passes.loosen import loosen
from tsbind.passes.merge import merge
from tsbind.passes.name_headers import name_headers
from tsbind.passes.order import order
from tsbind.passes.partial import partial
from tsbind.passes.preface import preface
from tsbind.passes.prune import prune
from tsbind.passes.rename import rename
from tsbind.passes.share import share
from tsbind.passes.shorten import shorten
from tsbind.passes.strip_docs import strip_docs
from tsbind.passes.widen import widen

Pass = Callable[[Api], Api]
Docs = Literal["none", "brief", "full"]

SPELLABLE: Final[tuple[Pass, ...]] = (ground, loosen, widen, rename)
PLAIN: Final[tuple[Pass, ...]] = (*SPELLABLE, prune, dedupe, inline, merge, shorten)
# What detail is taken out of goes through these again: what is left may be equal, or used once.
AGAIN: Final[tuple[Pass, ...]] = (loosen, widen, dedupe, inline, merge)
SHARING: Final[tuple[Pass, ...]] = (
    generic,
    group,
    share,
    group,
    extend,
    combine,
    inline,
    partial,
    order,
)


PROSE: Final[Mapping[Docs, tuple[Pass, ...]]] = {
    "none": (strip_docs,),
    "brief": (brief_docs, name_headers),
    "full": (preface, name_headers),
}


def passes(docs: Docs = "none") -> tuple[Pass, ...]:
    """Return the passes that make the declarations with the given level of prose."""
    return (*PROSE[docs], *PLAIN, *SHARING)
