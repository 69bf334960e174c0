/* Keccak-256 as Ethereum has it: rate 1088, capacity 512, padding 0x01.

   After "The Keccak reference", version 3.0, by Bertoni, Daemen, Peeters and Van Assche. */

#ifndef DCAI_KECCAK_H
#define DCAI_KECCAK_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KECCAK_RATE = 136, KECCAK_ROUNDS = 24 };

static inline uint64_t rotate_left(uint64_t lane, unsigned bits) {
    return bits ? lane << bits | lane >> (64 - bits) : lane;
}

/* The permutation Keccak-f[1600] of 5 x 5 lanes; lane (x, y) is at x + 5 y. */
static void keccak_permute(uint64_t lanes[25]) {
    static const uint64_t ROUND_CONSTANTS[KECCAK_ROUNDS] = {
        0x0000000000000001, 0x0000000000008082, 0x800000000000808A, 0x8000000080008000, 0x000000000000808B,
        0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008A, 0x0000000000000088,
        0x0000000080008009, 0x000000008000000A, 0x000000008000808B, 0x800000000000008B, 0x8000000000008089,
        0x8000000000008003, 0x8000000000008002, 0x8000000000000080, 0x000000000000800A, 0x800000008000000A,
        0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008,
    };
    static const unsigned ROTATIONS[25] = {
        0, 1, 62, 28, 27, 36, 44, 6, 55, 20, 3, 10, 43, 25, 39, 41, 45, 15, 21, 8, 18, 2, 61, 56, 14,
    };
    for (int round = 0; round < KECCAK_ROUNDS; round++) {
        uint64_t parity[5], turned[25];
        /* theta */
        for (int x = 0; x < 5; x++) {
            parity[x] = lanes[x] ^ lanes[x + 5] ^ lanes[x + 10] ^ lanes[x + 15] ^ lanes[x + 20];
        }
        for (int x = 0; x < 5; x++) {
            uint64_t mixed = parity[(x + 4) % 5] ^ rotate_left(parity[(x + 1) % 5], 1);
            for (int y = 0; y < 5; y++) {
                lanes[x + 5 * y] ^= mixed;
            }
        }
        /* rho and pi */
        for (int x = 0; x < 5; x++) {
            for (int y = 0; y < 5; y++) {
                turned[y + 5 * ((2 * x + 3 * y) % 5)] = rotate_left(lanes[x + 5 * y], ROTATIONS[x + 5 * y]);
            }
        }
        /* chi */
        for (int y = 0; y < 25; y += 5) {
            for (int x = 0; x < 5; x++) {
                lanes[x + y] = turned[x + y] ^ (~turned[(x + 1) % 5 + y] & turned[(x + 2) % 5 + y]);
            }
        }
        /* iota */
        lanes[0] ^= ROUND_CONSTANTS[round];
    }
}

static void keccak_absorb(uint64_t lanes[25], const uint8_t block[KECCAK_RATE]) {
    for (int i = 0; i < KECCAK_RATE / 8; i++) {
        uint64_t lane = 0;
        for (int j = 7; j >= 0; j--) {
            lane = lane << 8 | block[8 * i + j];
        }
        lanes[i] ^= lane;
    }
    keccak_permute(lanes);
}

static void keccak256(uint8_t digest[32], const uint8_t *data, size_t size) {
    uint64_t lanes[25] = {0};
    for (; size >= KECCAK_RATE; size -= KECCAK_RATE, data += KECCAK_RATE) {
        keccak_absorb(lanes, data);
    }
    uint8_t last[KECCAK_RATE] = {0};
    if (size) {
        memcpy(last, data, size);
    }
    last[size] = 0x01;
    last[KECCAK_RATE - 1] |= 0x80;
    keccak_absorb(lanes, last);
    for (int i = 0; i < 32; i++) {
        digest[i] = (uint8_t)(lanes[i / 8] >> (8 * (i % 8)));
    }
}

#endif
