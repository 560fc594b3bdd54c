"""hostapd's built-in RADIUS server from Debian: EAP-TLS only, it knows no MAB."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from lab.bench.running_server import Protection, Setup

COMMAND = "hostapd"

_CONFIG = """\
driver=none
interface=bench0
logger_stdout=-1
logger_syslog=0
radius_server_clients={folder}/clients
radius_server_auth_port={port}
eap_server=1
eap_user_file={folder}/eap_users
ca_cert={ca}
server_cert={cert}
private_key={key}
tls_flags=[ENABLE-TLSv1.3]
tls_session_lifetime={lifetime}
fragment_size=1024
"""


@dataclass(frozen=True)
class Hostapd:
    """hostapd's RADIUS server: one thread, and at most 1,000 sessions, each kept for ten seconds after its end."""

    name: str = "hostapd"
    protection: Protection = "present"

    def prepare(self, folder: Path, setup: Setup, port: int, secret_file: Path) -> list[str]:
        """See `ServerKind.prepare`."""
        (folder / "clients").write_text(f"127.0.0.1 {secret_file.read_text()}\n")
        (folder / "eap_users").write_text("* TLS\n")
        (folder / "hostapd.conf").write_text(
            _CONFIG.format(
                folder=folder,
                port=port,
                ca=setup.pki.ca,
                cert=setup.pki.server_cert,
                key=setup.pki.server_key,
                lifetime=3600 if setup.resumption else 0,
            )
        )
        return [COMMAND, str(folder / "hostapd.conf")]


def is_installed() -> bool:
    """True when the Debian package is there."""
    return shutil.which(COMMAND) is not None
