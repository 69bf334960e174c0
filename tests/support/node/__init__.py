"""A real node for tests, nodes that lie, and contracts on them."""
