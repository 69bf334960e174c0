"""The encoders of text of 0xDeCA10B's demo client, quirks included: what its contributors sent to the contracts.

Source: ``setTransformInputMethod`` in ``demo/client/src/components/model.js``, and the names in
``demo/client/src/encoding/encoder.ts``. Both encoders send one index for each token, in the order of the text and as
often as it stands there. The sparse Perceptron counts each of them; the sparse nearest centroid classifier refuses
indices that do not increase, which the original one counted wrong without a word. For a model of your own take
`WordPresence` or `HashedPresence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dcai.encoders.base import NUM_INDICES, TextEncoder
from dcai.encoders.murmur import murmur3_32
from dcai.encoders.tokens import javascript_split
from dcai.encoders.vocabulary import Vocabulary
from dcai.errors import InputError, InputTypeError, shown

__all__ = ["IMDB_VOCAB_SHA256", "UNKNOWN_WORD", "DemoImdbVocab", "DemoMurmurHash3"]

#: The index of every word that ``imdb.json`` lacks.
UNKNOWN_WORD = 1337
#: The `Vocabulary` of ``demo/client/src/data/imdb.json``, 1,000 words.
IMDB_VOCAB_SHA256 = "ec20ed09bedd78d0c42652b8a2d6550000b68bd621bf8419363e499105fef21f"


@dataclass(unsafe_hash=True)  # not frozen: scikit-learn sets attributes of its own
class DemoImdbVocab(TextEncoder):
    """The encoder "IMDB vocab": 1,000 words of IMDB reviews.

    A text is cut at white space, in lower case, so that "movie," is not "movie"; each unknown word, and the empty
    token before leading white space or after trailing, has index 1337.

    Parameters
    ----------
    vocabulary : Vocabulary
        That of ``demo/client/src/data/imdb.json``.

    Raises
    ------
    InputTypeError, InputError
        No vocabulary, or another one: on a chain the name means this one.
    """

    vocabulary: Vocabulary

    type = "IMDB vocab"

    def __post_init__(self) -> None:
        if not isinstance(self.vocabulary, Vocabulary):
            raise InputTypeError(f"vocabulary is {shown(self.vocabulary)}; expected a dcai.encoders.Vocabulary")
        if self.vocabulary.sha256 != IMDB_VOCAB_SHA256:
            raise InputError(
                f"{self.type!r} means the 1,000 words of demo/client/src/data/imdb.json of 0xDeCA10B, got "
                f"{self.vocabulary!r}; dcai.encoders.WordPresence takes any vocabulary"
            )

    @property
    def n_features(self) -> int:
        """One more than the largest index."""
        return max(self.vocabulary.n_features, UNKNOWN_WORD + 1)

    def indices(self, text: str) -> list[int]:
        """Return one index for each token, in the order of the text."""
        find = self.vocabulary._indices.get
        return [find(token, UNKNOWN_WORD) for token in javascript_split(text)]

    def options(self) -> dict[str, Any]:
        """Return no options: the name says which vocabulary it is."""
        return {}


@dataclass(unsafe_hash=True)  # not frozen: scikit-learn sets attributes of its own
class DemoMurmurHash3(TextEncoder):
    """The encoder "MurmurHash3": each token is hashed, and its position in the text is the seed.

    The client calls ``tokens.map(murmur3)``, where ``map`` passes the position as the second argument, and the second
    parameter of ``murmur3`` is the seed. So a word has another index at each position, whatever was meant; the
    simulations of 0xDeCA10B hash with seed 0 throughout. A text is cut at white space, in lower case. The hash is
    that of the npm package ``murmurhash-js`` 1.0.0: unsigned, over the low bytes of the UTF-16 code units, which for
    ASCII is the standard MurmurHash3_x86_32.

    Examples
    --------
    >>> DemoMurmurHash3().encode("hello hello world")
    [613153351, 3142237357, 3308445519]
    """

    type = "MurmurHash3"

    @property
    def n_features(self) -> int:
        """2^32, as a hash has 32 bits."""
        return NUM_INDICES

    def indices(self, text: str) -> list[int]:
        """Return one index for each token, in the order of the text."""
        murmur3 = murmur3_32()
        return [murmur3(_low_bytes(token), position) for position, token in enumerate(javascript_split(text))]

    def options(self) -> dict[str, Any]:
        """Return no options."""
        return {}


def _low_bytes(token: str) -> bytes:
    """``charCodeAt(i) & 0xff`` for each UTF-16 code unit."""
    return token.encode("utf-16-le", "surrogatepass")[::2]
