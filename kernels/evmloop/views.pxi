# The stack, memory and gas of a frame, as py-evm's opcodes know them.

@cython.final
cdef class Stack:
    """As ``eth.vm.stack.Stack``."""

    cdef Frame frame

    def __init__(self, Frame frame not None):
        self.frame = frame

    def __len__(self):
        return self.frame.machine.height

    cdef int push(self, word value) except -1:
        machine = &self.frame.machine
        if machine.height >= STACK_LIMIT:
            raise FullStack("Stack limit reached")
        machine.stack[machine.height] = value
        machine.height += 1
        return 0

    cdef word *pop(self, size_t count) except NULL:
        """The items from the top on are at [-1], [-2], ... of what is returned."""
        machine = &self.frame.machine
        if machine.height < count:
            raise InsufficientStack(f"Wanted {count} stack items, only had {machine.height}")
        machine.height -= count
        return machine.stack + machine.height + count

    def push_int(self, value):
        self.push(int_to_word(value))

    def push_bytes(self, value):
        self.push(bytes_to_word(bytes(value)))

    def pop1_int(self):
        return word_to_int(self.pop(1) - 1)

    def pop1_bytes(self):
        return word_to_bytes(self.pop(1) - 1)

    def pop1_any(self):
        return self.pop1_int()

    def pop_ints(self, size_t count):
        cdef word *end = self.pop(count)
        return tuple([word_to_int(end - 1 - i) for i in range(count)])

    def pop_bytes(self, size_t count):
        cdef word *end = self.pop(count)
        return tuple([word_to_bytes(end - 1 - i) for i in range(count)])

    def pop_any(self, count):
        return self.pop_ints(count)

    def dup(self, size_t position):
        machine = &self.frame.machine
        if machine.height < position:
            raise InsufficientStack(f"Insufficient stack items for DUP{position}")
        self.push(machine.stack[machine.height - position])

    def swap(self, size_t position):
        machine = &self.frame.machine
        if machine.height <= position:
            raise InsufficientStack(f"Insufficient stack items for SWAP{position}")
        cdef word *top = machine.stack + machine.height - 1
        top[0], (top - position)[0] = (top - position)[0], top[0]


@cython.final
cdef class Memory:
    """As ``eth.vm.memory.Memory``."""

    cdef Frame frame

    def __init__(self, Frame frame not None):
        self.frame = frame

    def __len__(self):
        return self.frame.machine.memory_size

    def extend(self, start_position, size):
        """Make room, which has been paid for."""
        if size and not grow_memory(&self.frame.machine, (start_position + size + 31) // 32 * 32):
            raise MemoryError

    def write(self, start_position, size, value):
        cdef bytes data
        if size:
            self.check(start_position, size)
            data = bytes(value)
            if len(data) != size:
                raise ValidationError(f"{len(data)} bytes for {size} bytes of memory")
            memcpy(self.frame.machine.memory + <size_t> start_position, PyBytes_AS_STRING(data), size)

    def read_bytes(self, start_position, size):
        if not size:
            return b""
        self.check(start_position, size)
        return PyBytes_FromStringAndSize(<char *> self.frame.machine.memory + <size_t> start_position, size)

    def copy(self, destination, source, length):
        if length:
            self.check(max(destination, source), length)
            memory = self.frame.machine.memory
            memmove(memory + <size_t> destination, memory + <size_t> source, length)

    cdef int check(self, start_position, size) except -1:
        if start_position + size > self.frame.machine.memory_size:
            raise ValidationError(f"{size} bytes at {start_position} of {self.frame.machine.memory_size} in memory")
        return 0


@cython.final
cdef class GasMeter:
    """As ``eth.vm.gas_meter.GasMeter``; what a refund may be is the fork's business."""

    cdef Frame frame
    cdef readonly object start_gas
    cdef readonly object refund_strategy
    cdef public object gas_refunded

    def __init__(self, Frame frame not None, refund_strategy):
        self.frame = frame
        self.start_gas = frame.machine.gas
        self.refund_strategy = refund_strategy
        self.gas_refunded = 0

    @property
    def gas_remaining(self):
        return self.frame.machine.gas

    def consume_gas(self, amount, reason):
        if amount < 0:
            raise ValidationError("Gas consumption amount must be positive")
        if amount > self.frame.machine.gas:
            raise OutOfGas(f"Out of gas: {reason}")
        self.frame.machine.gas -= <uint64_t> amount

    def return_gas(self, amount):
        if amount < 0:
            raise ValidationError("Gas return amount must be positive")
        self.frame.machine.gas = self.frame.machine.gas + amount

    def refund_gas(self, amount):
        self.gas_refunded = self.refund_strategy(self.gas_refunded, amount)
