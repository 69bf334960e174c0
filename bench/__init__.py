"""The kernels beside numpy, SciPy and scikit-learn: the same data, the same run, and every result asserted."""
