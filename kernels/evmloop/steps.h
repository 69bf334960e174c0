/* The opcodes that concern a frame alone, and the machine that they run on.

   Each opcode stands here once, in run_steps: its value, how many words it takes from the stack and leaves on it, and
   what it does. Whether a fork has it, and its price, py-evm's table of the fork says. */

#ifndef DCAI_STEPS_H
#define DCAI_STEPS_H

#include <stdlib.h>

#include "keccak.h"
#include "word.h"

#define STACK_LIMIT 1024
/* No gas limit of 64 bits pays for memory up to here, and what is computed of places below does not overflow. */
#define MEMORY_LIMIT ((uint64_t)1 << 42)
/* After so many jumps signals are looked for: a loop cannot go on without jumps. */
#define JUMPS_UNTIL_PAUSE (1 << 13)

/* Who runs an opcode in a fork: nobody, py-evm, or run_steps. */
typedef enum { ABSENT, HOST, HERE } Runner;

typedef struct {
    Runner runner;
    uint64_t gas;
} Opcode;

/* The prices of what opcodes do by size. */
typedef struct {
    uint64_t exp_byte;
    uint64_t keccak_word;
    uint64_t copied_word;
    uint64_t memory_word;
    uint64_t memory_quadratic_denominator;
} Prices;

/* A row of a trace. */
typedef struct {
    int64_t pc;
    int64_t op;
    int64_t depth;
    int64_t gas;
    int64_t gas_after;
    int64_t memory;
} Step;

typedef struct {
    Step *rows;
    size_t count;
    size_t capacity;
} Steps;

typedef enum {
    RUNNING,
    AT_HOST,  /* the next opcode needs Python */
    AT_PAUSE, /* signals may wait; nothing has happened to the frame */
    STOPPED,
    RETURNED,
    REVERTED,
    OUT_OF_GAS,
    STACK_UNDERFLOW,
    STACK_OVERFLOW,
    ABSENT_OPCODE,
    NO_JUMP_DESTINATION,
    JUMP_INTO_DATA,
    RETURN_DATA_TOO_SHORT,
    OUT_OF_MEMORY
} Status;

/* One frame: what the loop and the objects that py-evm's opcodes use have in common. */
typedef struct {
    const Opcode *opcodes;
    const Prices *prices;
    const uint8_t *code; /* followed by 33 zeros: a frame that runs past its end, a PUSH included, comes to a STOP */
    size_t code_size;
    const uint8_t *is_jump_destination;
    size_t pc;
    size_t jumps;
    uint64_t gas;
    word *stack;
    size_t height;
    uint8_t *memory;
    size_t memory_size;
    size_t memory_capacity;
    const uint8_t *calldata;
    size_t calldata_size;
    const uint8_t *return_data;
    size_t return_data_size;
    size_t output_at; /* where in memory the output of the frame is */
    size_t output_size;
    word address;
    word caller;
    word value;
    Steps *trace;  /* or NULL */
    int64_t depth; /* of this frame in the trace */
    size_t last_step; /* of this frame in the trace, plus 1 */
} Machine;

/* -- trace -- */

static inline void end_step(Machine *machine, uint64_t gas) {
    if (machine->last_step) {
        machine->trace->rows[machine->last_step - 1].gas_after = gas;
    }
}

/* Note where the last step of this frame ended, and this one; false where there is no memory for it. Inlined, it would
   take registers from run_steps. */
static __attribute__((noinline, cold)) bool begin_step(Machine *machine, uint8_t op, size_t pc, uint64_t gas) {
    Steps *trace = machine->trace;
    end_step(machine, gas);
    if (trace->count == trace->capacity) {
        size_t capacity = trace->capacity ? 2 * trace->capacity : 4096;
        Step *rows = realloc(trace->rows, capacity * sizeof(Step));
        if (!rows) {
            return false;
        }
        trace->rows = rows;
        trace->capacity = capacity;
    }
    trace->rows[trace->count++] = (Step){pc, op, machine->depth, gas, gas, machine->memory_size};
    machine->last_step = trace->count;
    return true;
}

/* -- memory -- */

/* Extend memory with zeros; false where there is none left. */
static inline bool grow_memory(Machine *machine, size_t size) {
    if (size <= machine->memory_size) {
        return true;
    }
    if (size > machine->memory_capacity) {
        size_t capacity = 2 * machine->memory_capacity;
        capacity = capacity < 1024 ? 1024 : capacity;
        capacity = capacity < size ? size : capacity;
        uint8_t *memory = realloc(machine->memory, capacity);
        if (!memory) {
            return false;
        }
        machine->memory = memory;
        machine->memory_capacity = capacity;
    }
    memset(machine->memory + machine->memory_size, 0, size - machine->memory_size);
    machine->memory_size = size;
    return true;
}

static inline uint64_t memory_cost(const Prices *prices, uint64_t words) {
    return words * prices->memory_word + words * words / prices->memory_quadratic_denominator;
}

static inline Status pay(uint64_t *gas, uint64_t cost) {
    if (cost > *gas) {
        return OUT_OF_GAS;
    }
    *gas -= cost;
    return RUNNING;
}

/* Pay for memory up to offset + size and have it; nothing is due where the size is 0. */
static inline Status extend(Machine *machine, uint64_t *gas, const word *offset, const word *size) {
    if (word_is_zero(size)) {
        return RUNNING;
    }
    if (!word_is_small(offset) || !word_is_small(size) || offset->limb[0] >= MEMORY_LIMIT ||
        size->limb[0] >= MEMORY_LIMIT) {
        return OUT_OF_GAS;
    }
    uint64_t words = (offset->limb[0] + size->limb[0] + 31) / 32;
    if (32 * words <= machine->memory_size) {
        return RUNNING;
    }
    uint64_t cost = memory_cost(machine->prices, words) - memory_cost(machine->prices, machine->memory_size / 32);
    Status status = pay(gas, cost);
    return status != RUNNING || grow_memory(machine, 32 * words) ? status : OUT_OF_MEMORY;
}

/* The same, and a price for each word of it. */
static inline Status extend_by_word(Machine *machine, uint64_t *gas, const word *offset, const word *size,
                                    uint64_t price) {
    Status status = extend(machine, gas, offset, size);
    return status == RUNNING ? pay(gas, price * ((size->limb[0] + 31) / 32)) : status;
}

/* Copy from an offset on, with zeros after the end of the source. */
static inline void copy_padded(uint8_t *target, size_t size, const uint8_t *source, size_t source_size,
                               const word *offset) {
    size_t start = word_is_small(offset) && offset->limb[0] < source_size ? offset->limb[0] : source_size;
    size_t there = size < source_size - start ? size : source_size - start;
    memcpy(target, source + start, there);
    memset(target + there, 0, size - there);
}

/* What CALLDATACOPY does; the place in memory is at [2], the offset at [1], the size at [0]. */
static inline Status copy_to_memory(Machine *machine, uint64_t *gas, const word *arguments, const uint8_t *source,
                                    size_t source_size) {
    Status status = extend_by_word(machine, gas, &arguments[2], &arguments[0], machine->prices->copied_word);
    size_t size = arguments[0].limb[0];
    if (status == RUNNING && size) {
        copy_padded(machine->memory + arguments[2].limb[0], size, source, source_size, &arguments[1]);
    }
    return status;
}

/* What RETURN and REVERT do. */
static inline Status output(Machine *machine, uint64_t *gas, const word *arguments, Status end) {
    Status status = extend(machine, gas, &arguments[1], &arguments[0]);
    machine->output_at = arguments[1].limb[0];
    machine->output_size = arguments[0].limb[0];
    return status == RUNNING ? end : status;
}

/* -- code -- */

#define JUMPDEST 0x5B
#define PUSH0 0x5F
#define PUSH32 0x7F

/* Set those bytes of destinations to 1 where a jump may go. */
static void find_jump_destinations(const uint8_t *code, size_t size, uint8_t *destinations) {
    for (size_t at = 0; at < size; at++) {
        if (code[at] == JUMPDEST) {
            destinations[at] = 1;
        } else if (PUSH0 < code[at] && code[at] <= PUSH32) {
            at += code[at] - PUSH0;
        }
    }
}

static inline Status jump(Machine *machine, size_t *pc, const word *target) {
    size_t at = target->limb[0];
    if (!word_is_small(target) || at >= machine->code_size || machine->code[at] != JUMPDEST) {
        return NO_JUMP_DESTINATION;
    }
    if (!machine->is_jump_destination[at]) {
        return JUMP_INTO_DATA;
    }
    *pc = at;
    return ++machine->jumps % JUMPS_UNTIL_PAUSE ? RUNNING : AT_PAUSE;
}

/* -- opcodes -- */

/* An opcode, or a family of them: its words are there and there is room for its results, which top is now above. */
#define OPS(name, first, last, takes, leaves)                  \
    break;                                                     \
    case first ... last:                                       \
        if (top - stack < (takes)) {                           \
            END(STACK_UNDERFLOW);                              \
        }                                                      \
        if (top - stack > STACK_LIMIT + (takes) - (leaves)) {  \
            END(STACK_OVERFLOW);                               \
        }                                                      \
        top += (leaves) - (takes);                             \
        pc++;
#define OP(name, value, takes, leaves) OPS(name, value, value, takes, leaves)
#define END(with)        \
    do {                 \
        status = (with); \
        goto end;        \
    } while (0)
#define TRY(result)                         \
    if ((status = (result)) != RUNNING) {   \
        goto end;                           \
    }

/* Run until something else has to be done.

   As py-evm does, each opcode first pays its own price, then looks at the stack, then pays for what depends on its
   arguments. The first argument is the highest: with one result the arguments are at top[n - 2], ..., top[0], top[-1],
   and the result goes to top[-1]; with none they are at top[n - 1], ..., top[0]. */
static Status run_steps(Machine *machine) {
    static const word one_byte = {{1, 0, 0, 0}}, one_word = {{32, 0, 0, 0}};
    const uint8_t *code = machine->code;
    const Prices *prices = machine->prices;
    size_t pc = machine->pc;
    uint64_t gas = machine->gas;
    word *stack = machine->stack;
    word *top = stack + machine->height; /* one above the highest item */
    Status status = RUNNING;
    uint8_t buffer[32];

    for (;;) {
        uint8_t op = code[pc];
        const Opcode *opcode = &machine->opcodes[op];
        if (machine->trace && !begin_step(machine, op, pc, gas)) {
            END(OUT_OF_MEMORY);
        }
        if (opcode->runner != HERE) {
            END(opcode->runner == HOST ? AT_HOST : ABSENT_OPCODE);
        }
        if (gas < opcode->gas) { /* pay() would take its address here, and gas out of its register */
            END(OUT_OF_GAS);
        }
        gas -= opcode->gas;
        switch (op) {
        default: /* nothing here does it */
            gas += opcode->gas;
            END(AT_HOST);

        /* the stack */
        OPS(PUSH, PUSH0, PUSH32, 0, 1)
            top[-1] = word_load_right_aligned(code + pc, op - PUSH0);
            pc += op - PUSH0;
        OPS(DUP, 0x80, 0x8F, op - 0x7F, op - 0x7F + 1)
            top[-1] = (top - 1)[0x7F - op];
        OPS(SWAP, 0x90, 0x9F, op - 0x8F + 1, op - 0x8F + 1) {
            word *other = &(top - 1)[0x8F - op];
            word swapped = *other;
            *other = top[-1];
            top[-1] = swapped;
        }
        OP(POP, 0x50, 1, 0)

        /* arithmetic */
        OP(ADD, 0x01, 2, 1)
            word_add(&top[-1], &top[0], &top[-1]);
        OP(MUL, 0x02, 2, 1)
            word_mul(&top[-1], &top[0], &top[-1]);
        OP(SUB, 0x03, 2, 1)
            word_sub(&top[-1], &top[0], &top[-1]);
        OP(DIV, 0x04, 2, 1)
            word_div(&top[-1], &top[0], &top[-1]);
        OP(SDIV, 0x05, 2, 1)
            word_sdiv(&top[-1], &top[0], &top[-1]);
        OP(MOD, 0x06, 2, 1)
            word_mod(&top[-1], &top[0], &top[-1]);
        OP(SMOD, 0x07, 2, 1)
            word_smod(&top[-1], &top[0], &top[-1]);
        OP(ADDMOD, 0x08, 3, 1)
            word_addmod(&top[-1], &top[1], &top[0], &top[-1]);
        OP(MULMOD, 0x09, 3, 1)
            word_mulmod(&top[-1], &top[1], &top[0], &top[-1]);
        OP(EXP, 0x0A, 2, 1)
            TRY(pay(&gas, prices->exp_byte * word_size_in_bytes(&top[-1])));
            word_exp(&top[-1], &top[0], &top[-1]);
        OP(SIGNEXTEND, 0x0B, 2, 1)
            word_signextend(&top[-1], &top[0], &top[-1]);

        /* comparisons and bits */
        OP(LT, 0x10, 2, 1)
            top[-1] = word_of(word_less(&top[0], &top[-1]));
        OP(GT, 0x11, 2, 1)
            top[-1] = word_of(word_less(&top[-1], &top[0]));
        OP(SLT, 0x12, 2, 1)
            top[-1] = word_of(word_signed_less(&top[0], &top[-1]));
        OP(SGT, 0x13, 2, 1)
            top[-1] = word_of(word_signed_less(&top[-1], &top[0]));
        OP(EQ, 0x14, 2, 1)
            top[-1] = word_of(word_equal(&top[0], &top[-1]));
        OP(ISZERO, 0x15, 1, 1)
            top[-1] = word_of(word_is_zero(&top[-1]));
        OP(AND, 0x16, 2, 1)
            word_and(&top[-1], &top[0], &top[-1]);
        OP(OR, 0x17, 2, 1)
            word_or(&top[-1], &top[0], &top[-1]);
        OP(XOR, 0x18, 2, 1)
            word_xor(&top[-1], &top[0], &top[-1]);
        OP(NOT, 0x19, 1, 1)
            word_not(&top[-1], &top[-1]);
        OP(BYTE, 0x1A, 2, 1)
            word_byte(&top[-1], &top[0], &top[-1]);
        OP(SHL, 0x1B, 2, 1)
            word_shl(&top[-1], &top[0], &top[-1]);
        OP(SHR, 0x1C, 2, 1)
            word_shr(&top[-1], &top[0], &top[-1]);
        OP(SAR, 0x1D, 2, 1)
            word_sar(&top[-1], &top[0], &top[-1]);

        /* the flow */
        OP(JUMPDEST, JUMPDEST, 0, 0)
        OP(JUMP, 0x56, 1, 0)
            TRY(jump(machine, &pc, &top[0]));
        OP(JUMPI, 0x57, 2, 0)
            if (!word_is_zero(&top[0])) {
                TRY(jump(machine, &pc, &top[1]));
            }
        OP(PC, 0x58, 0, 1)
            top[-1] = word_of(pc - 1);
        OP(GAS, 0x5A, 0, 1)
            top[-1] = word_of(gas);

        /* memory */
        OP(MLOAD, 0x51, 1, 1)
            TRY(extend(machine, &gas, &top[-1], &one_word));
            top[-1] = word_load(machine->memory + top[-1].limb[0]);
        OP(MSTORE, 0x52, 2, 0)
            TRY(extend(machine, &gas, &top[1], &one_word));
            word_store(machine->memory + top[1].limb[0], &top[0]);
        OP(MSTORE8, 0x53, 2, 0)
            TRY(extend(machine, &gas, &top[1], &one_byte));
            machine->memory[top[1].limb[0]] = (uint8_t)top[0].limb[0];
        OP(MSIZE, 0x59, 0, 1)
            top[-1] = word_of(machine->memory_size);
        OP(MCOPY, 0x5E, 3, 0)
            TRY(extend_by_word(machine, &gas, word_less(&top[2], &top[1]) ? &top[1] : &top[2], &top[0],
                               prices->copied_word));
            if (top[0].limb[0]) {
                memmove(machine->memory + top[2].limb[0], machine->memory + top[1].limb[0], top[0].limb[0]);
            }
        OP(KECCAK256, 0x20, 2, 1)
            TRY(extend_by_word(machine, &gas, &top[0], &top[-1], prices->keccak_word));
            keccak256(buffer, top[-1].limb[0] ? machine->memory + top[0].limb[0] : NULL, top[-1].limb[0]);
            top[-1] = word_load(buffer);

        /* the call, its data and code */
        OP(ADDRESS, 0x30, 0, 1)
            top[-1] = machine->address;
        OP(CALLER, 0x33, 0, 1)
            top[-1] = machine->caller;
        OP(CALLVALUE, 0x34, 0, 1)
            top[-1] = machine->value;
        OP(CALLDATALOAD, 0x35, 1, 1)
            if (word_is_small(&top[-1]) && machine->calldata_size >= 32 &&
                top[-1].limb[0] <= machine->calldata_size - 32) {
                top[-1] = word_load(machine->calldata + top[-1].limb[0]);
            } else {
                copy_padded(buffer, 32, machine->calldata, machine->calldata_size, &top[-1]);
                top[-1] = word_load(buffer);
            }
        OP(CALLDATASIZE, 0x36, 0, 1)
            top[-1] = word_of(machine->calldata_size);
        OP(CALLDATACOPY, 0x37, 3, 0)
            TRY(copy_to_memory(machine, &gas, top, machine->calldata, machine->calldata_size));
        OP(CODESIZE, 0x38, 0, 1)
            top[-1] = word_of(machine->code_size);
        OP(CODECOPY, 0x39, 3, 0)
            TRY(copy_to_memory(machine, &gas, top, code, machine->code_size));
        OP(RETURNDATASIZE, 0x3D, 0, 1)
            top[-1] = word_of(machine->return_data_size);
        OP(RETURNDATACOPY, 0x3E, 3, 0)
            /* This is looked at before anything is paid. */
            if (!word_is_small(&top[1]) || !word_is_small(&top[0]) || top[1].limb[0] > machine->return_data_size ||
                top[0].limb[0] > machine->return_data_size - top[1].limb[0]) {
                END(RETURN_DATA_TOO_SHORT);
            }
            TRY(copy_to_memory(machine, &gas, top, machine->return_data, machine->return_data_size));

        /* ends */
        OP(STOP, 0x00, 0, 0)
            END(STOPPED);
        OP(RETURN, 0xF3, 2, 0)
            END(output(machine, &gas, top, RETURNED));
        OP(REVERT, 0xFD, 2, 0)
            END(output(machine, &gas, top, REVERTED));
        }
    }

end:
    machine->pc = pc;
    machine->gas = gas;
    machine->height = top - stack;
    return status;
}

#undef OP
#undef OPS
#undef END
#undef TRY

#endif
