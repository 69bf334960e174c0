"""Derive the gas prices of a contract's bytecode from its runs in an EVM."""
