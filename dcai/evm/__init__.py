"""The contracts on an EVM in this process: deployed, called, trained, measured and read.

>>> from dcai.evm import Evm
>>> evm = Evm()                            # doctest: +SKIP
>>> contract = evm.deploy(model)           # doctest: +SKIP
>>> contract.update(x, 1).gas_used         # doctest: +SKIP
>>> contract.weights(3)                    # doctest: +SKIP
"""

from dcai.evm import storage
from dcai.evm.classifier import ClassifierContract
from dcai.evm.contract import Contract
from dcai.evm.engines.engine import Trace
from dcai.evm.engines.registry import DEFAULT_ENGINE, engine_names
from dcai.evm.evm import Evm
from dcai.evm.machine import CALL_GAS_LIMIT, EvmSnapshot, Machine
from dcai.evm.receipt import Log, Receipt
from dcai.evm.schedule import DEFAULT_FORK, MAX_TRANSACTION_GAS

__all__ = [
    "CALL_GAS_LIMIT",
    "DEFAULT_ENGINE",
    "DEFAULT_FORK",
    "MAX_TRANSACTION_GAS",
    "ClassifierContract",
    "Contract",
    "Evm",
    "EvmSnapshot",
    "Log",
    "Machine",
    "Receipt",
    "Trace",
    "engine_names",
    "storage",
]
