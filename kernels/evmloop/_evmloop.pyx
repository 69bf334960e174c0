# cython: language_level=3, cdivision=True
"""py-evm's interpreter loop, compiled: words of 256 bits in C, the state in py-evm's own hands.

One run of :class:`Loop` is one frame of the EVM. Opcodes that concern the frame alone run in C; every other is
py-evm's own, and finds the frame's stack, memory, gas and code in objects that behave as py-evm's do. Only
``dcai.evm.py_evm_compiled`` imports this module.
"""

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport int64_t, uint8_t, uint16_t, uint64_t
from libc.stdlib cimport calloc, free, malloc, realloc
from libc.string cimport memcpy, memmove, memset

from eth.exceptions import (
    FullStack,
    InsufficientStack,
    InvalidInstruction,
    InvalidJumpDestination,
    OutOfBoundsRead,
    OutOfGas,
    Revert,
    VMError,
    WriteProtection,
)
from eth_utils import ValidationError

include "words.pxi"
include "trace.pxi"
include "opcodes.pxi"
include "frame.pxi"
include "views.pxi"
include "steps.pxi"
include "journal.pxi"
include "storage.pxi"
include "loop.pxi"
