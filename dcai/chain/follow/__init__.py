"""Keep a model up to date with the contributions on a chain."""
