"""Native twins of the trainer, its data handler and its incentive mechanisms: the same integers as the contracts.

The contracts are not audited: use test networks only.

>>> from dcai import SparsePerceptron
>>> from dcai.incentives import CollaborativeTrainer64, DataHandler64, Ledger, Stakeable64
>>> alice, trainer_address = "0x" + "11" * 20, "0x" + "22" * 20
>>> ledger = Ledger({alice: 10**18})
>>> trainer = CollaborativeTrainer64(
...     ledger, trainer_address, DataHandler64(ledger), Stakeable64(ledger, 86400, 86400, 9 * 86400, 10**12),
...     SparsePerceptron([0] * 10, 0, 10**9),
... )
>>> [event.name for event in trainer.add_data([1, 2], 1, sender=alice, value=10**17)]
['AddData']
>>> ledger.balance(trainer_address)
3600000000000000
"""

from dcai.incentives.data_handler import DataHandler64, StoredData
from dcai.incentives.ledger import Ledger
from dcai.incentives.market.market import PredictionMarket
from dcai.incentives.market.pieces import Piece, cut
from dcai.incentives.market.state import Phase, Progress, Stage, Terms
from dcai.incentives.mechanism import IncentiveMechanism
from dcai.incentives.points import Points64
from dcai.incentives.pool import Fee, ReimbursementPool
from dcai.incentives.sponsorship import Domain, contribution_digest
from dcai.incentives.stakeable import Stakeable64
from dcai.incentives.trainer import CollaborativeTrainer64

__all__ = [
    "CollaborativeTrainer64",
    "DataHandler64",
    "Domain",
    "Fee",
    "IncentiveMechanism",
    "Ledger",
    "Phase",
    "Piece",
    "Points64",
    "PredictionMarket",
    "Progress",
    "ReimbursementPool",
    "Stage",
    "Stakeable64",
    "StoredData",
    "Terms",
    "contribution_digest",
    "cut",
]
