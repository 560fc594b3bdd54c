"""From configuration, database and files to the snapshot that the data plane reads.

`build` is pure but for the files it is told to read; `tickets` keeps the two live ticket keys.
"""
