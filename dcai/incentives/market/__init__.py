"""The native twin of the prediction market."""
