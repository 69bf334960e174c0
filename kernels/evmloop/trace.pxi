# What a transaction ran, step by step, in a growing C array.

cdef struct Step:
    int64_t pc
    int64_t op
    int64_t depth
    int64_t gas
    int64_t gas_after
    int64_t memory

cdef struct Steps:
    Step *rows
    size_t count
    size_t capacity


cdef inline Step *new_step(Steps *steps) noexcept nogil:
    """NULL where there is no memory for another."""
    cdef size_t capacity
    cdef Step *rows
    if steps.count == steps.capacity:
        capacity = 2 * steps.capacity if steps.capacity else 4096
        rows = <Step *> realloc(steps.rows, capacity * sizeof(Step))
        if rows == NULL:
            return NULL
        steps.rows, steps.capacity = rows, capacity
    steps.count += 1
    return &steps.rows[steps.count - 1]


@cython.final
cdef class Recorder:
    """The steps of one transaction, as the loop runs them."""

    cdef Steps steps

    def __dealloc__(self):
        free(self.steps.rows)

    def rows(self):
        """Return a row of pc, opcode, depth, gas, gas after and memory a step, each number an int64 of this machine."""
        return PyBytes_FromStringAndSize(<char *> self.steps.rows, self.steps.count * sizeof(Step))
