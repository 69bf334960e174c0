"""Attribute the gas of a transaction to lines and functions of Solidity."""
