"""`nac lab swarm`: many real EAP-TLS devices on simulated switches, against a server that is made for it.

`site` makes the server with people of every persona, `run` lets `nac-supplicant swarm` loose on it and judges.
Needs neither root nor namespaces: everything is on the loopback interface.
"""
