"""What `make demo` shows on a loopback port, on the campus: the same scenes, and HTTP passes as they say."""

from __future__ import annotations

from lab.campus.plan import SERVERS
from lab.demo.scenes import SCENES, Accepted, Scene
from lab.scenarios.device import Device
from lab.scenarios.vocabulary import Campus


def play(campus: Campus) -> None:
    user = campus.person("ml-engineering")
    devices = {
        "laptop-17": campus.laptop(owner=user),
        "home-pc": campus.laptop(owner=user, managed=False, posture=None),
        "laptop-09": campus.laptop(owner=user),
        "laptop-03": campus.laptop(owner=user).carries_an_expired_certificate(),
        "foreign": campus.laptop(owner=user).carries_somebody_elses_certificate(),
    }
    by_address = iter([campus.printer(), campus.printer(known=False)])
    campus.takes_over()
    for scene in SCENES:
        device = devices[scene.certificate] if scene.certificate is not None else next(by_address)
        if scene.first is not None:
            campus.admin("pki", "revoke", device.name, "--reason", "key-compromise")
            campus.takes_over()
        comes(device.plugs_into("ber-1"), scene)


def comes(device: Device, scene: Scene) -> None:
    """What must happen, by certificate or by address."""
    expected, has_certificate = scene.expected, scene.certificate is not None
    if not isinstance(expected, Accepted):
        device.is_refused(expected.cause) if has_certificate else device.is_bypassed_in_vain(expected.cause)
        return
    device.signs_in() if has_certificate else device.is_bypassed()
    device.is_in(device.event["decision"]["segment"], vlan=int(expected.vlan))
    opened = [server.resource for server in SERVERS if server.resource in expected.opens]
    if expected.only:
        device.reaches_only(*opened)
    else:
        device.reaches(*opened).cannot_reach(*expected.closed)
