# The loop: compiled opcodes in C, the others by py-evm, and the errors of both.

@cython.final
cdef class Loop:
    """The interpreter of one fork; its call runs one frame, as if it were an opcode of py-evm.

    Parameters
    ----------
    opcodes : mapping of int to callable
        py-evm's table of the fork.
    compiled : mapping of int to int
        Of these, the opcodes that may run here, and what each costs.
    exp_byte, keccak_word, copied_word, memory_word, memory_quadratic_denominator : int
        The prices of what opcodes do by size.
    storage : StoragePrices or None
        The prices of SLOAD and SSTORE where they are compiled too.

    Attributes
    ----------
    recorder : Recorder or None
        Where to note the steps of the frames that begin from now on.
    hosted : tuple of int
        The opcodes that are left to py-evm.
    """

    #: As every opcode of py-evm has one.
    mnemonic = "LOOP"

    cdef Opcode table[256]
    cdef Prices prices
    cdef list hosts
    cdef StoragePrices storage
    cdef public Recorder recorder

    def __init__(
        self,
        opcodes,
        compiled,
        *,
        exp_byte,
        keccak_word,
        copied_word,
        memory_word,
        memory_quadratic_denominator,
        StoragePrices storage,
    ):
        self.prices.exp_byte = exp_byte
        self.prices.keccak_word = keccak_word
        self.prices.copied_word = copied_word
        self.prices.memory_word = memory_word
        self.prices.memory_quadratic_denominator = memory_quadratic_denominator
        self.storage = storage
        self.hosts = [opcodes.get(op) for op in range(256)]
        for op in range(256):
            if op in compiled:
                self.table[op] = compiled_opcode(op, compiled[op])
            else:
                self.table[op].kind = ABSENT if op not in opcodes else HOST

    @property
    def hosted(self):
        here = () if self.storage is None else (SLOAD, SSTORE)
        return tuple([op for op in range(256) if self.table[op].kind == HOST and op not in here])

    def __call__(self, computation):
        cdef Frame frame = computation.frame
        machine = &frame.machine
        cdef bint burns_gas = False
        machine.opcodes, machine.prices = self.table, &self.prices
        try:
            frame.begin(computation.msg, self.recorder)
            self.run(frame, computation)
        except VMError as error:
            burns_gas = error.burns_gas
            raise
        finally:
            end_step(machine, 0 if burns_gas else machine.gas)
            # A transaction keeps all its computations to its end.
            frame.release()

    cdef int run(self, Frame frame, object computation) except -1:
        machine = &frame.machine
        cdef Status status
        cdef uint8_t op
        cdef Stack stack = computation._stack
        cdef GasMeter meter = computation._gas_meter
        cdef Slots slots = None
        while True:
            status = run_steps(machine)
            if status == AT_HOST:
                op = machine.code[machine.pc]
                machine.pc += 1
                if (op == SLOAD or op == SSTORE) and self.storage is not None:
                    if slots is None:
                        slots = Slots(computation)
                    if op == SLOAD:
                        sload(stack, meter, slots, self.storage)
                    elif computation.msg.is_static:
                        raise WriteProtection("Cannot modify state while inside of a STATICCALL context")
                    else:
                        sstore(stack, meter, slots, self.storage)
                else:
                    self.hosts[op](computation=computation)
                    if op >= 0xF0:  # a call or creation
                        frame.set_return_data(bytes(computation.return_data))
            elif status == AT_PAUSE:
                PyErr_CheckSignals()
                with nogil:  # others may have waited for it
                    pass
            elif status == STOPPED:
                return 0
            elif status == RETURNED:
                computation.output = output_of(machine)
                return 0
            elif status == REVERTED:
                computation.output = output_of(machine)
                raise Revert(computation.output)
            else:
                raise error_of(status, machine)


cdef bytes output_of(const Machine *machine):
    if not machine.output_size:
        return b""
    return PyBytes_FromStringAndSize(<const char *> machine.memory + machine.output_at, machine.output_size)


cdef object error_of(Status status, const Machine *machine):
    """What py-evm raises."""
    if status == OUT_OF_GAS:
        return OutOfGas("Out of gas")
    if status == STACK_UNDERFLOW:
        return InsufficientStack("Too few stack items")
    if status == STACK_OVERFLOW:
        return FullStack("Stack limit reached")
    if status == ABSENT_OPCODE:
        return InvalidInstruction(f"Invalid opcode 0x{machine.code[machine.pc]:x} @ {machine.pc}")
    if status == NO_JUMP_DESTINATION:
        return InvalidJumpDestination("Invalid Jump Destination")
    if status == JUMP_INTO_DATA:
        return InvalidInstruction("Jump resulted in invalid instruction")
    if status == RETURN_DATA_TOO_SHORT:
        return OutOfBoundsRead("Return data length is not sufficient to satisfy request")
    return MemoryError()
