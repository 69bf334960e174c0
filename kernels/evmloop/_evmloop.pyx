# cython: language_level=3, cdivision=True
"""py-evm's interpreter loop, compiled: words of 256 bits in C, the state in py-evm's own hands.

One run of :class:`Loop` is one frame of the EVM. Opcodes that concern the frame alone run in C (steps.h); every other
is py-evm's own, and finds the frame's stack, memory, gas and code in objects that behave as py-evm's do. Only
``dcai.evm.engines.py_evm_compiled`` imports this module.
"""

cimport cython
from cpython.bytearray cimport PyByteArray_AS_STRING
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_CheckSignals
from libc.stdint cimport uint8_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memmove

from steps cimport (
    ABSENT,
    ABSENT_OPCODE,
    AT_HOST,
    AT_PAUSE,
    HERE,
    HOST,
    JUMP_INTO_DATA,
    NO_JUMP_DESTINATION,
    OUT_OF_GAS,
    RETURN_DATA_TOO_SHORT,
    RETURNED,
    REVERTED,
    STACK_LIMIT,
    STACK_OVERFLOW,
    STACK_UNDERFLOW,
    STOPPED,
    Machine,
    Opcode,
    Prices,
    Status,
    Step,
    Steps,
    end_step,
    find_jump_destinations,
    grow_memory,
    run_steps,
)
from words cimport int_to_word, word, word_load_right_aligned, word_to_bytes, word_to_int

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


# -- frames -- #


@cython.final
cdef class Recorder:
    """The steps of one transaction, as the loop runs them."""

    cdef Steps steps

    def __dealloc__(self):
        free(self.steps.rows)

    def rows(self):
        """Return a row of pc, opcode, depth, gas, gas after and memory a step, each number an int64 of this machine."""
        return PyBytes_FromStringAndSize(<char *> self.steps.rows, self.steps.count * sizeof(Step))


@cython.final
cdef class Code:
    """A code with its jump destinations."""

    cdef bytes padded
    cdef bytearray destinations
    cdef size_t size

    def __init__(self, bytes code not None):
        self.size = len(code)
        self.padded = code + bytes(33)
        self.destinations = bytearray(self.size)
        find_jump_destinations(
            <const uint8_t *> PyBytes_AS_STRING(self.padded),
            self.size,
            <uint8_t *> PyByteArray_AS_STRING(self.destinations),
        )


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


cdef inline word bytes_to_word(bytes value) except *:
    if len(value) > 32:
        raise ValidationError(f"a word has at most 32 bytes, and this one has {len(value)}")
    return word_load_right_aligned(<const uint8_t *> PyBytes_AS_STRING(value), len(value))


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


# -- the stack, memory and gas of a frame, as py-evm's opcodes know them -- #


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


# -- what transactions have touched and written -- #


cdef class Journal:
    """Values that can go back to any checkpoint that is neither committed nor discarded."""

    cdef list checkpoints
    #: The length of the list of changes at each checkpoint.
    cdef list places
    cdef list changes

    def __init__(self):
        self.forget()

    cdef int forget(self) except -1:
        self.checkpoints = []
        self.places = []
        self.changes = []
        return 0

    cdef int undo(self, change) except -1:
        raise NotImplementedError

    cdef int undo_to(self, Py_ssize_t place) except -1:
        while len(self.changes) > place:
            self.undo(self.changes.pop())
        return 0

    def record(self, checkpoint):
        """Begin a checkpoint."""
        self.checkpoints.append(checkpoint)
        self.places.append(len(self.changes))

    def has_checkpoint(self, checkpoint):
        """Return whether one can still go back to a checkpoint."""
        return checkpoint in self.checkpoints

    def discard(self, checkpoint):
        """Go back to a checkpoint."""
        cdef Py_ssize_t index = self.checkpoints.index(checkpoint)
        self.undo_to(self.places[index])
        del self.checkpoints[index:], self.places[index:]

    def commit(self, checkpoint):
        """Keep what was done since a checkpoint, as long as the one before it stays."""
        cdef Py_ssize_t index = self.checkpoints.index(checkpoint)
        del self.checkpoints[index:], self.places[index:]


@cython.final
cdef class AccessSet(Journal):
    """The addresses and slots that a transaction has touched (EIP-2929): bytes, and pairs of bytes and number."""

    cdef set keys

    def __init__(self):
        self.keys = set()
        Journal.__init__(self)

    cdef int undo(self, key) except -1:
        self.keys.discard(key)
        return 0

    cdef bint add(self, key) except -1:
        """Return whether the key is new."""
        if key in self.keys:
            return False
        self.keys.add(key)
        self.changes.append(key)
        return True

    def __contains__(self, key):
        return key in self.keys

    def __setitem__(self, key, value):
        self.add(key)


@cython.final
cdef class Storage(Journal):
    """The storage of one account, as ``eth.db.storage.AccountStorageDB`` has it where nothing is written to a trie.

    ``original`` is what the last transactions left, ``current`` what this one has changed. Once it was deleted, nothing
    of the original shows through.
    """

    cdef dict original
    cdef dict current
    cdef bint deleted

    def __init__(self):
        self.original = {}
        self.current = {}
        self.deleted = False
        Journal.__init__(self)

    cdef object load(self, slot):
        value = self.current.get(slot)
        if value is None:
            value = 0 if self.deleted else self.original.get(slot, 0)
        return value

    def get(self, slot, from_journal=True):
        """Return a word: the current one, or the one before the transaction."""
        return self.load(slot) if from_journal else self.original.get(slot, 0)

    def set(self, slot, value):
        """Write a word."""
        self.changes.append((slot, self.current.get(slot)))
        self.current[slot] = value

    def delete(self):
        """Empty it."""
        self.changes.append((None, (self.current, self.deleted)))
        self.current = {}
        self.deleted = True

    cdef int undo(self, change) except -1:
        slot, before = change
        if slot is None:
            self.current, self.deleted = before
        elif before is None:
            self.current.pop(slot, None)
        else:
            self.current[slot] = before
        return 0

    def discard(self, checkpoint):
        """Go back to a checkpoint; one from before anything was written here is the beginning."""
        if checkpoint in self.checkpoints:
            Journal.discard(self, checkpoint)
        else:
            self.undo_to(0)
            self.forget()

    def commit(self, checkpoint):
        """Keep what was done since a checkpoint; from before anything was written here on, that is all."""
        if checkpoint in self.checkpoints:
            Journal.commit(self, checkpoint)
        else:
            self.checkpoints, self.places = [], []

    def lock_changes(self):
        """Make the current words the original ones: a transaction is over."""
        if self.deleted:
            self.original = {}
        self.original.update(self.current)
        self.current = {}
        self.deleted = False
        self.forget()


# -- SLOAD and SSTORE since Berlin (EIP-2200, EIP-2929), on these journals -- #


@cython.final
cdef class StoragePrices:
    """What access to storage costs in a fork, by the names that py-evm has for it."""

    cdef readonly object cold_sload
    cdef readonly object warm_read
    cdef readonly object sstore_set
    cdef readonly object sstore_reset
    cdef readonly object clear_refund

    def __init__(self, *, cold_sload, warm_read, sstore_set, sstore_reset, clear_refund):
        self.cold_sload = cold_sload
        self.warm_read = warm_read
        self.sstore_set = sstore_set
        self.sstore_reset = sstore_reset
        self.clear_refund = clear_refund


cdef enum:
    SLOAD = 0x54
    SSTORE = 0x55
    #: SSTORE fails where no more is left, so that a stipend cannot write (EIP-2200).
    SSTORE_SENTRY = 2300


@cython.final
cdef class Slots:
    """The storage of the account whose code a frame runs."""

    cdef bytes address
    cdef object accounts
    cdef Storage storage
    cdef AccessSet touched

    def __init__(self, computation):
        self.address = bytes(computation.msg.storage_address)
        self.accounts = computation.state._account_db
        self.storage = self.accounts._get_address_store(self.address)
        self.touched = self.accounts._journal_accessed_state

    cdef bint touch(self, slot) except -1:
        """Return whether the slot was cold."""
        return self.touched.add((self.address, slot))


cdef int sload(Stack stack, GasMeter meter, Slots slots, StoragePrices prices) except -1:
    slot = word_to_int(stack.pop(1) - 1)
    meter.consume_gas(prices.cold_sload if slots.touch(slot) else prices.warm_read, "SLOAD")
    stack.push(int_to_word(slots.storage.load(slot)))
    return 0


cdef int sstore(Stack stack, GasMeter meter, Slots slots, StoragePrices prices) except -1:
    if meter.frame.machine.gas <= SSTORE_SENTRY:
        raise OutOfGas("Out of gas: SSTORE needs more than a stipend")
    end = stack.pop(2)
    slot, value = word_to_int(end - 1), word_to_int(end - 2)
    current = slots.storage.load(slot)
    original = slots.storage.get(slot, False)
    cost, refund = prices.warm_read, 0
    if current != value:
        if original == current:
            cost = prices.sstore_reset if original else prices.sstore_set
            if original and not value:
                refund = prices.clear_refund
        else:
            if original and not current:
                refund -= prices.clear_refund
            if original and not value:
                refund += prices.clear_refund
            if original == value:
                refund += (prices.sstore_reset if original else prices.sstore_set) - prices.warm_read
    meter.consume_gas(cost, "SSTORE")
    if refund:
        meter.refund_gas(refund)
    slots.accounts.set_storage(slots.address, slot, value)
    if slots.touch(slot):
        meter.consume_gas(prices.cold_sload, "SSTORE")
    return 0


# -- the loop: compiled opcodes in C, the others by py-evm, and the errors of both -- #


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
            self.table[op].runner = HERE if op in compiled else HOST if op in opcodes else ABSENT
            self.table[op].gas = compiled.get(op, 0)

    @property
    def hosted(self):
        here = () if self.storage is None else (SLOAD, SSTORE)
        return tuple([op for op in range(256) if self.table[op].runner == HOST and op not in here])

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
