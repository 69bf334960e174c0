"""Models for tests: plain-integer references, recorded sequences, strategies, and contracts beside their kernels."""
