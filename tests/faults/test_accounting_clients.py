"""Accounting by clients that others wrote: radclient and pyrad."""

from __future__ import annotations

import socket
import subprocess

import pytest
from eapol import require
from lab_home import SECRET, Home
from nac_server import serving, until
from pyrad import dictionary, packet
from sqlalchemy import select
from test_journal_faults import accounting_address, stored

from nac.db.schema import Accounting

SESSION = """\
Acct-Session-Id = "{session}"
Acct-Status-Type = {status}
NAS-IP-Address = 192.0.2.17
User-Name = "alice@corp.example"
Calling-Station-Id = "02-00-00-00-00-01"
Class = 0x3030313132323333343435353636373738383939616162626363646465656666
Acct-Session-Time = 60
Acct-Input-Octets = 5
Acct-Input-Gigawords = 1
Acct-Terminate-Cause = User-Request
"""


@pytest.mark.parametrize("status", ["Start", "Interim-Update", "Stop", "Accounting-On", "Accounting-Off"])
def test_radclient(home: Home, status: str) -> None:
    require("radclient", "freeradius-utils")
    with serving(home) as server:
        host, port = accounting_address(server)
        command = ["radclient", "-x", "-t", "5", "-r", "1", f"{host}:{port}", "acct", SECRET.decode()]
        asked = SESSION.format(session="2A", status=status)
        done = subprocess.run(command, input=asked, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Accounting-Response" in done.stdout
        until(lambda: stored(server) or None, "it is stored", why=server.log)
        with server.database.read() as session:
            row = session.scalars(select(Accounting)).one()
            assert (row.client, row.status, row.session_id) == ("switch", status.lower(), "2A")
            assert (row.decision, row.input_octets) == ("00112233445566778899aabbccddeeff", 2**32 + 5)


def test_pyrad(home: Home) -> None:
    with serving(home) as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        asked = packet.AcctPacket(secret=SECRET, dict=dictionary.Dictionary())
        asked[40], asked[44], asked[32] = [(1).to_bytes(4, "big")], [b"pyrad-1"], [b"pyrad"]
        line.settimeout(10)
        line.sendto(asked.RequestPacket(), accounting_address(server))
        reply = asked.CreateReply(packet=line.recv(4096))
        assert asked.VerifyReply(reply)
        assert reply.code == packet.AccountingResponse
        until(lambda: stored(server) or None, "it is stored", why=server.log)
        assert stored(server) == {"pyrad-1": 1}
