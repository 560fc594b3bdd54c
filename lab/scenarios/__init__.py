"""Stories that the campus plays for real, one file each, named for what it covers.

`sNN_` is a line of the list of what the product is for, `cNN_` a complaint about other products that must not be
possible here. A file has a docstring, whose first line is the title, and `play(campus)`, in the words of `vocabulary`.
"""
