"""Simulations of contributors, on the native twins or on the contracts in an EVM."""
