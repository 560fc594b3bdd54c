"""A key that stays in its token, card or TPM: the system's `openssl` signs with it, its `curl` connects with it.

The token's module is loaded by their processes alone, through libp11's engine: docs/decisions/0027-token.md.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from nac.agent.config import Pkcs11Settings
from nac.agent.finding import tame
from nac.agent.jose import algorithm_of, side_by_side
from nac.agent.program import SEARCHED, Answer, find_program, run_program
from nac.agent.signer import PinRefusedError
from nac.errors import PkiError
from nac.pki.key_kind import PublicKey, accept_public_key
from nac.pki.keystore import read_private_file

ENGINE: Final = "org.openssl.engine:pkcs11:"
"""What stands before the URI for `openssl`. Named so, the engine is used for this key and for nothing else; by
`-engine` it would also take the operations with which a TPM's module encrypts its own sessions, and these fail."""

PATIENCE_S: Final = 30.0
"""How long a token may take: a TPM needs a second for an RSA signature, a card some."""

LONGEST_ANSWER: Final = 64 * 1024


class Unlocked(NamedTuple):
    """What a program needs to use the key: its URI, how to reach the token, descriptors to keep open."""

    uri: str
    environment: dict[str, str]
    descriptors: tuple[int, ...]

    def run(self, program: str, *arguments: str, told: bytes = b"", longest: int = LONGEST_ANSWER) -> Answer:
        """Run a program of the system. Raises `PkiError` when it is not installed."""
        path = find_program(program)
        if path is None:
            raise PkiError(f"{program} is not installed", fix=f"as root: apt-get install {program}")
        try:
            return run_program(
                [path, *arguments],
                self.environment,
                patience_s=PATIENCE_S,
                longest=longest,
                told=told,
                descriptors=self.descriptors,
            )
        except OSError as error:
            raise PkiError(f"{path}: cannot be started: {error.strerror}", fix="install it anew") from None


@dataclass(frozen=True)
class Pkcs11Key:
    """One private key of a token. `uri`: RFC 7512, without PIN; without `module` p11-kit asks every module."""

    uri: str
    module: Path | None = None
    pin: Path | None = None

    @classmethod
    def of(cls, settings: Pkcs11Settings) -> Pkcs11Key:
        """The key that the settings name."""
        if settings.uri is None:
            raise AssertionError("asked for the key of a token where none is set")
        return cls(settings.uri, settings.module, settings.pin)

    @contextmanager
    def unlocked(self) -> Iterator[Unlocked]:
        """The key for programs to use. The PIN is in memory, and the URI names its descriptor. Raises `PkiError`."""
        environment = _environment(self.module)
        if self.pin is None:
            yield Unlocked(self.uri, environment, ())
            return
        descriptor = os.memfd_create("pin")
        try:
            os.write(descriptor, read_private_file(self.pin).rstrip(b"\r\n"))
            uri = f"{self.uri};pin-source=file:/proc/self/fd/{descriptor}"
            yield Unlocked(uri, environment, (descriptor,))
        finally:
            os.close(descriptor)

    def signer(self) -> Pkcs11Signer:
        """A signer whose key was found on the token, and can be used. Raises `PkiError`, `PinRefusedError`."""
        said = self._openssl("pkey", "-pubout", "-in")
        try:
            public = accept_public_key(load_pem_public_key(said), Path(self.uri))
        except (ValueError, UnsupportedAlgorithm):
            raise PkiError(f"{self.uri}: openssl showed no public key", fix="look at the key by pkcs11-tool") from None
        if isinstance(public, ed25519.Ed25519PublicKey):
            raise PkiError(
                f"{self.uri}: an Ed25519 key in a token cannot be used", fix="make one of P-256, P-384 or RSA"
            )
        return Pkcs11Signer(self, public)

    def sign(self, message: bytes, *options: str) -> bytes:
        """The signature as `openssl dgst` makes it with these options. Raises `PkiError`, `PinRefusedError`."""
        return self._openssl("dgst", *options, "-sign", told=message)

    def _openssl(self, *arguments: str, told: bytes = b"") -> bytes:
        """What `openssl` says; the key is its last argument."""
        with self.unlocked() as unlocked:
            answer = unlocked.run("openssl", *arguments, ENGINE + unlocked.uri, told=told)
        if answer.code != 0 or not answer.said:
            raise self._error(answer)
        return answer.said

    def _error(self, answer: Answer) -> PkiError:
        said = answer.complaint.decode("utf-8", "replace")
        if re.search(r"PIN (incorrect|locked|invalid|expired)|Invalid PIN length", said):
            return PinRefusedError(
                f"{self.uri}: the token refuses the PIN in {self.pin}",
                fix="write the right one; the file is tried again once it has changed, so as not to lock the token",
            )
        for pattern, wrong, fix in _MEANINGS:
            if re.search(pattern, said):
                return PkiError(f"{self.uri}: {wrong.format(module=self.module, first=_first_line(said))}", fix=fix)
        if answer.code == -9:
            return PkiError(f"{self.uri}: no answer within {PATIENCE_S:.0f} s", fix="look whether the token is there")
        return PkiError(f"{self.uri}: openssl says: {_first_line(said)}", fix="try it by hand: docs/agent.md")


_MEANINGS: Final = (
    (
        "no such engine",
        "OpenSSL has no engine for PKCS#11",
        "as root: apt-get install libengine-pkcs11-openssl",
    ),
    (
        "Unable to load module|Unable to load PKCS#11 module",
        "the module does not start ({module}): {first}",
        "name the token's module in pkcs11.module, and let the agent reach what that needs: docs/agent.md",
    ),
    (
        "No matching initialized token",
        "there is no such token",
        "plug it in or set it up; `pkcs11-tool --list-token-slots --module MODULE` shows those that are there",
    ),
    (
        "No PIN code was entered",
        "the token asks for a PIN",
        "write it into a file of mode 0600 and name that in pkcs11.pin",
    ),
    (
        "Login failed",
        "the token does not let the agent in: {first}",
        "look at the token by pkcs11-tool, and at its own logs",
    ),
    (
        "object not found|was not found at",
        "there is no such private key on the token",
        "`pkcs11-tool --login --list-objects --module MODULE` shows those that are there",
    ),
)
"""What the engine says of a failure, what that means, and what to do; the first that fits."""


@dataclass(frozen=True)
class Pkcs11Signer:
    """Signs by the token: one process of `openssl` for each signature."""

    key: Pkcs11Key
    public_key: PublicKey

    def sign(self, message: bytes) -> bytes:
        digest = "-sha384" if algorithm_of(self.public_key) == "ES384" else "-sha256"
        if isinstance(self.public_key, ec.EllipticCurvePublicKey):
            return side_by_side(self.key.sign(message, digest), self.public_key.key_size)
        pss = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest")
        return self.key.sign(message, digest, *pss)


def _environment(module: Path | None) -> dict[str, str]:
    """That of the agent, for tokens have settings there, without what would change what the two programs do."""
    changing = re.compile("OPENSSL|SSL|CURL|PKCS11_MODULE_PATH|.*_PROXY$", re.IGNORECASE)
    kept = {name: value for name, value in os.environ.items() if not changing.match(name)}
    named = {} if module is None else {"PKCS11_MODULE_PATH": str(module)}
    return {**kept, "PATH": SEARCHED, "LC_ALL": "C", "OPENSSL_CONF": os.devnull, **named}


def _first_line(said: str) -> str:
    return tame(next((line for line in said.splitlines() if line.strip()), "nothing"))
