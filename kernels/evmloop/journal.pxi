# What transactions have touched and written, in place of py-evm's journals of encoded bytes.
#
# A journal is a list of what to restore, and checkpoints are places in it. Of py-evm's, only what an account database
# asks for that is never written to a trie.

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
