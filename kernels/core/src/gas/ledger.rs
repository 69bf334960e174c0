//! The gas of storage: what each slot costs by what was in it before.

/// A first access of a slot in a transaction (EIP-2929).
const COLD_SLOAD: u64 = 2_100;
/// A further access of a slot, and a write that changes nothing, or for a second time (EIP-2929).
const WARM: u64 = 100;
/// The first change of a slot from zero (EIP-2200).
const SSTORE_SET: u64 = 20_000;
/// The first change of a slot from anything else, once it is warm (EIP-2929: 5,000 less the cold access).
const SSTORE_RESET: u64 = 2_900;
/// The refund for clearing a slot (EIP-3529).
const CLEARED: i64 = 4_800;
/// The least gas that a write must find (EIP-2200): more than 2,300.
const SENTRY: u64 = 2_301;

/// The slots that a transaction touched, as they add up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Gas of all reads and writes.
    pub gas: u64,
    /// Refund before its cap; none is given where the transaction reverts.
    pub refund: i64,
    /// Slots that were zero before the transaction and are not after it.
    pub new_slots: u64,
    /// Whether any slot was written.
    pub stored: bool,
    /// Gas of the last write.
    pub last_store: u64,
}

impl Ledger {
    /// Reads of slots for the first time, and again.
    pub(crate) fn load(&mut self, cold: usize, warm: usize) {
        self.gas += COLD_SLOAD * cold as u64 + WARM * warm as u64;
    }

    /// The write of a slot that was accessed before: `original` at the start of the transaction, `current` until now.
    ///
    /// Mirrors the cases of EIP-2200 with the refunds of EIP-3529; see SSTORE there.
    #[inline]
    pub(crate) fn store<W: Copy + Default + PartialEq>(&mut self, original: W, current: W, new: W) {
        let zero = W::default();
        self.stored = true;
        self.last_store = WARM;
        if current != new {
            if original == current {
                self.last_store = if original == zero { SSTORE_SET } else { SSTORE_RESET };
                self.new_slots += u64::from(original == zero);
                self.refund += if new == zero { CLEARED } else { 0 };
            } else {
                self.store_again(original, current, new);
            }
        }
        self.gas += self.last_store;
    }

    /// The refunds of a slot that was changed before.
    fn store_again<W: Copy + Default + PartialEq>(&mut self, original: W, current: W, new: W) {
        let zero = W::default();
        if original != zero {
            self.refund -= if current == zero { CLEARED } else { 0 };
            self.refund += if new == zero { CLEARED } else { 0 };
        }
        if original == new {
            let first = if original == zero { SSTORE_SET } else { SSTORE_RESET };
            self.new_slots -= u64::from(original == zero);
            self.refund += (first - WARM).cast_signed();
        }
    }

    /// How much more gas than it spends a transaction needs, so that its last write finds enough: `tail` is what it spends
    /// after that.
    pub(crate) fn shortfall(&self, tail: u64) -> u64 {
        if self.stored { SENTRY.saturating_sub(self.last_store + tail) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of cases in EIP-3529: the values that a slot takes, its cost and its refund under Berlin's prices for warm
    /// slots.
    #[test]
    fn the_cases_of_eip_3529() {
        for (values, gas, refund) in [
            (&[0, 0, 0][..], 200, 0),
            (&[0, 0, 1], 20_100, 0),
            (&[0, 1, 0], 20_100, 19_900),
            (&[0, 1, 2], 20_100, 0),
            (&[0, 1, 1], 20_100, 0),
            (&[1, 0, 0], 3_000, 4_800),
            (&[1, 0, 1], 3_000, 2_800),
            (&[1, 0, 2], 3_000, 0),
            (&[1, 2, 0], 3_000, 4_800),
            (&[1, 2, 3], 3_000, 0),
            (&[1, 2, 1], 3_000, 2_800),
            (&[1, 2, 2], 3_000, 0),
            (&[1, 1, 0], 3_000, 4_800),
            (&[1, 1, 2], 3_000, 0),
            (&[1, 1, 1], 200, 0),
            (&[0, 1, 0, 1], 40_100, 19_900),
            (&[1, 0, 1, 0], 5_900, 7_600),
        ] {
            let mut ledger = Ledger::default();
            for pair in values.windows(2) {
                ledger.store(values[0], pair[0], pair[1]);
            }
            assert_eq!((ledger.gas, ledger.refund), (gas, refund), "{values:?}");
        }
    }
}
