"""The page that a device's user sees: what is wrong in plain words, and what to do. HTML without a single script."""

from __future__ import annotations

import html
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from nac.posture.judge import Failure, Status
from nac.posture.store import Standing

SECURITY_HEADERS: Final = (
    ("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
)

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Health of this device</title>
<style>body{{font:1.1rem/1.5 sans-serif;max-width:42rem;margin:2rem auto;padding:0 1rem}}
li{{margin-bottom:1rem}}.fix{{font-weight:bold}}.grace{{color:#555}}</style></head>
<body><h1>{title}</h1>{body}</body></html>
"""

_SAYS: Final[dict[Status, str]] = {
    "healthy": "Nothing needs to be done.",
    "degraded": "Access goes on for now. Please fix what follows before its time is over:",
    "unhealthy": "Access is limited until this is fixed:",
    "unknown": "Nothing is known of this device's health. Please start its agent: `nac agent status` shows more.",
}


def page(standing: Standing | None, *, now: int) -> bytes:
    """For a device: None when it never reported, or its last report is too old."""
    if standing is None or standing.lifetime.expires_at <= now:
        return _render("This device has not reported", f"<p>{html.escape(_SAYS['unknown'])}</p>")
    verdict = standing.verdict
    reported = f"<p>Last report: {_time(standing.lifetime.reported_at)}. The page changes with the next one.</p>"
    body = f"<p>{html.escape(_SAYS[verdict.status])}</p>{_list(verdict.failed)}{reported}"
    return _render(f"{standing.device} is {verdict.status}", body)


def stranger(why: str) -> bytes:
    """For a browser that shows no certificate, or one that is not taken."""
    said = (
        "This page shows what is wrong with a device to that device alone. Open it on the device itself, and choose "
        "the device's certificate when you are asked for one; or run `nac agent status` there."
    )
    return _render("Which device is this?", f"<p>{html.escape(why)}</p><p>{html.escape(said)}</p>")


def _list(failed: Sequence[Failure]) -> str:
    return "<ul>" + "".join(_item(failure) for failure in failed) + "</ul>" if failed else ""


def _item(failure: Failure) -> str:
    grace = f'<br><span class="grace">until {_time(failure.grace_until)}</span>' if failure.grace_until else ""
    return f'<li>{html.escape(failure.says)}<br><span class="fix">{html.escape(failure.fix)}</span>{grace}</li>'


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _render(title: str, body: str) -> bytes:
    return _PAGE.format(title=html.escape(title), body=body).encode()
