"""There is no secret that another installation has, too: every switch's is random, and none stands in a file of nac."""

from __future__ import annotations

from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    secrets = [path.read_text() for path in sorted((campus.lab.folder / "switches").glob("*/switch.secret"))]
    campus.must(len(set(secrets)) == len(secrets) and min(map(len, secrets)) >= 22, "each secret is its own, and long")
    texts = [path.read_bytes() for path in campus.nac.folder.rglob("*") if path.is_file()]
    leaked = [secret for secret in secrets if any(secret.encode() in text for text in texts)]
    campus.must(not leaked, "none of them stands in a file of nac, its database included")
