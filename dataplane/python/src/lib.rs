//! nac-python
