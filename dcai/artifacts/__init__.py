"""The compiled contracts: JSON that ``contracts/compile.mjs`` writes, and its loader.

A wheel carries the JSON of dcai's contracts; :func:`load_file` reads that of any other compilation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dcai import strict_json
from dcai.artifacts.places import Place, Places, Run, parse_places
from dcai.errors import ArtifactError, InputTypeError, MissingArtifactError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Artifact", "Place", "Places", "Run", "json_object", "load", "load_file", "names", "parse", "register"]

_SUFFIX = ".json"

_registered: dict[str, Artifact] = {}


@dataclass(frozen=True)
class Artifact:
    """One compiled contract.

    Attributes
    ----------
    name : str
        Of the contract.
    abi : tuple of mapping
        As the compiler writes it.
    bytecode : bytes
        Creation code; the constructor's arguments come after it.
    deployed_bytecode : bytes
        Runtime code.
    storage_layout : mapping
        ``storage`` and ``types`` as the compiler writes them.
    source_hash : str
        Of all sources, with its algorithm: ``sha256:...``.
    compiler : mapping
        ``version`` and ``settings`` of the compiler.
    places : Places or None
        Which line and function each instruction comes from; None where the file does not say.
    """

    name: str
    abi: tuple[Mapping[str, Any], ...]
    bytecode: bytes
    deployed_bytecode: bytes
    storage_layout: Mapping[str, Any]
    source_hash: str
    compiler: Mapping[str, Any]
    places: Places | None = None

    def __repr__(self) -> str:
        return f"<Artifact {self.name}, {len(self.deployed_bytecode):,} bytes>"


def names() -> tuple[str, ...]:
    """Return the names of the contracts that come with dcai or are registered, sorted."""
    files = (entry.name for entry in resources.files(__name__).iterdir())
    return tuple(sorted({name.removesuffix(_SUFFIX) for name in files if name.endswith(_SUFFIX)} | {*_registered}))


def register(artifact: Artifact) -> None:
    """Add the contract of a model that has no file in this package."""
    _registered[artifact.name] = artifact


def load(name: str) -> Artifact:
    """Load a contract that comes with dcai.

    Parameters
    ----------
    name : str
        One of ``names()``.

    Raises
    ------
    MissingArtifactError
        There is no such contract.
    ArtifactError
        Its file is not of the expected form.
    """
    return _registered[name] if name in _registered else _load(name)


@lru_cache
def _load(name: str) -> Artifact:
    known = names()
    if name not in known:
        raise MissingArtifactError(f"unknown artifact {name!r}; expected one of {', '.join(known) or 'none'}")
    resource = resources.files(__name__).joinpath(name + _SUFFIX)
    return parse(resource.read_text(encoding="utf-8"), f"the artifact {name!r}")


def load_file(path: str | Path) -> Artifact:
    """Load a contract from a file of the form that ``contracts/compile.mjs`` writes.

    Parameters
    ----------
    path : str or Path
        A JSON file.

    Raises
    ------
    ArtifactError
        The file cannot be read, or is not of the expected form: the message says where.
    """
    if not isinstance(path, str | Path):
        raise InputTypeError(f"path is {path!r}; it must be the path of a file")
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArtifactError(f"the artifact {str(path)!r} cannot be read: {error}") from error
    return parse(text, f"the artifact {str(path)!r}")


def json_object(text: str, where: str) -> dict[str, Any]:
    """Read a JSON object; ``where`` says in messages what it is."""
    try:
        fields = strict_json.loads(text)
    except ValueError as error:
        raise ArtifactError(f"{where} is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise ArtifactError(f"{where} is a JSON {type(fields).__name__}; it must be an object")
    return fields


def parse(text: str, where: str) -> Artifact:
    """Read a contract from JSON text; ``where`` says in messages what it is."""
    fields = json_object(text, where)
    layout = _field(fields, "storageLayout", dict, where)
    _field(layout, "storage", list, f"{where}, storageLayout")
    if layout.get("types") is not None:  # null where a contract has no variables
        _field(layout, "types", dict, f"{where}, storageLayout")
    compiler = _field(fields, "compiler", dict, where)
    _field(compiler, "version", str, f"{where}, compiler")
    _field(compiler, "settings", dict, f"{where}, compiler")
    creation = _code(fields, "bytecode", where)
    deployed = _code(fields, "deployedBytecode", where)
    places = None
    if "places" in fields:  # what other tools write has none
        places = parse_places(_field(fields, "places", dict, where), len(creation), len(deployed), where)
    return Artifact(
        name=_field(fields, "contractName", str, where),
        abi=tuple(_field(fields, "abi", list, where)),
        bytecode=creation,
        deployed_bytecode=deployed,
        storage_layout=layout,
        source_hash=_field(fields, "sourceHash", str, where),
        compiler=compiler,
        places=places,
    )


def _field(fields: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    if key not in fields:
        raise ArtifactError(f"{where} has no field {key!r}, which contracts/compile.mjs writes")
    value = fields[key]
    if not isinstance(value, kind):
        raise ArtifactError(f"{where} has a {type(value).__name__} as {key!r}; it must be a {kind.__name__}")
    return value


def _code(fields: Mapping[str, Any], key: str, where: str) -> bytes:
    digits = _field(fields, key, str, where)
    try:
        code = bytes.fromhex(digits.removeprefix("0x"))
    except ValueError as error:
        raise ArtifactError(
            f"{where} has a {key!r} that is not hexadecimal (an unlinked library leaves a placeholder): {error}"
        ) from error
    if not code:
        raise ArtifactError(f"{where} has an empty {key!r}: an interface has no code to deploy")
    return code
