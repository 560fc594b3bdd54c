"""Downloadable lists: names that follow from what a list says, and pages that a packet holds."""

import re
from hashlib import sha256

from replies import estate, layout, split

from nac.enforcement.budget import MAX_PACKET
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.download import MAX_PAGE, REFERENCE_OCTETS, list_name, pages, reference


def test_a_name_is_made_of_what_the_list_says() -> None:
    laid = layout("cisco-dacl+ipv4", estate())
    one, other = laid.access_list(["host", "net"]).encoded, laid.access_list(["net"]).encoded
    assert list_name(one) == f"#ACSACL#-IP-nac-{sha256(one).hexdigest()[:16]}"
    assert list_name(laid.access_list(["net", "host"]).encoded) == list_name(one) != list_name(other)


def test_the_login_carries_the_name_alone() -> None:
    laid = layout("cisco-dacl+ipv4", estate())
    *placed, named = laid.reply("numbered", ["host"])
    assert [one.value for one in placed] == ["VLAN", "IEEE-802", "120", "cts:security-group-tag=0010-00"]
    assert re.fullmatch(r"ACS:CiscoSecure-Defined-ACL=#ACSACL#-IP-nac-[0-9a-f]{16}", named.value)
    assert named == reference(laid.access_list(["host"]).encoded)
    assert len(shipped_dictionary().encode(named.name, named.value)) == REFERENCE_OCTETS
    assert laid.extent("open", ["host", "world"]).octets == REFERENCE_OCTETS


def test_other_dialects_show_their_lines() -> None:
    laid = layout("rfc4849", estate())
    assert (
        laid.reply("numbered", ["host"]) == laid.segments["numbered"].attributes + laid.access_list(["host"]).attributes
    )


def test_pages_hold_whole_attributes_in_order() -> None:
    attributes = [bytes([26, 200]) + bytes([n]) * 198 for n in range(60)]
    cut = pages(attributes)
    assert b"".join(cut) == b"".join(attributes)
    assert [len(page) for page in cut] == [18 * 200, 18 * 200, 18 * 200, 6 * 200]
    assert all(split(page) for page in cut)
    assert max(map(len, cut)) <= MAX_PAGE < MAX_PACKET


def test_a_page_that_is_just_full() -> None:
    full = [bytes([26, 188]) + bytes(186)] * (MAX_PAGE // 188)
    assert MAX_PAGE % 188 == 0
    assert len(pages(full)) == 1
    assert [len(page) for page in pages([*full, bytes([26, 3, 0])])] == [MAX_PAGE, 3]
