"""What happened: events from the data plane, kept and explained.

`types` is the contract, `reader` and `drain` bring events into the database at a `pace`, `query` finds them, `chain`
explains one, `why` explains a MAC address, a user or a device, `causes` says what each cause word means, `retention`
deletes what is too old.
"""
