"""Talk to nodes: requests, blocks, receipts, logs and proofs."""
