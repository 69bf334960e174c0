"""The contracts on an EVM in this process: deployed, called, trained, measured and read.

>>> from dcai import evm
>>> chain = evm.Evm()                      # doctest: +SKIP
>>> contract = chain.deploy(model)         # doctest: +SKIP
>>> contract.update(x, 1).gas_used         # doctest: +SKIP
"""

from dcai.evm import storage
from dcai.evm.contract import Contract
from dcai.evm.engines.engine import Trace, engine_names
from dcai.evm.evm import CALL_GAS_LIMIT, Evm, Snapshot
from dcai.evm.receipt import Log, Receipt
from dcai.evm.schedule import MAX_TRANSACTION_GAS

__all__ = [
    "CALL_GAS_LIMIT",
    "MAX_TRANSACTION_GAS",
    "Contract",
    "Evm",
    "Log",
    "Receipt",
    "Snapshot",
    "Trace",
    "engine_names",
    "storage",
]
