"""Sessions as the database keeps them: what became of each (`store`), what it used (`usage`), where devices were seen
(`sightings`), and how to find them (`query`). The live table is the data plane's.
"""
