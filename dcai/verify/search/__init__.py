"""Search for a difference between a contract and its model, and shrink it."""
