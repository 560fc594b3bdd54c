"""What a switch makes of an Access-Accept: the lists that it fetches, and the flows that it then lets pass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from nas import ACCESS_CHALLENGE, STATE, USER_NAME, VENDOR_SPECIFIC, Attribute, Nas, Packet, encode

from lab.nas.attributes import enforcing
from lab.nas.dialects import rules
from nac.enforcement.access_list import AFTER, BEFORE, lines_of
from nac.enforcement.header_space import HeaderSpace
from nac.enforcement.vendor import DIALECTS
from nac.policy.load import load

_CISCO: Final = (9).to_bytes(4, "big")


def av_pair(text: str) -> Attribute:
    """A Cisco-AVPair: vendor 9, type 1 (RFC 2865 5.26)."""
    return VENDOR_SPECIFIC, _CISCO + bytes([1, len(text) + 2]) + text.encode()


def download(name: str) -> list[Attribute]:
    """What a switch asks for a list by its name, as docs/vendors/cisco-dacl.md has it."""
    return [(USER_NAME, name.encode()), av_pair("aaa:service=ip_admission"), av_pair("aaa:event=acl-download")]


def fetch(nas: Nas, name: str, *more: Attribute) -> list[Packet]:
    """All answers of a download: Access-Challenges, each with the State for the next, and how it ended."""
    replies = [nas.ask([*download(name), *more])]
    while replies[-1].code == ACCESS_CHALLENGE:
        replies.append(nas.ask([*download(name), (STATE, replies[-1].one(STATE)), *more]))
    return replies


def listed(replies: Iterable[Packet]) -> list[bytes]:
    """The list in each answer of a download: its attributes as they stand on the wire."""
    return [encode((VENDOR_SPECIFIC, value) for value in reply.all(VENDOR_SPECIFIC)) for reply in replies]


def placed(reply: Packet) -> list[tuple[str, bytes]]:
    """What an Access-Accept says of VLAN, role and list, named, in its order."""
    return enforcing(encode(reply.attributes))


def opened(dialect: str, accept: Packet, nas: Nas) -> HeaderSpace:
    """The flows that a switch set up for `dialect` lets pass; what the accept only names is fetched through `nas`."""

    def fetched(name: str) -> Sequence[tuple[str, bytes]]:
        return enforcing(b"".join(listed(fetch(nas, name))))

    return HeaderSpace.of(rules(dialect, placed(accept), fetched))


def neutral(policy: Path, dialect: str, granted: Iterable[str]) -> HeaderSpace:
    """The flows of a grant in no make's words, of the IP versions that the dialect has lines for."""
    names, resources, lists = set(granted), load(policy).policy.resources, DIALECTS[dialect].lists
    assert lists is not None
    internet_last = sorted(resources, key=lambda one: one.kind.text == "internet")
    lines = [line for one in internet_last if one.name.text in names for line in lines_of(one, resources)]
    return HeaderSpace.of_lines([*BEFORE, *lines, *AFTER]).only(lists.families)
