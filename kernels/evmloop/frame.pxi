# One frame: what the loop and the objects that py-evm's opcodes use have in common.

#: No gas limit of 64 bits pays for memory up to here, and what is computed of places below does not overflow.
cdef uint64_t MEMORY_LIMIT = <uint64_t> 1 << 42

cdef struct Machine:
    # The opcodes and prices of the fork.
    const Opcode *opcodes
    const Prices *prices
    # The code, followed by 33 zeros: a frame that runs past its end, a PUSH included, comes to a STOP.
    const uint8_t *code
    size_t code_size
    # 1 where a jump may go.
    const uint8_t *is_jump_destination
    size_t pc
    # How many were taken.
    size_t jumps
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
    # Where in memory the output of the frame is.
    size_t output_at
    size_t output_size
    word address
    word caller
    word value
    # The trace, or NULL; the depth of this frame in it, and its last step plus 1.
    Steps *trace
    int64_t depth
    size_t last_step


@cython.final
cdef class Code:
    """A code with its jump destinations."""

    cdef bytes padded
    cdef bytearray destinations
    cdef size_t size

    def __init__(self, bytes code not None):
        cdef size_t at = 0
        cdef uint8_t op
        cdef uint8_t *destinations
        self.size = len(code)
        self.padded = code + bytes(33)
        self.destinations = bytearray(self.size)
        destinations = <uint8_t *> PyByteArray_AS_STRING(self.destinations)
        while at < self.size:
            op = (<const uint8_t *> PyBytes_AS_STRING(self.padded))[at]
            if op == JUMPDEST:
                destinations[at] = 1
            at += op - PUSH0 + 1 if PUSH0 <= op <= PUSH32 else 1


#: Codes seen lately, by their bytes: contracts are called again and again.
cdef dict _codes = {}
cdef enum:
    MAX_CODES = 256


cdef Code analysed(bytes code):
    cdef Code known = _codes.get(code)
    if known is None:
        if len(_codes) >= MAX_CODES:
            _codes.pop(next(iter(_codes)))
        known = _codes[code] = Code(code)
    return known


@cython.final
cdef class Frame:
    """The machine of one computation. It has a stack and memory only while it runs."""

    cdef Machine machine
    cdef Code code
    cdef bytes calldata
    cdef bytes return_data

    def __init__(self, gas):
        self.machine.gas = gas

    def __dealloc__(self):
        self.release()

    cdef void release(self) noexcept:
        free(self.machine.stack)
        free(self.machine.memory)
        self.machine.stack = NULL
        self.machine.memory = NULL
        self.machine.height = self.machine.memory_size = self.machine.memory_capacity = 0

    cdef int begin(self, object message, Recorder recorder) except -1:
        machine = &self.machine
        self.code = analysed(bytes(message.code))
        machine.code = <const uint8_t *> PyBytes_AS_STRING(self.code.padded)
        machine.code_size = self.code.size
        machine.is_jump_destination = <const uint8_t *> PyByteArray_AS_STRING(self.code.destinations)
        self.calldata = message.data_as_bytes
        machine.calldata = <const uint8_t *> PyBytes_AS_STRING(self.calldata)
        machine.calldata_size = len(self.calldata)
        self.set_return_data(b"")
        machine.address = bytes_to_word(bytes(message.storage_address))
        machine.caller = bytes_to_word(bytes(message.sender))
        machine.value = int_to_word(message.value)
        machine.stack = <word *> malloc(STACK_LIMIT * sizeof(word))
        if machine.stack == NULL:
            raise MemoryError
        if recorder is not None and machine.code_size:  # an account without code runs nothing
            machine.trace = &recorder.steps
            machine.depth = message.depth + 1
        return 0

    cdef int set_return_data(self, bytes data) except -1:
        self.return_data = data
        self.machine.return_data = <const uint8_t *> PyBytes_AS_STRING(data)
        self.machine.return_data_size = len(data)
        return 0

    @property
    def program_counter(self):
        """Of the next opcode."""
        return self.machine.pc

    @program_counter.setter
    def program_counter(self, value):
        self.machine.pc = value
