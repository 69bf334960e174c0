"""Collect the contributions of a trainer, and what became of each."""
