/* 256-bit words of the EVM: arithmetic modulo 2^256 in plain C, named after the opcodes.

   Functions with a pointer to their result allow it to be one of the operands. */

#ifndef DCAI_WORD_H
#define DCAI_WORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef unsigned __int128 uint128_t;

/* The least significant limb comes first. */
typedef struct {
    uint64_t limb[4];
} word;

static const word WORD_ZERO = {{0, 0, 0, 0}};

/* -- tests and conversions -- */

static inline word word_of(uint64_t value) {
    return (word){{value, 0, 0, 0}};
}

static inline bool word_is_zero(const word *a) {
    return (a->limb[0] | a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

static inline bool word_is_small(const word *a) { /* below 2^64 */
    return (a->limb[1] | a->limb[2] | a->limb[3]) == 0;
}

static inline bool word_is_negative(const word *a) {
    return a->limb[3] >> 63;
}

static inline bool word_equal(const word *a, const word *b) {
    return ((a->limb[0] ^ b->limb[0]) | (a->limb[1] ^ b->limb[1]) | (a->limb[2] ^ b->limb[2]) |
            (a->limb[3] ^ b->limb[3])) == 0;
}

static inline bool word_less(const word *a, const word *b) {
    for (int i = 3; i > 0; i--) {
        if (a->limb[i] != b->limb[i]) {
            return a->limb[i] < b->limb[i];
        }
    }
    return a->limb[0] < b->limb[0];
}

static inline bool word_signed_less(const word *a, const word *b) {
    bool negative = word_is_negative(a);
    return negative == word_is_negative(b) ? word_less(a, b) : negative;
}

static inline uint64_t load_big_endian(const uint8_t *bytes) {
    uint64_t value = 0;
    for (int i = 0; i < 8; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static inline void store_big_endian(uint8_t *bytes, uint64_t value) {
    for (int i = 0; i < 8; i++) {
        bytes[i] = (uint8_t)(value >> (56 - 8 * i));
    }
}

static inline word word_load(const uint8_t *bytes) { /* 32 of them */
    return (word){{
        load_big_endian(bytes + 24),
        load_big_endian(bytes + 16),
        load_big_endian(bytes + 8),
        load_big_endian(bytes),
    }};
}

static inline void word_store(uint8_t *bytes, const word *a) {
    for (int i = 0; i < 4; i++) {
        store_big_endian(bytes + 24 - 8 * i, a->limb[i]);
    }
}

static inline word word_load_right_aligned(const uint8_t *bytes, size_t size) { /* at most 32 */
    word a = WORD_ZERO;
    for (size_t i = 0; i < size; i++) {
        size_t place = size - 1 - i;
        a.limb[place / 8] |= (uint64_t)bytes[i] << (place % 8 * 8);
    }
    return a;
}

static inline unsigned word_size_in_bytes(const word *a) { /* without leading zeros */
    for (int i = 3; i >= 0; i--) {
        if (a->limb[i]) {
            return 8 * i + 8 - __builtin_clzll(a->limb[i]) / 8;
        }
    }
    return 0;
}

/* -- addition and multiplication -- */

static inline void word_add(word *sum, const word *a, const word *b) {
    uint64_t carry = 0;
    for (int i = 0; i < 4; i++) {
        uint128_t total = (uint128_t)a->limb[i] + b->limb[i] + carry;
        sum->limb[i] = (uint64_t)total;
        carry = (uint64_t)(total >> 64);
    }
}

static inline void word_sub(word *difference, const word *a, const word *b) {
    uint64_t borrow = 0;
    for (int i = 0; i < 4; i++) {
        uint128_t total = (uint128_t)a->limb[i] - b->limb[i] - borrow;
        difference->limb[i] = (uint64_t)total;
        borrow = (uint64_t)(total >> 64) & 1;
    }
}

static inline void word_negate(word *negative, const word *a) {
    word_sub(negative, &WORD_ZERO, a);
}

static inline void word_mul(word *product, const word *a, const word *b) {
    uint64_t result[4] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; i + j < 4; j++) {
            uint128_t total = (uint128_t)a->limb[i] * b->limb[j] + result[i + j] + carry;
            result[i + j] = (uint64_t)total;
            carry = (uint64_t)(total >> 64);
        }
    }
    memcpy(product->limb, result, sizeof result);
}

static inline void word_exp(word *power, const word *base, const word *exponent) {
    word result = word_of(1), square = *base;
    unsigned bits = 8 * word_size_in_bytes(exponent);
    for (unsigned i = 0; i < bits; i++) {
        if (exponent->limb[i / 64] >> (i % 64) & 1) {
            word_mul(&result, &result, &square);
        }
        word_mul(&square, &square, &square);
    }
    *power = result;
}

/* -- division -- */

enum { MAX_DIVIDEND = 8 }; /* limbs: the product of two words */

static inline int limbs_used(const uint64_t *limbs, int count) {
    while (count > 0 && limbs[count - 1] == 0) {
        count--;
    }
    return count;
}

/* Divide m limbs by n limbs, the highest of each not zero, and n not 0; either result may be NULL.

   The quotient has room for m - n + 1 limbs and the remainder for n; both are zero beforehand.
   Knuth, The Art of Computer Programming, volume 2, 4.3.1, algorithm D. */
static void divide(uint64_t *quotient, uint64_t *remainder, const uint64_t *dividend, int m, const uint64_t *divisor,
                   int n) {
    if (m < n) {
        if (remainder) {
            memcpy(remainder, dividend, (size_t)m * sizeof *remainder);
        }
        return;
    }
    if (n == 1) {
        uint64_t rest = 0;
        for (int i = m - 1; i >= 0; i--) {
            uint128_t part = (uint128_t)rest << 64 | dividend[i];
            uint64_t digit = rest ? (uint64_t)(part / divisor[0]) : dividend[i] / divisor[0];
            rest = (uint64_t)part - digit * divisor[0];
            if (quotient) {
                quotient[i] = digit;
            }
        }
        if (remainder) {
            remainder[0] = rest;
        }
        return;
    }
    /* D1: shift both so that the highest bit of the divisor is set. */
    uint64_t u[MAX_DIVIDEND + 1], v[4];
    int shift = __builtin_clzll(divisor[n - 1]);
    for (int i = n - 1; i >= 0; i--) {
        v[i] = (uint64_t)((((uint128_t)divisor[i] << 64 | (i ? divisor[i - 1] : 0)) << shift) >> 64);
    }
    u[m] = (uint64_t)(((uint128_t)dividend[m - 1] << shift) >> 64);
    for (int i = m - 1; i >= 0; i--) {
        u[i] = (uint64_t)((((uint128_t)dividend[i] << 64 | (i ? dividend[i - 1] : 0)) << shift) >> 64);
    }
    for (int j = m - n; j >= 0; j--) {
        /* D3: estimate the digit by the two highest limbs; it is at most 1 too large afterwards. */
        uint128_t head = (uint128_t)u[j + n] << 64 | u[j + n - 1];
        uint128_t digit = head / v[n - 1], rest = head % v[n - 1];
        while (digit >> 64 || (uint128_t)(uint64_t)digit * v[n - 2] > (rest << 64 | u[j + n - 2])) {
            digit--;
            rest += v[n - 1];
            if (rest >> 64) {
                break;
            }
        }
        /* D4: subtract that many divisors. */
        uint64_t borrow = 0, carry = 0;
        for (int i = 0; i < n; i++) {
            uint128_t product = (uint128_t)(uint64_t)digit * v[i] + carry;
            carry = (uint64_t)(product >> 64);
            uint128_t difference = (uint128_t)u[i + j] - (uint64_t)product - borrow;
            u[i + j] = (uint64_t)difference;
            borrow = (uint64_t)(difference >> 64) & 1;
        }
        uint128_t difference = (uint128_t)u[j + n] - carry - borrow;
        u[j + n] = (uint64_t)difference;
        if (difference >> 64) { /* D6: one too many, add it back */
            digit--;
            carry = 0;
            for (int i = 0; i < n; i++) {
                uint128_t sum = (uint128_t)u[i + j] + v[i] + carry;
                u[i + j] = (uint64_t)sum;
                carry = (uint64_t)(sum >> 64);
            }
            u[j + n] += carry;
        }
        if (quotient) {
            quotient[j] = (uint64_t)digit;
        }
    }
    if (remainder) { /* D8: shift it back */
        for (int i = 0; i < n; i++) {
            remainder[i] = (uint64_t)(((uint128_t)u[i + 1] << 64 | u[i]) >> shift);
        }
    }
}

/* As the opcodes do: what is divided by zero is zero. */
static inline void word_divmod(word *quotient, word *remainder, const word *a, const word *b) {
    word q = WORD_ZERO, r = WORD_ZERO;
    int n = limbs_used(b->limb, 4);
    if (n) {
        divide(q.limb, r.limb, a->limb, limbs_used(a->limb, 4), b->limb, n);
    }
    if (quotient) {
        *quotient = q;
    }
    if (remainder) {
        *remainder = r;
    }
}

static inline void word_magnitude(word *magnitude, const word *a) {
    if (word_is_negative(a)) {
        word_negate(magnitude, a);
    } else {
        *magnitude = *a;
    }
}

static inline void word_div(word *quotient, const word *a, const word *b) {
    word_divmod(quotient, NULL, a, b);
}

static inline void word_mod(word *remainder, const word *a, const word *b) {
    word_divmod(NULL, remainder, a, b);
}

static inline void word_sdiv(word *quotient, const word *a, const word *b) { /* rounded toward zero */
    bool negative = word_is_negative(a) != word_is_negative(b);
    word p, q;
    word_magnitude(&p, a);
    word_magnitude(&q, b);
    word_div(quotient, &p, &q);
    if (negative) {
        word_negate(quotient, quotient);
    }
}

static inline void word_smod(word *remainder, const word *a, const word *b) { /* with the sign of a */
    bool negative = word_is_negative(a);
    word p, q;
    word_magnitude(&p, a);
    word_magnitude(&q, b);
    word_mod(remainder, &p, &q);
    if (negative) {
        word_negate(remainder, remainder);
    }
}

static inline void word_reduce(word *remainder, const uint64_t *limbs, int count, const word *modulus) {
    word r = WORD_ZERO;
    int n = limbs_used(modulus->limb, 4);
    if (n) {
        divide(NULL, r.limb, limbs, limbs_used(limbs, count), modulus->limb, n);
    }
    *remainder = r;
}

static inline void word_addmod(word *remainder, const word *a, const word *b, const word *modulus) {
    uint64_t sum[5], carry = 0;
    for (int i = 0; i < 4; i++) {
        uint128_t total = (uint128_t)a->limb[i] + b->limb[i] + carry;
        sum[i] = (uint64_t)total;
        carry = (uint64_t)(total >> 64);
    }
    sum[4] = carry;
    word_reduce(remainder, sum, 5, modulus);
}

static inline void word_mulmod(word *remainder, const word *a, const word *b, const word *modulus) {
    uint64_t product[8] = {0};
    for (int i = 0; i < 4; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < 4; j++) {
            uint128_t total = (uint128_t)a->limb[i] * b->limb[j] + product[i + j] + carry;
            product[i + j] = (uint64_t)total;
            carry = (uint64_t)(total >> 64);
        }
        product[i + 4] = carry;
    }
    word_reduce(remainder, product, 8, modulus);
}

/* -- bits -- */

static inline void word_and(word *result, const word *a, const word *b) {
    for (int i = 0; i < 4; i++) {
        result->limb[i] = a->limb[i] & b->limb[i];
    }
}

static inline void word_or(word *result, const word *a, const word *b) {
    for (int i = 0; i < 4; i++) {
        result->limb[i] = a->limb[i] | b->limb[i];
    }
}

static inline void word_xor(word *result, const word *a, const word *b) {
    for (int i = 0; i < 4; i++) {
        result->limb[i] = a->limb[i] ^ b->limb[i];
    }
}

static inline void word_not(word *result, const word *a) {
    for (int i = 0; i < 4; i++) {
        result->limb[i] = ~a->limb[i];
    }
}

/* The byte at a place counted from the most significant one. */
static inline void word_byte(word *result, const word *place, const word *a) {
    uint64_t byte = 0;
    if (word_is_small(place) && place->limb[0] < 32) {
        unsigned shift = 8 * (31 - (unsigned)place->limb[0]);
        byte = a->limb[shift / 64] >> (shift % 64) & 0xFF;
    }
    *result = word_of(byte);
}

/* Bits from beyond the word are those of `fill`: 0 or all ones. */
static inline word shifted_right(const word *a, unsigned bits, uint64_t fill) {
    word result;
    unsigned limbs = bits / 64, rest = bits % 64;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t low = i + limbs < 4 ? a->limb[i + limbs] : fill;
        uint64_t high = i + limbs + 1 < 4 ? a->limb[i + limbs + 1] : fill;
        result.limb[i] = rest ? low >> rest | high << (64 - rest) : low;
    }
    return result;
}

static inline word shifted_left(const word *a, unsigned bits) {
    word result;
    unsigned limbs = bits / 64, rest = bits % 64;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t high = i >= limbs ? a->limb[i - limbs] : 0;
        uint64_t low = i >= limbs + 1 ? a->limb[i - limbs - 1] : 0;
        result.limb[i] = rest ? high << rest | low >> (64 - rest) : high;
    }
    return result;
}

static inline bool shifts_all_out(const word *bits) {
    return !word_is_small(bits) || bits->limb[0] >= 256;
}

static inline void word_shl(word *result, const word *bits, const word *a) {
    *result = shifts_all_out(bits) ? WORD_ZERO : shifted_left(a, (unsigned)bits->limb[0]);
}

static inline void word_shr(word *result, const word *bits, const word *a) {
    *result = shifts_all_out(bits) ? WORD_ZERO : shifted_right(a, (unsigned)bits->limb[0], 0);
}

static inline void word_sar(word *result, const word *bits, const word *a) {
    uint64_t fill = word_is_negative(a) ? UINT64_MAX : 0;
    *result = shifts_all_out(bits) ? (word){{fill, fill, fill, fill}} : shifted_right(a, (unsigned)bits->limb[0], fill);
}

/* Repeat the sign of a number of `last + 1` bytes in all higher ones. */
static inline void word_signextend(word *result, const word *last, const word *a) {
    if (word_is_small(last) && last->limb[0] < 31) {
        unsigned above = 8 * (31 - (unsigned)last->limb[0]);
        word raised = shifted_left(a, above);
        *result = shifted_right(&raised, above, word_is_negative(&raised) ? UINT64_MAX : 0);
    } else {
        *result = *a;
    }
}

#endif
