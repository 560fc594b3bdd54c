"""A campus on one machine: switches, hosts, servers and nac in network namespaces of their own (`nac lab`).

`plan` says what there is and where, `construct` makes it, `teardown` removes it, whatever happened before. `host` is a
device with a real wpa_supplicant, `switch` a process that runs real hostapd at each port and enforces what the answers
say, `estate` the servers worth protecting. `capture`, `ladder`, `drawing` and `report` tell what was seen.
"""
