"""Checkpoint of an EVM beside the file of a run, so that resuming repeats no transaction."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from dcai import strict_json
from dcai.errors import DataError
from dcai.evm import EvmSnapshot
from dcai.evm.engines.engine import EngineAccount, EngineBlock
from dcai.files import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from dcai.simulation.lockstep import LockstepBase
    from dcai.simulation.record import RunRecord

__all__ = ["Checkpoint"]


def _path(record: RunRecord) -> Path:
    return record.path.with_name(record.path.name + ".checkpoint")


@dataclass(frozen=True)
class Checkpoint:
    """A state to resume from.

    Attributes
    ----------
    steps : int
        Number of completed steps of the run.
    fields : dict
        Content of the file.
    """

    steps: int
    fields: dict[str, Any]

    @classmethod
    def of(cls, record: RunRecord) -> Checkpoint | None:
        """Read the checkpoint of a record; None if its steps lead to none."""
        path = _path(record)
        if not path.exists():
            return None
        try:
            fields = strict_json.loads(path.read_text(encoding="utf-8"))
            steps = int(fields["steps"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} is not a checkpoint ({error}); delete it to continue without") from error
        return cls(steps, fields) if 0 < steps <= record.num_recorded else None

    @staticmethod
    def save(record: RunRecord, lockstep: LockstepBase[Any, Any], steps: int) -> None:
        """Write the state of the contracts after some steps, complete or not at all."""
        chain = lockstep.chain
        snapshot = chain.evm.snapshot()
        world = {
            address.hex(): [
                account.nonce,
                account.balance,
                account.code.hex(),
                {f"{slot:x}": f"{word:x}" for slot, word in account.storage.items()},
            ]
            for address, account in snapshot.world.items()
        }
        block = asdict(snapshot.block) | {"coinbase": snapshot.block.coinbase.hex()}
        fields = {
            "steps": steps,
            "engine": chain.evm.engine,
            "fork": chain.evm.fork,
            "compared": lockstep.num_compared,
            "gas_used": chain.gas_used,
            "block": block,
            "world": world,
        }
        write_whole(_path(record), json.dumps(fields))

    @staticmethod
    def remove(record: RunRecord) -> None:
        """Remove the checkpoint of a run that is complete."""
        _path(record).unlink(missing_ok=True)

    def restore(self, lockstep: LockstepBase[Any, Any]) -> None:
        """Restore the state of the contracts, and compare them with the twins from then on.

        Raises
        ------
        DataError
            The file is malformed.
        NotEqual
            The state is not that of the twins.
        """
        try:
            world = {
                bytes.fromhex(address): EngineAccount(
                    nonce,
                    balance,
                    bytes.fromhex(code),
                    {int(slot, 16): int(word, 16) for slot, word in storage.items()},
                )
                for address, (nonce, balance, code, storage) in self.fields["world"].items()
            }
            block = EngineBlock(**self.fields["block"] | {"coinbase": bytes.fromhex(self.fields["block"]["coinbase"])})
            compared, gas_used = int(self.fields["compared"]), int(self.fields["gas_used"])
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(f"the checkpoint is malformed ({error}); delete it to continue without") from error
        lockstep.chain.evm.restore(EvmSnapshot(world, block))
        lockstep.chain.gas_used = gas_used
        lockstep.num_compared = compared
        lockstep.join()
