"""From a vendor-neutral grant to the attributes that one make of switch understands.

`access_list` says what a resource opens, `vendor/` how each dialect writes it, `layout` numbers and encodes it for the
snapshot, `budget` holds it against what the switch and a RADIUS packet can carry.
"""
