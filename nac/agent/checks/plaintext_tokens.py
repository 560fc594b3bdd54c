"""plaintext_tokens: no tokens of model hubs and clouds lie readable in well-known files.

What is reported is the kind and the path. The secret itself is matched, and neither kept nor sent.
"""

from __future__ import annotations

import re
from typing import Final

from nac.agent.finding import Finding, failed, passed
from nac.agent.machine import Machine
from nac.agent.root import MissingError

LONGEST_FILE: Final = 262144

KNOWN: Final = (
    ("huggingface", ".cache/huggingface/token", r"\S{8}"),
    ("huggingface", ".cache/huggingface/stored_tokens", r"hf_token\s*=\s*\S{8}"),
    ("huggingface", ".huggingface/token", r"\S{8}"),
    ("kaggle", ".kaggle/kaggle.json", r'"key"\s*:\s*"[^"]{8}'),
    ("kaggle", ".config/kaggle/kaggle.json", r'"key"\s*:\s*"[^"]{8}'),
    ("nvidia-ngc", ".ngc/config", r"(?m)^apikey\s*=\s*\S{8}"),
    ("aws", ".aws/credentials", r"(?m)^\s*aws_secret_access_key\s*=\s*\S{8}"),
    (
        "google-cloud",
        ".config/gcloud/application_default_credentials.json",
        r'"(?:private_key|refresh_token)"\s*:\s*"\S',
    ),
    ("azure", ".azure/msal_token_cache.json", r'"secret"\s*:\s*"\S{8}'),
    ("azure", ".azure/accessTokens.json", r'"(?:access|refresh)Token"\s*:\s*"\S{8}'),
    ("kubernetes", ".kube/config", r"(?m)^\s*(?:token|client-key-data|password):\s*\S{8}"),
    ("docker", ".docker/config.json", r'"auth"\s*:\s*"\S{8}'),
    ("git", ".git-credentials", r"://[^/\s:]+:[^@\s]+@"),
    ("netrc", ".netrc", r"\bpassword\s+\S{8}"),
    ("pypi", ".pypirc", r"(?m)^\s*password\s*[=:]\s*\S{8}"),
    ("npm", ".npmrc", r":_authToken\s*=\s*\S{8}"),
)
"""(kind, path below a home, what shows that a secret is inside and not only a setting)."""


def run(machine: Machine) -> Finding:
    found: list[str] = []
    for home in machine.homes:
        for kind, name, sign in KNOWN:
            path = f"{home}/{name}"
            try:
                if re.search(sign, machine.root.text_within(home, path, LONGEST_FILE)):
                    found.append(f"{kind}:{path}")
            except MissingError:
                continue
    if found:
        return failed(tuple(found), "log out there, or keep the token in a keyring; then replace it")
    return passed(())
