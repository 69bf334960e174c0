"""Send transactions: deploy contracts, contribute data, and trade in markets.

The contracts are not audited: use test networks only.
"""
