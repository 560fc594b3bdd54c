"""FreeRADIUS 3.2 from Debian with the least configuration that does EAP-TLS and MAB: nothing is logged per packet, or a
row per answer is written into SQLite, which is the least that nac does; accounting on request, kept in one way or none.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from lab.bench.running_server import Protection, Setup, accounting_port

COMMAND = "freeradius"

_RADIUSD = """\
prefix = /usr
libdir = /usr/lib/freeradius
name = bench
raddbdir = {folder}
logdir = {folder}
run_dir = {folder}
max_request_time = 30
cleanup_delay = 1
max_requests = 262144
hostname_lookups = no
proxy_requests = no
log {{
    destination = files
    file = {folder}/radius.log
    auth = no
}}
security {{
    allow_core_dumps = no
    max_attributes = 200
    reject_delay = 0
    status_server = yes
}}
thread pool {{
    start_servers = {start}
    max_servers = {most}
    min_spare_servers = {fewest_spare}
    max_spare_servers = {most_spare}
    max_requests_per_server = 0
    max_queue_size = 65536
    auto_limit_acct = no
}}
client bench {{
    ipaddr = 127.0.0.1
    secret = {secret}
    require_message_authenticator = yes
}}
modules {{
    eap {{
        default_eap_type = tls
        timer_expire = 60
        ignore_unknown_eap_types = no
        max_sessions = 65536
        tls-config bench {{
            private_key_file = {key}
            certificate_file = {cert}
            ca_file = {ca}
            fragment_size = 1024
            include_length = no
            cipher_list = "DEFAULT"
            ecdh_curve = ""
            tls_min_version = "1.2"
            tls_max_version = "1.3"
            cache {{
                enable = {cache}
                lifetime = 24
                name = "bench"
                persist_dir = {folder}/tlscache
            }}
        }}
        tls {{
            tls = bench
        }}
    }}
    files {{
        usersfile = {folder}/users
    }}
{modules}}}
server bench {{
    listen {{
        type = auth
        ipaddr = 127.0.0.1
        port = {port}
    }}
    authorize {{
        eap {{
            ok = return
        }}
        files
    }}
    authenticate {{
        eap
    }}
    post-auth {{
        {keep_answer}
    }}
    listen {{
        type = acct
        ipaddr = 127.0.0.1
        port = {accounting_port}
    }}
    accounting {{
        {keep_accounting}
    }}
}}
"""

_ALWAYS = """\
    always ok {
        rcode = ok
    }
"""

_DETAIL = """\
    detail {{
        filename = {folder}/detail
        header = "%t"
        permissions = 0600
        locking = no
    }}
"""

_SQLITE = """\
        driver = "rlm_sql_sqlite"
        dialect = "sqlite"
        sqlite {{
            filename = "{database}"
            busy_timeout = 5000
        }}
"""

_POSTGRESQL = """\
        driver = "rlm_sql_postgresql"
        dialect = "postgresql"
        radius_db = "dbname=records host={folder} user=nac"
"""

_SQL = """\
    sql {{
{engine}        read_clients = no
        pool {{
            start = {connections}
            min = {connections}
            max = {connections}
            spare = 0
            uses = 0
            lifetime = 0
            idle_timeout = 0
        }}
        post-auth {{
            query = "INSERT INTO answers (at, mac, user_name, nas, reply) VALUES (%l, '%{{Calling-Station-Id}}', \
'%{{User-Name}}', '%{{NAS-Identifier}}', '%{{reply:Packet-Type}}')"
        }}
        accounting {{
            query = "INSERT INTO records (at, session, mac, user_name, nas, status, seconds, octets_in, octets_out) \
VALUES (%l, '%{{Acct-Session-Id}}', '%{{Calling-Station-Id}}', '%{{User-Name}}', '%{{NAS-Identifier}}', \
'%{{Acct-Status-Type}}', '%{{Acct-Session-Time}}', '%{{Acct-Input-Octets}}', '%{{Acct-Output-Octets}}')"
        }}
    }}
"""

TABLES = """\
CREATE TABLE answers (at INTEGER, mac TEXT, user_name TEXT, nas TEXT, reply TEXT);
CREATE INDEX answers_mac ON answers (mac, at);
CREATE INDEX answers_user_name ON answers (user_name, at);
CREATE TABLE records (at INTEGER, session TEXT, mac TEXT, user_name TEXT, nas TEXT, status TEXT, seconds INTEGER,
    octets_in BIGINT, octets_out BIGINT);
CREATE INDEX records_session ON records (session);
CREATE INDEX records_mac ON records (mac, at);
"""
"""For SQLite and PostgreSQL alike."""

_MAC = """\
{mac} Auth-Type := Accept
    Tunnel-Type = VLAN, Tunnel-Medium-Type = IEEE-802, Tunnel-Private-Group-Id = "130"
"""


@dataclass(frozen=True)
class Pool:
    """Sizes of the thread pool."""

    start: int
    most: int
    fewest_spare: int
    most_spare: int


AS_SHIPPED = Pool(start=5, most=32, fewest_spare=3, most_spare=10)
ONE_THREAD = Pool(start=1, most=1, fewest_spare=1, most_spare=1)


Keeping = Literal["nothing", "file", "sqlite", "postgresql"]
"""What is kept: nothing, or every packet - in a text file that is not synced, or as a row."""


@dataclass(frozen=True)
class FreeRadius:
    """FreeRADIUS as Debian ships it, with a thread pool as shipped or another.

    `answers`: what is kept of every answer, `accounting`: of every Accounting-Request. `postgresql`: folder of the UNIX
    socket of a server whose database `records` has the `TABLES`.
    """

    name: str = "FreeRADIUS"
    pool: Pool = AS_SHIPPED
    protection: Protection = "optional"
    answers: Keeping = "nothing"
    accounting: Keeping = "nothing"
    postgresql: Path | None = None

    def prepare(self, folder: Path, setup: Setup, port: int, secret_file: Path) -> list[str]:
        """See `ServerKind.prepare`."""
        (folder / "tlscache").mkdir()
        kept = {self.answers, self.accounting}
        modules = _ALWAYS + (_DETAIL.format(folder=folder) if "file" in kept else "")
        if "sqlite" in kept:
            database = folder / "records.db"
            with closing(sqlite3.connect(database)) as connection:
                connection.executescript(f"PRAGMA journal_mode = WAL;{TABLES}")
            modules += _SQL.format(engine=_SQLITE.format(database=database), connections=1)
        if "postgresql" in kept:
            modules += _SQL.format(engine=_POSTGRESQL.format(folder=self.postgresql), connections=self.pool.start)
        (folder / "radiusd.conf").write_text(
            _RADIUSD.format(
                folder=folder,
                secret=secret_file.read_text(),
                key=setup.pki.server_key,
                cert=setup.pki.server_cert,
                ca=setup.pki.ca,
                cache="yes" if setup.resumption else "no",
                port=port,
                accounting_port=accounting_port(port),
                modules=modules,
                keep_answer=_MODULE[self.answers],
                keep_accounting=_MODULE[self.accounting],
                **asdict(self.pool),
            )
        )
        (folder / "users").write_text("".join(_MAC.format(mac=f"0200{index:08x}") for index in range(setup.macs)))
        return [COMMAND, "-f", "-l", "stdout", "-n", "radiusd", "-d", str(folder)]


_MODULE: dict[Keeping, str] = {"nothing": "ok", "file": "detail", "sqlite": "sql", "postgresql": "sql"}


def is_installed() -> bool:
    """True when the Debian package is there."""
    return shutil.which(COMMAND) is not None
