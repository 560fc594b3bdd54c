"""The cause words: how a conversation ended, what that means and what to do. `docs/causes.md` is made from this.

A word never changes its meaning: scripts and reports hang on it. `python -m nac.events.causes` prints the page.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Stage = Literal["asked", "said", "tls", "certificate", "identity", "policy", "answer"]
"""The steps of a conversation, in order; a cause belongs to the one that failed (`nac.events.chain`)."""


class Cause(NamedTuple):
    """`meaning` is one sentence for an operator; `fix` says what to do, empty when there is nothing to mend."""

    stage: Stage
    meaning: str
    fix: str


CAUSES: Final[dict[str, Cause]] = {
    "ok": Cause("answer", "Accepted.", ""),
    "policy_reject": Cause(
        "policy", "A `reject` rule of the policy matched.", "If this is not meant, change the rule that is named."
    ),
    "policy_default_deny": Cause(
        "policy",
        "No `place` rule of the policy matched; what nothing allows is refused.",
        "Compare the facts with the rules (`nac policy explain`), then add a rule or mend the fact.",
    ),
    "certificate_expired": Cause(
        "certificate",
        "The device's certificate is past its end.",
        "Issue a new certificate and install it; check why renewal did not happen.",
    ),
    "certificate_not_yet_valid": Cause(
        "certificate",
        "The device's certificate is not valid yet.",
        "Compare the clocks of the server and of the authority that issued it.",
    ),
    "certificate_revoked": Cause(
        "certificate",
        "The device's certificate is on its issuer's revocation list.",
        "If the device is trusted again, issue a new certificate: a revocation is not taken back.",
    ),
    "revocation_unknown": Cause(
        "certificate",
        "No revocation list of the certificate's issuer is known, and the configuration requires one.",
        "Add the issuer's list to trust.crls; `trust.revocation` says what to do without one.",
    ),
    "revocation_stale": Cause(
        "certificate",
        "The revocation list of the certificate's issuer is past its next update.",
        "Fetch the issuer's current list (`nac pki crl` for the built-in authority).",
    ),
    "unknown_ca": Cause(
        "certificate",
        "No trusted root stands above the device's certificate.",
        "If the issuer is yours, add its root to trust.roots and what lies between to trust.intermediates.",
    ),
    "certificate_bad_signature": Cause(
        "certificate",
        "A signature in the certificate's chain, or the device's proof of its key, is wrong.",
        "Issue the certificate again; a device with a broken key store or an attacker looks the same.",
    ),
    "certificate_wrong_purpose": Cause(
        "certificate",
        "The certificate is not made for client authentication.",
        "Issue one with the extended key usage clientAuth.",
    ),
    "certificate_malformed": Cause(
        "certificate",
        "The certificate cannot be parsed, or uses something that is refused (such as RSA below 2048 bits, or SHA-1).",
        "Issue an X.509 v3 certificate with a current key and signature.",
    ),
    "no_client_certificate": Cause(
        "tls",
        "The device finished its part of the handshake without a certificate.",
        "Install one on the device, and choose it in the network's profile.",
    ),
    "client_alert_unknown_ca": Cause(
        "tls",
        "The device does not trust this server's certificate.",
        "Deploy the server's root to the device, and name it in the network's profile.",
    ),
    "client_alert_certificate_expired": Cause(
        "tls",
        "The device holds this server's certificate for expired.",
        "Look at the server's certificate (`nac check`) and at the device's clock.",
    ),
    "client_alert_bad_certificate": Cause(
        "tls",
        "The device refuses this server's certificate.",
        "Compare the server's name with the one that the network's profile expects.",
    ),
    "client_alert_other": Cause(
        "tls", "The device ended the handshake with another alert.", "The detail names the alert."
    ),
    "client_stopped_after_server_certificate": Cause(
        "tls",
        "The device fell silent when it had seen this server's certificate.",
        "Most often the device does not trust it: deploy the server's root. Else look for lost fragments: lower "
        "--fragment-size of the client.",
    ),
    "client_stopped": Cause(
        "said",
        "The device fell silent in mid conversation.",
        "Look at the device's own log, at the link, and at timers of the switch.",
    ),
    "tls_version_mismatch": Cause(
        "tls",
        "The device and this server have no TLS version in common (1.2 and 1.3 are spoken here).",
        "Update the device; what speaks nothing newer than TLS 1.1 can only join by MAC address.",
    ),
    "tls_no_common_parameters": Cause(
        "tls",
        "The device and this server have no cipher suite, group or signature scheme in common.",
        "Update the device; give the server certificates of both kinds, P-256 and RSA.",
    ),
    "tls_protocol_error": Cause(
        "tls", "What the device sent breaks the rules of TLS.", "Update the device; the detail names the rule."
    ),
    "handshake_too_large": Cause(
        "tls",
        "The handshake is larger than 64 KiB.",
        "Shorten the device's certificate chain; it needs neither the root nor strangers.",
    ),
    "no_common_eap_method": Cause(
        "said",
        "The device wants an EAP method that is not spoken here.",
        "Set the network's profile on the device to EAP-TLS.",
    ),
    "eap_malformed": Cause(
        "said", "An EAP packet breaks the rules of RFC 3748.", "Update the device or the switch; the detail says where."
    ),
    "state_unknown": Cause(
        "asked",
        "The request continues a conversation that is not known here, as after a restart.",
        "Nothing: the device's next try starts anew.",
    ),
    "unknown_mac": Cause(
        "identity",
        "The MAC address belongs to no known device.",
        "If it should join: `nac device add NAME --mac ADDRESS`.",
    ),
    "password_method_refused": Cause(
        "said",
        "The request carries a password (PAP, CHAP or MS-CHAP), which is refused.",
        "Set the switch or the device to EAP-TLS; for MAC authentication let it send the address as user name.",
    ),
    "identity_missing": Cause(
        "said",
        "The request names nobody: neither a certificate nor a MAC address nor a user.",
        "Let the switch send Calling-Station-Id and User-Name.",
    ),
    "user_disabled": Cause("identity", "The user is disabled.", "`nac user enable NAME` takes that back."),
    "device_disabled": Cause("identity", "The device is disabled.", "`nac device enable NAME` takes that back."),
    "unknown_access_list": Cause(
        "asked",
        "The switch asks for an access list that it cannot have.",
        "After a restart nothing: the port authenticates anew, which names the list again. Else compare the client's "
        "dialect and secret with what the switch is set up for.",
    ),
    "access_list_too_long": Cause(
        "answer",
        "The switch cannot take the access list of this decision, and the segment has no `fallback` that it can take.",
        "Give the segment a `fallback`, grant fewer or wider resources, or use a dialect with shorter lines.",
    ),
    "evicted_flood": Cause(
        "asked",
        "The conversation was given up to make room: too many were open at once, most of them through this client.",
        "Look for what opens them behind this client: `nac status`, `nac auth list --client`.",
    ),
    "internal_error": Cause(
        "answer",
        "The server failed at this conversation; others were not affected.",
        "Please report it with the output of `nac auth show`.",
    ),
}


def cause(word: str) -> Cause:
    """What a word means; a word from a newer data plane gets a plain answer."""
    return CAUSES.get(word) or Cause("answer", "This version does not know this cause.", "")


def page() -> str:
    """The text of `docs/causes.md`."""
    lines = [
        "# Causes",
        "",
        "Every authentication ends with one of these words: the column CAUSE of `nac auth list`, the field `cause` of",
        "`-o json`. A word keeps its meaning from version to version. *Step* is the step of the conversation that",
        "failed, as `nac why` marks it. This page is made from `nac/events/causes.py`.",
        "",
        "| cause | step | meaning | what to do |",
        "|---|---|---|---|",
    ]
    lines += [f"| `{word}` | {c.stage} | {c.meaning} | {c.fix or '-'} |" for word, c in CAUSES.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")
