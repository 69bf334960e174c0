"""What tests share and is no test: engines, nodes, references, strategies of Hypothesis, programs to run."""
