"""Change of authorization (RFC 5176): what a live session may do is changed on the port, and seen to be changed.

`jobs` holds what is under way, `job` what may follow on what; `recipe` and `vendor` know what a make of switch takes;
`request` and `message` write packets, `exchange` gets them answered; `loop` is the part of a server that does all this.
"""
