"""Helpers that tests share: engines, nodes, references, strategies of Hypothesis, programs to run."""
