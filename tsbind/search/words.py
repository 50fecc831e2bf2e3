"""Words as search sees them: split, folded, stemmed, and which of them mean the same.

>>> terms("creating policies"), terms("createPolicy")
(['creat', 'policy'], ['creat', 'policy', 'creatpolicy'])
>>> terms("The OAuth2 app")
['o', 'auth', '2', 'oauth', 'auth2', 'app']
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final

LONGEST: Final = 40  # characters of a word; what is longer is no word

_WORD: Final = re.compile(r"[^\W_]+")
_HUMP: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^A-Za-z\d]+")
_SILENT: Final = """
a am an and any api are as at be by can do does endpoint for from given has have how i if in into
is it its me my need of on one or our out please some specific specified that the their them there
these this those to us using via want was we what when which will with you your
"""
_STOP: Final = frozenset(_SILENT.split())
_JOINING: Final = frozenset({"in", "on", "out", "up", "off", "down"})

# Words that people use for one another, stemmed below.  The first of a line is no better than the
# others.  A word may stand in several lines.
_VERBS: Final = """
get fetch retrieve read show view lookup describe see check inspect tell
list enumerate browse all every find which
search query find lookup filter look
create add new make insert register open submit start post generate provision spin
update edit modify change patch set alter adjust fix correct
replace overwrite put set
delete remove destroy drop erase clear discard throw trash
purge prune clean clear empty delete free
revoke remove delete withdraw
send post publish deliver write create
add give grant assign put
cancel abort stop terminate end close kill
start run launch begin trigger execute dispatch invoke
restart reboot reload
retry rerun again repeat redo
enable activate allow
disable deactivate block
join enter subscribe become
leave exit quit unsubscribe
move transfer
rename update name title
resize scale grow shrink enlarge bigger smaller
copy clone duplicate fork
approve accept confirm grant
reject decline deny refuse
restore undelete recover revert rollback undo back
attach upload link assign
detach unlink unassign remove
connect link attach join
upload import
download export save
convert export
kick ban remove
unban readmit
archive close
share permission invite collaborate
complete finish done resolve transition
charge pay bill
refund return back
compare diff
answer reply respond
"""
_NOUNS: Final = """
repo repository project
org organization organisation
user account member person people who somebody someone colleague author
admin administrator moderator owner
group team channel chat
pr pull
message msg post
channel conversation room chat
image picture photo avatar icon screenshot
file document attachment doc
folder directory
config configuration setting preference option
auth authentication authorization login signin
key token secret credential
authenticated logged current self me myself own
tag label
comment reply note remark
issue ticket bug
payment charge pay paid money transaction
money balance amount refund credit
price cost spend spent pay usage billing
customer client buyer
webhook hook callback
log event audit history activity
history revision version previous older past changelog
change diff changelog delta
schedule cron
machine instance server vm host node
env environment
db database
disk volume storage space
size quota limit usage storage
usage stats statistic metric cpu memory consumption
count total number many much
invite invitation
bill billing invoice
permission access right role
star favorite favourite bookmark like
emoji reaction
phone telephone number
mail email
location position place address where venue
poll vote survey question
trash bin recycle
dns domain record nameserver
record entry item row
job build task run
build artifact artefact
state status transition
release version
name title
hour time duration worklog
ssh publickey
cluster swarm
way method
"""

# What silent words of a question hint at.  The index never holds them, a query may.
_HINTS: Final = {
    "which": "list",
    "i": "authenticated current self me myself",
    "me": "authenticated current self myself",
    "my": "authenticated current self own",
}


def terms(text: str) -> list[str]:
    """Return the words of `text` in order; after those in a joined word come joined neighbours."""
    found: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text)):
        parts = _parts(word)
        found.extend(parts)
        found.extend(left + right for left, right in pairwise(parts))
    return found


@lru_cache(maxsize=1 << 14)
def _parts(word: str) -> tuple[str, ...]:
    folded = (part.casefold()[:LONGEST] for part in _HUMP.findall(word))
    return tuple(stem(part) for part in folded if part not in _STOP)


@lru_cache(maxsize=1 << 14)
def stem(word: str) -> str:
    """Cut an English word's endings, roughly: it only has to bring the same words together.

    >>> [stem(w) for w in ("repositories", "deletion", "deleting", "deletes", "boxes", "status")]
    ['repository', 'delet', 'delet', 'delet', 'box', 'status']
    """
    if not word.isascii() or len(word) < 4:
        return word
    word = _singular(word)
    for ending, least in (("ment", 8), ("ing", 6), ("ed", 5), ("ion", 6)):
        if word.endswith(ending) and len(word) >= least:
            kept = word[: -len(ending)]
            if ending == "ion" and kept[-1] not in "st":
                continue
            word = kept[:-1] if kept[-1] == kept[-2] and kept[-1] not in "lsz" else kept
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _neighbours() -> dict[str, frozenset[str]]:
    alike: dict[str, set[str]] = {}
    for line in (_VERBS + _NOUNS).strip().splitlines():
        group = [stem(word) for word in line.split()]
        for word in group:
            alike.setdefault(word, set()).update(group)
    return {word: frozenset(group - {word}) for word, group in alike.items()}


ALIKE: Final[Mapping[str, frozenset[str]]] = _neighbours()
VERBS: Final = frozenset(stem(word) for line in _VERBS.splitlines() for word in line.split())
HINTS: Final = {word: [stem(each) for each in line.split()] for word, line in _HINTS.items()}


def silent(text: str) -> list[str]:
    """Return those words of `text` that no index holds, as they are, folded.

    >>> silent("Who am I in the room")
    ['am', 'i', 'in', 'the']
    """
    words = (word.casefold() for word in _WORD.findall(unicodedata.normalize("NFKC", text)))
    return [word for word in words if word in _STOP]


def phrases(text: str) -> list[str]:
    """Return what a word and a silent one after it are when written as one: `log in`, `set up`.

    >>> phrases("log in to a registry")
    ['login']
    """
    words = [word.casefold() for word in _WORD.findall(unicodedata.normalize("NFKC", text))]
    return [
        stem(left + right)
        for left, right in pairwise(words)
        if left not in _STOP and right in _JOINING
    ]


def one_edit(left: str, right: str) -> bool:
    """Whether one insertion, deletion, substitution or swap of neighbours turns one to the other.

    >>> one_edit("isseu", "issue"), one_edit("isue", "issue"), one_edit("issue", "tissues")
    (True, True, False)
    """
    if len(left) > len(right):
        left, right = right, left
    if len(right) - len(left) > 1:
        return False
    start = 0
    while start < len(left) and left[start] == right[start]:
        start += 1
    if len(left) < len(right):
        return left[start:] == right[start + 1 :]
    swapped = left[start + 1 : start + 2] + left[start : start + 1]
    return left[start + 1 :] == right[start + 1 :] or swapped + left[start + 2 :] == right[start:]
