"""RADIUS clients (NASes): which addresses may ask, with which secrets, in which dialect they are answered.

`store` reads and writes them, `secret` makes and judges shared secrets, `seal` keeps them unreadable in the database.
"""
