"""The model of a contract on a chain: fetched from a node, proven against the chain's hashes, kept in a file.

>>> from dcai import chain
>>> snapshot = chain.fetch("http://localhost:8545", address, num_features=1000)    # doctest: +SKIP
>>> print(snapshot.trust)                                                          # doctest: +SKIP
>>> model = snapshot.model()                                                       # doctest: +SKIP
>>> snapshot.save("model.snapshot.json.gz")                                        # doctest: +SKIP
"""

from dcai.chain.contracts import layout_names
from dcai.chain.fetch import MAX_WEIGHTS, fetch
from dcai.chain.proofs import storage_root
from dcai.chain.provider import Limits
from dcai.chain.reader import Features
from dcai.chain.snapshot import Block, Snapshot, load

__all__ = ["MAX_WEIGHTS", "Block", "Features", "Limits", "Snapshot", "fetch", "layout_names", "load", "storage_root"]
