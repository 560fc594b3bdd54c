"""`make demo`: nac as an admin would run it, with real supplicants, told in a few lines.

`estate` sets everything up through the command line, `scenes` says who comes and what must happen, `switch` carries the
packets and reads the answers off the wire, `screen` tells it. Nothing that is shown is known beforehand: it comes from
the wire and from the events that the server wrote.
"""
