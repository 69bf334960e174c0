"""Measure gas in an EVM, and forecast it for streams of contributions."""
