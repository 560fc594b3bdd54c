"""Build a snapshot: read what the configuration names, check it, compile it. Raises, and changes nothing, when any part
is not usable; what merely deserves attention comes back as warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from nac import _dataplane
from nac.clients.nesting import nested
from nac.clients.store import ClientFields
from nac.config import Config
from nac.enforcement.dictionary import shipped_dictionary
from nac.enforcement.vendor import DIALECTS
from nac.errors import ConfigError, PkiError
from nac.pki.credential import Credential, load_credential
from nac.pki.expiry import PkiWarning
from nac.pki.ocsp import staple
from nac.pki.trust import TrustMaterial, load_trust
from nac.policy.compile import CompiledPolicy, compile_policy
from nac.policy.load import digest, read, read_sources
from nac.posture.setting import IntakeSetting, TlsMaterial
from nac.snapshot.sites import at_sites
from nac.snapshot.tickets import TicketKeys
from nac.snapshot.validity import Validity, validity

SCHEDULES_AHEAD: Final = 60 * 86400
"""Seconds before schedules would end that they are worked out anew."""

MAX_NESTED: Final = 20
"""Warnings of prefixes within prefixes; where there are more, it is meant."""


@dataclass(frozen=True)
class BuiltSnapshot:
    """`native` goes to the data plane, `intake` to the posture listener. `reload_at`: Unix seconds when the same
    files may give another result."""

    native: _dataplane.Snapshot
    policy: CompiledPolicy
    intake: IntakeSetting
    warnings: tuple[str, ...]
    certificate_warnings: tuple[PkiWarning, ...]
    validity: tuple[Validity, ...]
    reload_at: int | None


def watched_files(config: Config, config_path: Path) -> list[Path]:
    """Everything a snapshot is built from, for `nac.pki.watch.Watch`."""
    certificates = [path for files in config.eap.certificates for path in (files.chain, files.key)]
    trust = config.trust
    return [config_path, config.policy.path, *certificates, *trust.roots, *trust.intermediates, *trust.crls]


def build(
    config: Config,
    clients: Sequence[ClientFields],
    *,
    ticket_keys: TicketKeys,
    generation: int,
    now: datetime,
    policy: CompiledPolicy | None = None,
) -> BuiltSnapshot:
    """With the policy on disk, unless one is given. Raises `PolicyError`, `PkiError` or `ConfigError`."""
    policy = policy or compiled(config, clients, now=now)
    placed, at_no_site = at_sites(clients, policy.sites)
    trust = _trust(config, now)
    native_trust = _native_trust(config, trust)
    credentials = [load_credential(files.chain, files.key, now=now) for files in config.eap.certificates]
    try:
        native = _dataplane.Snapshot(
            generation=generation,
            clients=[_dataplane.Client(**fields) for fields in placed],
            trust=native_trust,
            credentials=[_native_credential(config, credential, now) for credential in credentials],
            ticket_keys=list(ticket_keys.live),
            ticket_lifetime=config.eap.ticket_lifetime.seconds,
            policy=policy.native,
            dictionary=shipped_dictionary(),
        )
    except _dataplane.SnapshotError as error:
        raise PkiError(str(error), fix="`nac check` shows which file or client it comes from") from error
    pki = (*trust.warnings, *(warning for credential in credentials for warning in credential.warnings))
    return BuiltSnapshot(
        native=native,
        policy=policy,
        intake=IntakeSetting(
            TlsMaterial(credentials[0].chain, credentials[0].key, (*trust.anchors, *trust.intermediates)), native_trust
        ),
        warnings=(
            *(one.render() for one in policy.warnings),
            *at_no_site,
            *_nested(clients),
            *(f"{warning} ({warning.fix})" for warning in pki),
        ),
        certificate_warnings=pki,
        validity=validity(credentials, trust),
        reload_at=_earliest(trust.reload_at, policy.known_until and policy.known_until - SCHEDULES_AHEAD),
    )


def compiled(
    config: Config, clients: Sequence[ClientFields], *, now: datetime, earlier: CompiledPolicy | None = None
) -> CompiledPolicy:
    """The policy on disk for the clients' dialects: `earlier` when that would come out the same.

    Raises `PolicyError` or `ConfigError`."""
    dialects = _dialects(config, clients)
    sources = read_sources(config.policy.path)
    if earlier and (earlier.digest, earlier.dialects) == (digest(sources), dialects) and not _is_aged(earlier, now):
        return earlier
    return compile_policy(read(sources), shipped_dictionary(), dialects=dialects, now=now)


def _is_aged(policy: CompiledPolicy, now: datetime) -> bool:
    return policy.known_until is not None and now.timestamp() > policy.known_until - SCHEDULES_AHEAD


def _earliest(*times: int | None) -> int | None:
    return min((time for time in times if time is not None), default=None)


def _nested(clients: Sequence[ClientFields]) -> list[str]:
    return [
        f"RADIUS client {inner['name']!r} ({inner['prefix']}) lies within {outer['name']!r} ({outer['prefix']}): "
        f"requests from there are {inner['name']!r}'s"
        for inner, outer in islice(nested(clients), MAX_NESTED)
    ]


def _dialects(config: Config, clients: Sequence[ClientFields]) -> set[str] | None:
    """The dialects in use, None before there are clients; a client whose dialect nobody knows is named."""
    for client in clients:
        if client["dialect"] not in DIALECTS:
            raise ConfigError(
                f"RADIUS client {client['name']!r} has the unknown dialect {client['dialect']!r}",
                path=config.server.state,
                fix=f"known dialects: {', '.join(sorted(DIALECTS))}; remove the client and add it with one of them",
            )
    return {client["dialect"] for client in clients} or None


def _trust(config: Config, now: datetime) -> TrustMaterial:
    return load_trust(
        roots=config.trust.roots,
        intermediates=config.trust.intermediates,
        crls=config.trust.crls,
        revocation=config.trust.revocation,
        now=now,
    )


def _native_trust(config: Config, trust: TrustMaterial) -> _dataplane.Trust:
    lists = [
        _dataplane.RevocationList(
            issuer=found.issuer, serials=found.serials, this_update=found.this_update, next_update=found.next_update
        )
        for found in trust.revocation_lists
    ]
    return _dataplane.Trust(
        anchors=trust.anchors,
        intermediates=trust.intermediates,
        revocation_lists=lists,
        revocation=config.trust.revocation,
        attested_policies=config.trust.attested_policies,
    )


def _native_credential(config: Config, credential: Credential, now: datetime) -> _dataplane.ServerCredential:
    response = staple(config.pki.directory, credential.leaf, now=now)
    return _dataplane.ServerCredential(chain=credential.chain, key=credential.key, ocsp_response=response)
