"""Writes docs/policy-reference.md from the grammar in the parser, the bounds in the code and the facts that it knows.

Run it as `.venv/bin/python scripts/policy-reference.py` after a change to one of them.
"""

from __future__ import annotations

import inspect
from pathlib import Path

from nac.policy import (
    check_posture,
    parse,
    parse_condition,
    parse_declaration,
    parse_posture,
    parse_schedule,
    parse_selector,
    parse_site,
)
from nac.policy.cursor import MAX_NAME
from nac.policy.facts import catalogue
from nac.policy.lexer import MAX_TEXT
from nac.policy.load import MAX_FILE, MAX_FILES
from nac.policy.schedule import SPAN
from nac.policy.walk import MAX_DEPTH, MAX_SIZE
from nac.posture.checks import CHECKS

PAGE = Path(__file__).parents[1] / "docs" / "policy-reference.md"

TEXT = """\
# Policy reference

Written by `scripts/policy-reference.py`; [policy.md](policy.md) is the tour.

## Grammar

`"word"` stands for itself, `{{x}}` for any number of x, `[x]` for one or none, `|` for a choice. White space and line
breaks only part words. `#` begins a comment.

```
{grammar}
```

| word | is |
|---|---|
| NAME | a letter, then letters, digits, `_`, `.` or `-`, at most {name} in all; no word that begins a statement or joins conditions |
| TEXT | between quotes, on one line, at most {text} characters; `\\"` and `\\\\` for a quote and a backslash |
| KIND | {kinds} |
| VALUE | of `stage`: {stage}; of `environment`: {environment}; of `sensitivity`: {sensitivity}; of `residency`: a NAME |
| ADDRESS | `10.20.0.10`, `10.20.0.0/24`, `2001:db8::/64` |
| PORT | `tcp 443`, `udp 8000-8100`, `icmp`; a resource without ports means every protocol |
| VLAN | 1 to 4094, or the VLAN's name on the switch as TEXT |
| DURATION | `60s` to `30d`; also `m` and `h`; in a posture from `1s` |
| DAY, HOURS, DATE | {days}; `08:00-18:00`, `22:00-06:00` past midnight, `00:00-24:00`; `2026-12-25` |
| FACT | one of the facts below |
| CHECK | one of the checks below |

`not` binds closest, then `and`, then `or`. In a `selector`, a label has its value on the same line.

## Comparisons

| kind of fact | comparisons |
|---|---|
| text | `ssid = "corp"`, `ssid in ("corp", "lab")`, `user.name in list NAME`, `certificate.subject matches "*,O=Corp"` (`*`: any run of characters) |
| boolean | `device.managed`, `not device.managed`, `device.managed = false` |
| integer | `certificate.days_left < 14` (`=` `<` `<=` `>` `>=`); `time` also with a moment: `time < "2027-01-01T00:00+01:00"` |
| set | `user.groups has "ml"`, `has any ("a", "b")`, `has all ("a", "b")`, `has any list NAME` |

Text compares without case. MAC addresses may be written in any notation.

## Limits

| of | at most |
|---|---|
| a policy | {files} files of {file} MiB |
| one condition, its personas written out | {depth} levels, {size:,} parts; a comparison is one part however many values it has |
| `(...)` after `in`, `has any`, `has all` | {values:,} texts |
| a `list` | {list:,} texts |
| addresses or ports of a resource, sites of a `vlan` | {items:,} |
| selectors of a statement | {selectors:,} |
| patterns of a site | {clients:,} |
| windows of a schedule, dates of an `except` | {windows}, {excepted:,} |
| requirements of a posture | {requirements} |
| how far schedules are known | {span} days back and ahead; beyond that `during` is unknown |

## Checks

What a `posture` can ask for. `require` takes a check's own word unless something is compared; `forbid` takes what it finds.

| kind of check | requirements |
|---|---|
| state | `require disk_encryption` |
| number | `require patch_age_days <= 30` (`=` `<` `<=` `>` `>=`) |
| text | `require os_supported in ("debian 12", "debian 13")`, `= "..."`, `matches "debian *"`, `require kernel >= "6.1"` (at least this version), `forbid kernel = "..."` |
| findings | `forbid rogue_notebook`, `require required_processes` (nothing is found), `forbid forbidden_processes matches "miner*"` |
| list | `forbid listening_ports matches "tcp/0.0.0.0:*"`, `require administrators in ("root", "alice")` (nothing else) |

| check | kind | what it looks at |
|---|---|---|
{checks}

`applies when` can name {record}.

## Facts

A fact that is not known when a device asks is *unknown*: it never opens anything. Always known, without a record too,
are `time`, the flags `user.known`, `user.disabled`, `user.access_ended`, `device.known`, `device.managed`,
`device.disabled` and `device.shared_identity` (false without a record) and `device.ownership` (`unknown` without one).
`posture.status` and `posture.freshness` are unknown for a device without a record, and the text `unknown` for one on
record whose last report has expired or that never reported. An `allow` has to depend on a fact of identity.

In a test block a device or user of which nothing but a name is given is not on record, and the time is only known when
it is given.

| fact | kind | identity | where it comes from | example |
|---|---|---|---|---|
{facts}
"""  # noqa: E501 - a row of a table is one line


def page() -> str:
    """The whole page."""
    grammar = inspect.cleandoc(parse.__doc__ or "").split("\n\n", 1)[1]
    facts = "\n".join(
        f"| `{fact.name}` | {fact.kind} | {'yes' if fact.identity else ''} | {fact.source} | `{fact.example}` |"
        for fact in catalogue().values()
    )
    checks = "\n".join(f"| `{check.name}` | {check.kind} | {check.about} |" for check in CHECKS.values())
    return TEXT.format(
        checks=checks,
        record=", ".join(f"`{fact}`" for fact in check_posture.RECORD),
        requirements=parse_posture.MAX_REQUIREMENTS,
        grammar=grammar,
        facts=facts,
        name=MAX_NAME,
        text=MAX_TEXT,
        kinds=", ".join(parse_declaration.KINDS),
        **{label: ", ".join(values) for label, values in parse_declaration.LABELS.items()},
        days=", ".join(parse_schedule.DAYS),
        files=MAX_FILES,
        file=MAX_FILE // 1024**2,
        depth=MAX_DEPTH,
        size=MAX_SIZE,
        values=parse_condition.MAX_VALUES,
        list=parse_site.MAX_LIST,
        items=parse_declaration.MAX_ITEMS,
        selectors=parse_selector.MAX_SELECTORS,
        clients=parse_site.MAX_CLIENTS,
        windows=parse_schedule.MAX_WINDOWS,
        excepted=parse_schedule.MAX_EXCEPTED,
        span=SPAN.days,
    )


if __name__ == "__main__":
    PAGE.write_text(page())
