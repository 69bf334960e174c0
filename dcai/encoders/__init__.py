"""Encode text or real numbers as samples for contracts; a deployed trainer names its encoder by a string.

>>> from dcai import encoders
>>> vocabulary = encoders.Vocabulary({"good": 0, "bad": 1, "movie": 2})
>>> encoder = encoders.WordPresence(vocabulary)
>>> encoder.encode("Good movie, good plot!")        # one text: the indices of the words in it
[0, 2]
>>> encoder.encode(["A bad movie", "Good"])     # many texts: a batch for the sparse models
CsrRows(indptr=array([0, 2, 3]), indices=array([1, 2, 0]))
>>> encoders.L2Normalized().encode([[3.0, 4.0]])    # floats: rows that pass the contracts' norm check
array([[600000000, 800000000]])

A trainer contract has a public string ``encoder``. `from_string` reads it, and ``to_string`` writes it:

>>> encoders.from_string("Multiply by 1E9, then round").encode([0.25, -1.5])
array([  250000000, -1500000000])

=================  ===========================================  =========================  ============================
encoder            what it takes                                scale                      its string
=================  ===========================================  =========================  ============================
`Integers`         integers                                     as they are                ``none``
`FixedPoint`       real numbers                                 10^9                       ``Multiply by 1E9, ...``
`L2Normalized`     real numbers                                 10^9, rows of norm 1       ``L2 normalized``
`WordPresence`     text, and a vocabulary                       1: indices of features     ``{"type": "word presence"``
`HashedPresence`   text                                         1: indices of features     ``{"type": "hashed ...``
`DemoImdbVocab`    text, as the demo client of 0xDeCA10B        1: indices of features     ``IMDB vocab``
`DemoMurmurHash3`  text, as the demo client of 0xDeCA10B        1: indices of features     ``MurmurHash3``
=================  ===========================================  =========================  ============================
"""

from dcai.encoders.base import Encoder, TextEncoder
from dcai.encoders.demo_client import DemoImdbVocab, DemoMurmurHash3
from dcai.encoders.dense import FixedPoint, Integers, L2Normalized
from dcai.encoders.hashed_presence import HashedPresence
from dcai.encoders.strings import from_string
from dcai.encoders.vocabulary import Vocabulary
from dcai.encoders.word_presence import WordPresence, keras_imdb

__all__ = [
    "DemoImdbVocab",
    "DemoMurmurHash3",
    "Encoder",
    "FixedPoint",
    "HashedPresence",
    "Integers",
    "L2Normalized",
    "TextEncoder",
    "Vocabulary",
    "WordPresence",
    "from_string",
    "keras_imdb",
]
