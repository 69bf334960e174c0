"""Replay the history of a contract, and compare its storage."""
