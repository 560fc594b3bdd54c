"""A plan on paper: what a large estate needs, calculated from what was measured and simulated (docs/scale.md)."""
