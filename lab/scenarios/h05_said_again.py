"""What was recorded on the wire and is said again brings about nothing: one answer, one record, one session."""

from __future__ import annotations

from lab.campus.nac_home import until
from lab.hostile.attacker import Attacker, goes_on
from lab.hostile.packets import ACCESS_ACCEPT, ACCESS_REJECT, ACCESS_REQUEST, bypass, request
from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    laptop = campus.laptop("devops")
    printer = campus.printer()
    campus.takes_over()
    laptop.plugs_into("ber-1").signs_in()
    seen = [rung.octets for rung in laptop.packets() if rung.code == ACCESS_REQUEST]
    recorded = [octets for octets in seen if len(octets) == int.from_bytes(octets[2:4])]
    events = campus.nac.json("auth", "list", "--mac", laptop.mac)
    with Attacker(campus, "ber-1") as attacker:
        answers = [attacker.asks(octets)[0] for octets in recorded[1:]]
        campus.must(set(answers) == {ACCESS_REJECT}, "a conversation that is over cannot be gone on with")
        accepts = [one for one in campus.nac.json("auth", "list", "--mac", laptop.mac) if one["result"] == "accept"]
        campus.must(len(accepts) == len(events) == 1, "one login is recorded")
        (session,) = campus.nac.json("session", "list", "--mac", laptop.mac)
        campus.must(session["segment"] == laptop.event["decision"]["segment"], "the session is what it was")
        laptop.reaches("deployment")

        asked = request(bypass(printer.mac), attacker.secret)
        replies = {attacker.asks(asked) for _ in range(5)}
        campus.must(len(replies) == 1, "the same request, five times: the same octets in answer")
        campus.must({reply[0] for reply in replies} == {ACCESS_ACCEPT}, "the answer to a printer that may")
        found = until(lambda: campus.nac.json("auth", "list", "--mac", printer.mac) or None, "nac records it")
        campus.must(len(found) == 1, "and one record")
    goes_on(campus)
