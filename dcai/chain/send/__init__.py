"""Send transactions: deploy contracts, contribute data, and trade in markets."""
