"""What no honest client sends: frames, packets and conversations that break the rules, made with scapy.

`packets` makes RADIUS and EAP, `attacker` sends them from a place of the lab and looks what nac did, `frames` is for
the wire between host and switch, `on_path` changes replies on their way. `lab.scenarios.hNN_…` tell of it.
"""

from __future__ import annotations

import importlib.util

from lab.campus.error import LabError

if importlib.util.find_spec("scapy") is None:
    raise LabError("scapy is not installed, with which the hostile scenarios are made", fix="make deps")
