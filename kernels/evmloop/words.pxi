# 256-bit words, and what they are in Python.

cdef extern from "word.h" nogil:
    ctypedef struct word:
        uint64_t limb[4]

    word word_of(uint64_t value)
    bint word_is_zero(const word *a)
    bint word_is_small(const word *a)
    bint word_equal(const word *a, const word *b)
    bint word_less(const word *a, const word *b)
    bint word_signed_less(const word *a, const word *b)
    word word_load(const uint8_t *data)
    void word_store(uint8_t *data, const word *a)
    word word_load_right_aligned(const uint8_t *data, size_t size)
    unsigned word_size_in_bytes(const word *a)
    void word_add(word *result, const word *a, const word *b)
    void word_sub(word *result, const word *a, const word *b)
    void word_mul(word *result, const word *a, const word *b)
    void word_div(word *result, const word *a, const word *b)
    void word_sdiv(word *result, const word *a, const word *b)
    void word_mod(word *result, const word *a, const word *b)
    void word_smod(word *result, const word *a, const word *b)
    void word_addmod(word *result, const word *a, const word *b, const word *modulus)
    void word_mulmod(word *result, const word *a, const word *b, const word *modulus)
    void word_exp(word *result, const word *base, const word *exponent)
    void word_signextend(word *result, const word *last, const word *a)
    void word_and(word *result, const word *a, const word *b)
    void word_or(word *result, const word *a, const word *b)
    void word_xor(word *result, const word *a, const word *b)
    void word_not(word *result, const word *a)
    void word_byte(word *result, const word *place, const word *a)
    void word_shl(word *result, const word *bits, const word *a)
    void word_shr(word *result, const word *bits, const word *a)
    void word_sar(word *result, const word *bits, const word *a)

cdef extern from "keccak.h" nogil:
    void keccak256(uint8_t *digest, const uint8_t *data, size_t size)

cdef object _TWO_TO_64 = 1 << 64


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
    if 0 <= value < _TWO_TO_64:
        return word_of(value)
    return word_load(<const uint8_t *> PyBytes_AS_STRING(value.to_bytes(32, "big")))


cdef inline word bytes_to_word(bytes value) except *:
    cdef Py_ssize_t size = PyBytes_GET_SIZE(value)
    if size > 32:
        raise ValidationError(f"a word has at most 32 bytes, and this one has {size}")
    return word_load_right_aligned(<const uint8_t *> PyBytes_AS_STRING(value), size)
