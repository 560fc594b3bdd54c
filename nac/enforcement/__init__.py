"""From a vendor-neutral grant to the attributes that one make of switch understands.

`access_list` says what a resource opens, `vendor/` how each dialect writes it, `express` rewrites lines that a dialect
has no words for, `layout` numbers and encodes them for the snapshot, `budget` holds them against what the switch and a
RADIUS packet can carry, `download` names and cuts lists that a switch fetches. `header_space` is the set of flows that
a list opens: all dialects open the same. `snippet` says how a switch is set up; docs/vendors has a page for each make.
"""
