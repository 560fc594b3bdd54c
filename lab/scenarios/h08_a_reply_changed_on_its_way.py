"""Somebody between nac and the switch makes Access-Accepts of Access-Rejects and wider VLANs: no port opens.

Also not with a right Response Authenticator, which the attack of CVE-2024-3596 comes to possess: without the
Message-Authenticator a switch that wants one is not deceived.
"""

from __future__ import annotations

from lab.campus.nac_home import until
from lab.campus.plan import SECRET_FILE
from lab.hostile.on_path import replies_changed
from lab.hostile.packets import ACCESS_ACCEPT, ACCESS_REJECT, EAP_MESSAGE, answer, attribute
from lab.scenarios.vocabulary import Campus

SUCCESS = bytes([3, 1, 0, 4])


def play(campus: Campus) -> None:
    secret = (campus.lab.switch("ber-1") / SECRET_FILE).read_bytes()
    for what, forge in (
        ("the code alone", lambda asked, reply: _if_reject(reply, bytes([ACCESS_ACCEPT]) + reply[1:])),
        ("a right Response Authenticator", lambda asked, reply: _if_reject(reply, _forged(asked, secret))),
    ):
        refused = campus.laptop("devops")
        campus.admin("device", "disable", refused.name)
        campus.takes_over()
        refused.plugs_into("ber-1")
        with replies_changed(campus, forge) as forged:
            refused.tries_to_sign_in()
            until(lambda forged=forged: _accept_in(forged), f"an Access-Accept is forged: {what}")  # type: ignore[misc]
            refused.reaches_only()
        refused.leaves()

    moved = campus.laptop("devops", posture="unhealthy")
    campus.takes_over()
    moved.plugs_into("ber-1")
    with replies_changed(campus, lambda asked, reply: _elsewhere(reply)) as forged:
        moved.tries_to_sign_in()
        until(lambda: _accept_in(forged), "an Access-Accept with another VLAN is forged")
        moved.reaches_only()
    moved.leaves()
    moved.plugs_into("ber-1").signs_in().is_in("remediation", vlan=66)


def _accept_in(forged: list[bytes]) -> bool | None:
    return True if any(one[0] == ACCESS_ACCEPT for one in forged) else None


def _elsewhere(reply: bytes) -> bytes:
    return reply.replace(b"66", b"99") if reply[0] == ACCESS_ACCEPT else reply


def _if_reject(reply: bytes, forged: bytes) -> bytes:
    return forged if reply[0] == ACCESS_REJECT else reply


def _forged(asked: bytes, secret: bytes) -> bytes:
    return answer(asked, ACCESS_ACCEPT, [attribute(EAP_MESSAGE, SUCCESS)], secret)
