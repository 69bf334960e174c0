# The machine of a frame and the loop over its opcodes, which are in C.

from libc.stdint cimport int64_t, uint8_t, uint64_t

from words cimport word

cdef extern from "steps.h" nogil:
    enum:
        STACK_LIMIT

    ctypedef enum Runner:
        ABSENT
        HOST
        HERE

    ctypedef struct Opcode:
        Runner runner
        uint64_t gas

    ctypedef struct Prices:
        uint64_t exp_byte
        uint64_t keccak_word
        uint64_t copied_word
        uint64_t memory_word
        uint64_t memory_quadratic_denominator

    ctypedef struct Step:
        pass

    ctypedef struct Steps:
        Step *rows
        size_t count

    ctypedef enum Status:
        RUNNING
        AT_HOST
        AT_PAUSE
        STOPPED
        RETURNED
        REVERTED
        OUT_OF_GAS
        STACK_UNDERFLOW
        STACK_OVERFLOW
        ABSENT_OPCODE
        NO_JUMP_DESTINATION
        JUMP_INTO_DATA
        RETURN_DATA_TOO_SHORT
        OUT_OF_MEMORY

    ctypedef struct Machine:
        const Opcode *opcodes
        const Prices *prices
        const uint8_t *code
        size_t code_size
        const uint8_t *is_jump_destination
        size_t pc
        uint64_t gas
        word *stack
        size_t height
        uint8_t *memory
        size_t memory_size
        size_t memory_capacity
        const uint8_t *calldata
        size_t calldata_size
        const uint8_t *return_data
        size_t return_data_size
        size_t output_at
        size_t output_size
        word address
        word caller
        word value
        Steps *trace
        int64_t depth

    void end_step(Machine *machine, uint64_t gas)
    bint grow_memory(Machine *machine, size_t size)
    void find_jump_destinations(const uint8_t *code, size_t size, uint8_t *destinations)
    Status run_steps(Machine *machine)
