"""Collect the contributions to a trainer, and the status of each."""
