"""Benchmarks of nac beside FreeRADIUS and hostapd: `python -m lab.bench --help`."""
