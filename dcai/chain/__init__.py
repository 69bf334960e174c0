"""Fetch the model of a contract on a chain, verify it by proofs, and keep it in a file.

>>> from dcai import chain
>>> snapshot = chain.fetch("http://localhost:8545", address, num_features=1000)    # doctest: +SKIP
>>> print(snapshot.trust)                                                          # doctest: +SKIP
>>> model = snapshot.model()                                                       # doctest: +SKIP
>>> snapshot.save("model.snapshot.json.gz")                                        # doctest: +SKIP
>>> for one in chain.contributions("http://localhost:8545", trainer):              # doctest: +SKIP
...     print(one.block_number, one.sender, one.label, one.status)
>>> for update in chain.follow("http://localhost:8545", start=snapshot):           # doctest: +SKIP
...     print(update.block.number, len(update.applied))

What sends transactions is `deployment`, `participant` and `market`.
"""

from dcai.chain.collect.claims import Claim
from dcai.chain.collect.contributions import STATUSES, CollectedContribution, Contributions, contributions
from dcai.chain.follow.follow import Applied, Follower, Update, follow
from dcai.chain.read.contracts import layout_names
from dcai.chain.read.fetch import MAX_WEIGHTS, fetch
from dcai.chain.read.reader import Features
from dcai.chain.read.snapshot import Block, Followed, Snapshot, load
from dcai.chain.read.trainers import find_classifier
from dcai.chain.rpc.events import Contribution
from dcai.chain.rpc.proofs import storage_root
from dcai.chain.rpc.provider import Limits
from dcai.chain.send.accounts import KEY_VARIABLE, KeyAccount, Nobody, NodeAccount
from dcai.chain.send.book import Book, Entry
from dcai.chain.send.deployment import Deployment, Quote, deployment
from dcai.chain.send.fees import Fees
from dcai.chain.send.market import Market, MarketStatus, load_pieces, market, save_pieces
from dcai.chain.send.participant import Offer, Participant, SignedContribution, participant
from dcai.chain.send.rehearsal import FrameworkBlueprint, MarketBlueprint
from dcai.chain.send.transact import Waiting

__all__ = [
    "KEY_VARIABLE",
    "MAX_WEIGHTS",
    "STATUSES",
    "Applied",
    "Block",
    "Book",
    "Claim",
    "CollectedContribution",
    "Contribution",
    "Contributions",
    "Deployment",
    "Entry",
    "Features",
    "Fees",
    "Followed",
    "Follower",
    "FrameworkBlueprint",
    "KeyAccount",
    "Limits",
    "Market",
    "MarketBlueprint",
    "MarketStatus",
    "Nobody",
    "NodeAccount",
    "Offer",
    "Participant",
    "Quote",
    "SignedContribution",
    "Snapshot",
    "Update",
    "Waiting",
    "contributions",
    "deployment",
    "fetch",
    "find_classifier",
    "follow",
    "layout_names",
    "load",
    "load_pieces",
    "market",
    "participant",
    "save_pieces",
    "storage_root",
]
