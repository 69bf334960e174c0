# The opcodes that concern the frame alone: no Python from here to the end of the file.

cdef enum Status:
    RUNNING
    # The next opcode needs Python.
    AT_HOST
    # Signals may wait; nothing has happened to the frame.
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

cdef enum:
    #: After so many jumps signals are looked for: a loop cannot go on without jumps.
    JUMPS_UNTIL_PAUSE = 1 << 13

cdef word WORD_SIZE = word_of(32)
cdef word BYTE_SIZE = word_of(1)


cdef inline bint grow_memory(Machine *machine, size_t size) noexcept nogil:
    """Extend memory with zeros; false where there is none left."""
    cdef size_t capacity
    cdef uint8_t *memory
    if size <= machine.memory_size:
        return True
    if size > machine.memory_capacity:
        capacity = max(size, 2 * machine.memory_capacity, <size_t> 1024)
        memory = <uint8_t *> realloc(machine.memory, capacity)
        if memory == NULL:
            return False
        machine.memory, machine.memory_capacity = memory, capacity
    memset(machine.memory + machine.memory_size, 0, size - machine.memory_size)
    machine.memory_size = size
    return True


cdef inline uint64_t memory_cost(const Prices *prices, uint64_t words) noexcept nogil:
    return words * prices.memory_word + words * words // prices.memory_quadratic_denominator


cdef inline Status extend(Machine *machine, uint64_t *gas, const word *offset, const word *size) noexcept nogil:
    """Pay for memory up to ``offset + size`` and have it; nothing is due where the size is 0."""
    cdef uint64_t words, cost
    if word_is_zero(size):
        return RUNNING
    if not (word_is_small(offset) and word_is_small(size)):
        return OUT_OF_GAS
    if offset.limb[0] >= MEMORY_LIMIT or size.limb[0] >= MEMORY_LIMIT:
        return OUT_OF_GAS
    words = (offset.limb[0] + size.limb[0] + 31) // 32
    if 32 * words <= machine.memory_size:
        return RUNNING
    cost = memory_cost(machine.prices, words) - memory_cost(machine.prices, machine.memory_size // 32)
    if cost > gas[0]:
        return OUT_OF_GAS
    gas[0] -= cost
    return RUNNING if grow_memory(machine, 32 * words) else OUT_OF_MEMORY


cdef inline Status pay_by_word(uint64_t *gas, uint64_t price, uint64_t size) noexcept nogil:
    cdef uint64_t cost = price * ((size + 31) // 32)
    if cost > gas[0]:
        return OUT_OF_GAS
    gas[0] -= cost
    return RUNNING


cdef inline void copy_padded(
    uint8_t *target, size_t size, const uint8_t *source, size_t source_size, const word *offset
) noexcept nogil:
    """Copy from an offset on, with zeros after the end of the source."""
    cdef size_t start = source_size
    cdef size_t there
    if word_is_small(offset) and offset.limb[0] < source_size:
        start = offset.limb[0]
    there = min(size, source_size - start)
    memcpy(target, source + start, there)
    memset(target + there, 0, size - there)


cdef inline Status copy_to_memory(
    Machine *machine, uint64_t *gas, const word *arguments, const uint8_t *source, size_t source_size
) noexcept nogil:
    """CALLDATACOPY and CODECOPY; the arguments are the place in memory at [2], the offset at [1], the size at [0]."""
    cdef Status status = extend(machine, gas, &arguments[2], &arguments[0])
    if status == RUNNING:
        status = pay_by_word(gas, machine.prices.copied_word, arguments[0].limb[0])
    if status == RUNNING and arguments[0].limb[0]:
        copy_padded(
            machine.memory + arguments[2].limb[0], arguments[0].limb[0], source, source_size, &arguments[1]
        )
    return status


cdef inline bint begin_step(Machine *machine, uint8_t op, size_t pc, uint64_t gas) noexcept nogil:
    """Note where the last step of this frame ended, and this one; false where there is no memory for it."""
    cdef Step *step
    end_step(machine, gas)
    step = new_step(machine.trace)
    if step == NULL:
        return False
    step.pc, step.op, step.depth = pc, op, machine.depth
    step.gas, step.gas_after, step.memory = gas, gas, machine.memory_size
    machine.last_step = machine.trace.count
    return True


cdef inline void end_step(Machine *machine, uint64_t gas) noexcept nogil:
    if machine.last_step:
        machine.trace.rows[machine.last_step - 1].gas_after = gas


cdef Status run_steps(Machine *machine) noexcept nogil:
    """Run until something else has to be done.

    As py-evm does, each opcode first pays its own price, then looks at the stack, then pays for what depends on its
    arguments.
    """
    cdef const uint8_t *code = machine.code
    cdef size_t pc = machine.pc
    cdef uint64_t gas = machine.gas
    cdef word *stack = machine.stack
    #: One above the highest item.
    cdef word *top = stack + machine.height
    cdef Status status = RUNNING
    cdef const Opcode *opcode
    cdef size_t height, size
    cdef int kind
    cdef uint8_t op
    cdef uint8_t digest[32]
    cdef word swapped, target

    while True:
        op = code[pc]
        opcode = &machine.opcodes[op]
        kind = opcode.kind
        if machine.trace != NULL and not begin_step(machine, op, pc, gas):
            status = OUT_OF_MEMORY
            break
        if kind == HOST:
            status = AT_HOST
            break
        if kind == ABSENT:
            status = ABSENT_OPCODE
            break
        if gas < opcode.gas:
            status = OUT_OF_GAS
            break
        gas -= opcode.gas
        height = top - stack
        if height < opcode.least:
            status = STACK_UNDERFLOW
            break
        if height > opcode.most:
            status = STACK_OVERFLOW
            break
        pc += 1

        # -- stack -- #
        if kind == PUSH0:
            size = op - PUSH0
            top[0] = word_load_right_aligned(code + pc, size)
            top += 1
            pc += size
        elif kind == DUP1:
            top[0] = (top - (op - DUP1 + 1))[0]
            top += 1
        elif kind == SWAP1:
            swapped = (top - (op - SWAP1 + 2))[0]
            (top - (op - SWAP1 + 2))[0] = top[-1]
            top[-1] = swapped
        elif kind == POP:
            top -= 1

        # -- arithmetic -- #
        elif kind == ADD:
            top -= 1
            word_add(&top[-1], &top[0], &top[-1])
        elif kind == MUL:
            top -= 1
            word_mul(&top[-1], &top[0], &top[-1])
        elif kind == SUB:
            top -= 1
            word_sub(&top[-1], &top[0], &top[-1])
        elif kind == DIV:
            top -= 1
            word_div(&top[-1], &top[0], &top[-1])
        elif kind == SDIV:
            top -= 1
            word_sdiv(&top[-1], &top[0], &top[-1])
        elif kind == MOD:
            top -= 1
            word_mod(&top[-1], &top[0], &top[-1])
        elif kind == SMOD:
            top -= 1
            word_smod(&top[-1], &top[0], &top[-1])
        elif kind == ADDMOD:
            top -= 2
            word_addmod(&top[-1], &top[1], &top[0], &top[-1])
        elif kind == MULMOD:
            top -= 2
            word_mulmod(&top[-1], &top[1], &top[0], &top[-1])
        elif kind == EXP:
            top -= 1
            size = machine.prices.exp_byte * word_size_in_bytes(&top[-1])
            if size > gas:
                status = OUT_OF_GAS
                break
            gas -= size
            word_exp(&top[-1], &top[0], &top[-1])
        elif kind == SIGNEXTEND:
            top -= 1
            word_signextend(&top[-1], &top[0], &top[-1])

        # -- comparisons and bits -- #
        elif kind == LT:
            top -= 1
            top[-1] = word_of(word_less(&top[0], &top[-1]))
        elif kind == GT:
            top -= 1
            top[-1] = word_of(word_less(&top[-1], &top[0]))
        elif kind == SLT:
            top -= 1
            top[-1] = word_of(word_signed_less(&top[0], &top[-1]))
        elif kind == SGT:
            top -= 1
            top[-1] = word_of(word_signed_less(&top[-1], &top[0]))
        elif kind == EQ:
            top -= 1
            top[-1] = word_of(word_equal(&top[0], &top[-1]))
        elif kind == ISZERO:
            top[-1] = word_of(word_is_zero(&top[-1]))
        elif kind == AND:
            top -= 1
            word_and(&top[-1], &top[0], &top[-1])
        elif kind == OR:
            top -= 1
            word_or(&top[-1], &top[0], &top[-1])
        elif kind == XOR:
            top -= 1
            word_xor(&top[-1], &top[0], &top[-1])
        elif kind == NOT:
            word_not(&top[-1], &top[-1])
        elif kind == BYTE:
            top -= 1
            word_byte(&top[-1], &top[0], &top[-1])
        elif kind == SHL:
            top -= 1
            word_shl(&top[-1], &top[0], &top[-1])
        elif kind == SHR:
            top -= 1
            word_shr(&top[-1], &top[0], &top[-1])
        elif kind == SAR:
            top -= 1
            word_sar(&top[-1], &top[0], &top[-1])

        # -- flow -- #
        elif kind == JUMPDEST:
            pass
        elif kind == JUMP or kind == JUMPI:
            top -= 1
            if kind == JUMPI:
                top -= 1
                if word_is_zero(&top[0]):
                    continue
                target = top[1]
            else:
                target = top[0]
            if not word_is_small(&target) or target.limb[0] >= machine.code_size or code[target.limb[0]] != JUMPDEST:
                status = NO_JUMP_DESTINATION
                break
            if not machine.is_jump_destination[target.limb[0]]:
                status = JUMP_INTO_DATA
                break
            pc = target.limb[0]
            machine.jumps += 1
            if machine.jumps % JUMPS_UNTIL_PAUSE == 0:
                status = AT_PAUSE
                break
        elif kind == PC:
            top[0] = word_of(pc - 1)
            top += 1
        elif kind == GAS:
            top[0] = word_of(gas)
            top += 1

        # -- memory -- #
        elif kind == MLOAD:
            status = extend(machine, &gas, &top[-1], &WORD_SIZE)
            if status != RUNNING:
                break
            top[-1] = word_load(machine.memory + top[-1].limb[0])
        elif kind == MSTORE:
            top -= 2
            status = extend(machine, &gas, &top[1], &WORD_SIZE)
            if status != RUNNING:
                break
            word_store(machine.memory + top[1].limb[0], &top[0])
        elif kind == MSTORE8:
            top -= 2
            status = extend(machine, &gas, &top[1], &BYTE_SIZE)
            if status != RUNNING:
                break
            machine.memory[top[1].limb[0]] = <uint8_t> top[0].limb[0]
        elif kind == MSIZE:
            top[0] = word_of(machine.memory_size)
            top += 1
        elif kind == MCOPY:
            top -= 3
            status = extend(machine, &gas, &top[1] if word_less(&top[2], &top[1]) else &top[2], &top[0])
            if status == RUNNING:
                status = pay_by_word(&gas, machine.prices.copied_word, top[0].limb[0])
            if status != RUNNING:
                break
            if top[0].limb[0]:
                memmove(machine.memory + top[2].limb[0], machine.memory + top[1].limb[0], top[0].limb[0])
        elif kind == KECCAK256:
            top -= 1
            status = extend(machine, &gas, &top[0], &top[-1])
            if status == RUNNING:
                status = pay_by_word(&gas, machine.prices.keccak_word, top[-1].limb[0])
            if status != RUNNING:
                break
            size = top[-1].limb[0]
            keccak256(digest, machine.memory + top[0].limb[0] if size else NULL, size)
            top[-1] = word_load(digest)

        # -- the call, its data and code -- #
        elif kind == ADDRESS:
            top[0] = machine.address
            top += 1
        elif kind == CALLER:
            top[0] = machine.caller
            top += 1
        elif kind == CALLVALUE:
            top[0] = machine.value
            top += 1
        elif kind == CALLDATALOAD:
            if word_is_small(&top[-1]) and machine.calldata_size >= 32 and top[-1].limb[0] <= machine.calldata_size - 32:
                top[-1] = word_load(machine.calldata + top[-1].limb[0])
            else:
                copy_padded(digest, 32, machine.calldata, machine.calldata_size, &top[-1])
                top[-1] = word_load(digest)
        elif kind == CALLDATASIZE:
            top[0] = word_of(machine.calldata_size)
            top += 1
        elif kind == CALLDATACOPY:
            top -= 3
            status = copy_to_memory(machine, &gas, top, machine.calldata, machine.calldata_size)
            if status != RUNNING:
                break
        elif kind == CODESIZE:
            top[0] = word_of(machine.code_size)
            top += 1
        elif kind == CODECOPY:
            top -= 3
            status = copy_to_memory(machine, &gas, top, code, machine.code_size)
            if status != RUNNING:
                break
        elif kind == RETURNDATASIZE:
            top[0] = word_of(machine.return_data_size)
            top += 1
        elif kind == RETURNDATACOPY:
            top -= 3
            # This is looked at before anything is paid.
            if (
                not word_is_small(&top[1])
                or not word_is_small(&top[0])
                or top[1].limb[0] > machine.return_data_size
                or top[0].limb[0] > machine.return_data_size - top[1].limb[0]
            ):
                status = RETURN_DATA_TOO_SHORT
                break
            status = copy_to_memory(machine, &gas, top, machine.return_data, machine.return_data_size)
            if status != RUNNING:
                break

        # -- ends -- #
        elif kind == STOP:
            status = STOPPED
            break
        elif kind == RETURN or kind == REVERT:
            top -= 2
            status = extend(machine, &gas, &top[1], &top[0])
            if status != RUNNING:
                break
            machine.output_at, machine.output_size = top[1].limb[0], top[0].limb[0]
            status = RETURNED if kind == RETURN else REVERTED
            break

    machine.pc = pc
    machine.gas = gas
    machine.height = top - stack
    return status
