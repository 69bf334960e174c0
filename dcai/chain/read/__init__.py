"""Read models from contracts on a chain, with proofs."""
