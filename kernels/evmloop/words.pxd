# 256-bit words, and what they are in Python.

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from libc.stdint cimport uint8_t, uint64_t

cdef extern from "word.h" nogil:
    ctypedef struct word:
        uint64_t limb[4]

    word word_of(uint64_t value)
    bint word_is_small(const word *a)
    word word_load(const uint8_t *data)
    void word_store(uint8_t *data, const word *a)
    word word_load_right_aligned(const uint8_t *data, size_t size)


cdef inline bytes word_to_bytes(const word *a):
    cdef uint8_t raw[32]
    word_store(raw, a)
    return PyBytes_FromStringAndSize(<char *> raw, 32)


cdef inline object word_to_int(const word *a):
    if word_is_small(a):
        return a.limb[0]
    return int.from_bytes(word_to_bytes(a), "big")


cdef inline word int_to_word(object value) except *:
    """Raises OverflowError for what is no 256-bit number."""
    if 0 <= value < 1 << 64:
        return word_of(value)
    return word_load(<const uint8_t *> PyBytes_AS_STRING(value.to_bytes(32, "big")))
