"""What happened: events from the data plane, kept and explained.

`types` is the contract, `drain` brings events into the database, `query` finds them, `chain` explains one,
`why` explains a MAC address, a user or a device, `causes` says what each cause word means, `retention` deletes what is
too old.
"""
