"""From a changed fact to a changed port: a running server, a simulated switch of each make, and what becomes of it.

How long each took is printed (`pytest -s`), never asserted.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from conftest import Site

from lab.nas import radius

SiteMaker = Callable[..., AbstractContextManager[Site]]


def tell(what: str, job: object) -> None:
    """When things happened, from the decision on."""
    at = {name: getattr(job, f"{name}_at") for name in ("due", "decided", "sent", "acked", "ended")}
    print(f"{what}: " + ", ".join(f"{name} {(one - at['decided']) / 1000:.1f} ms" for name, one in at.items() if one))


@pytest.mark.parametrize("make", ["standard", "cisco-ios-xe", "hostapd", "ruckus-icx", "extreme-exos", "fortiswitch"])
def test_a_disabled_device_is_put_off(site: SiteMaker, make: str) -> None:
    with site(make) as at:
        port = at.printer()
        at.home.nac("device", "disable", port.mac)
        job = at.job("confirmed")
        tell(make, job)
        assert (job.reason, job.cause, job.tries[0].answer) == ("facts", "device_disabled", "ack")
        assert at.das.ports == [], "the device was not let in again"
        assert {one.code for one in at.das.received} == {radius.DISCONNECT_REQUEST}
