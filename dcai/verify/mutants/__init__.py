"""Check the search with contracts that have one fault each."""
