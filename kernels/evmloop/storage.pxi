# SLOAD and SSTORE since Berlin (EIP-2200, EIP-2929), on the journals of this module.

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
