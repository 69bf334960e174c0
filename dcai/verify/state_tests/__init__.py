"""Sequences of calls as Ethereum state tests, by which any client confirms what contract and kernel agree on."""

from dcai.verify.state_tests.export import StateTest, export, write_tests
from dcai.verify.state_tests.sequence import is_case, random_model, random_steps

__all__ = ["StateTest", "export", "is_case", "random_model", "random_steps", "write_tests"]
