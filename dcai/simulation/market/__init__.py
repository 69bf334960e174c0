"""Simulate prediction markets."""
