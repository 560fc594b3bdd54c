"""A browser on a host, without a screen: one page of nac's posture listener, with the device's certificate."""

from __future__ import annotations

import socket
import ssl
from http.client import HTTPConnection, HTTPException
from typing import Final

from lab.campus import namespace
from lab.campus.nac_home import SERVER_NAME
from lab.campus.plan import NAC, POSTURE_PORT
from lab.campus.supplicant import Certificate

_PATIENCE_S: Final = 5.0
_SILENCE_S: Final = 0.5
"""How long the connection may take; one that is let through stands after a millisecond."""

_LONGEST: Final = 65536


def posture_page(place: str, certificate: Certificate) -> str | None:
    """What a device in the namespace `place` sees at nac's posture service; None when it does not reach it."""
    return namespace.inside(place, lambda: _page(certificate))


def _page(certificate: Certificate) -> str | None:
    context = ssl.create_default_context(cafile=str(certificate.root))
    context.load_cert_chain(certificate.chain, certificate.key)
    connection = HTTPConnection(NAC, POSTURE_PORT)
    try:
        with socket.create_connection((NAC, POSTURE_PORT), _SILENCE_S) as plain:
            plain.settimeout(_PATIENCE_S)
            connection.sock = context.wrap_socket(plain, server_hostname=SERVER_NAME)
            connection.request("GET", "/")
            return connection.getresponse().read(_LONGEST).decode()
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()
