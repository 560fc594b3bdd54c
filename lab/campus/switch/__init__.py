"""The lab's switch: real hostapd asks for each port, and this enforces what the answers say.

hostapd's wired driver authenticates and knows neither VLANs nor access lists. So its RADIUS packets go through `relay`,
octet for octet: an Access-Accept is verified, read in the words of the switch's dialect and applied to the port before
hostapd hears of it, as a switch programs its hardware before it says EAP-Success. The control interface of hostapd was
the other way; it tells neither NAS-Filter-Rule nor VLAN of a wired station. `port` enforces with a bridge for each VLAN
and nftables at the port's ingress, `bypass` is MAC authentication bypass, `dynamic_authorization` serves RFC 5176,
`accounting` tells the server of sessions that hostapd does not.
"""
