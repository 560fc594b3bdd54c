"""Who and what is known: devices, users and their groups.

`devices` and `users` write, `store` reads what the data plane needs (everything, or what changed since a revision).
"""
