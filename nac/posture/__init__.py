"""Health of devices: a report becomes checks, checks a verdict with its times, a verdict facts of the data plane."""
