# The compiled loop (kernels/evmloop), private: dcai.evm.engines.py_evm_compiled stands in front of it.
from collections.abc import Callable, Mapping
from typing import Any, final

@final
class Recorder:
    def rows(self) -> bytes: ...

@final
class Frame:
    program_counter: int
    def __init__(self, gas: int) -> None: ...

@final
class Stack:
    def __init__(self, frame: Frame) -> None: ...
    def __len__(self) -> int: ...

@final
class Memory:
    def __init__(self, frame: Frame) -> None: ...
    def __len__(self) -> int: ...

@final
class GasMeter:
    start_gas: int
    gas_refunded: int
    refund_strategy: Callable[[int, int], int]
    def __init__(self, frame: Frame, refund_strategy: Callable[[int, int], int]) -> None: ...
    @property
    def gas_remaining(self) -> int: ...

@final
class AccessSet: ...

@final
class Storage:
    def get(self, slot: int, from_journal: bool = True) -> int: ...
    def set(self, slot: int, value: int) -> None: ...

@final
class StoragePrices:
    def __init__(
        self, *, cold_sload: int, warm_read: int, sstore_set: int, sstore_reset: int, clear_refund: int
    ) -> None: ...

@final
class Loop:
    recorder: Recorder | None
    def __init__(
        self,
        opcodes: Mapping[int, Any],
        compiled: Mapping[int, int],
        *,
        exp_byte: int,
        keccak_word: int,
        copied_word: int,
        memory_word: int,
        memory_quadratic_denominator: int,
        storage: StoragePrices | None,
    ) -> None: ...
    @property
    def hosted(self) -> tuple[int, ...]: ...
    def __call__(self, computation: Any) -> None: ...
