//! A Solidity mapping from feature index to value: everything is there, and zero until written.

use std::collections::HashMap;

/// A mapping whose small indices lie in a list, for speed, and the others in a hash table.
///
/// Two maps are equal if all values are, wherever the indices lie.
#[derive(Debug, Clone, Default)]
pub(crate) struct SparseMap<V> {
    low: Vec<V>,
    /// Values of the indices from `low.len()` on; never zero.
    high: HashMap<u64, V>,
    /// Number of values that are not zero.
    num_entries: usize,
}

impl<V: Copy + Default + PartialEq> SparseMap<V> {
    /// The values of the indices `0, 1, 2, ...`
    pub(crate) fn from_list(values: Vec<V>) -> Self {
        let num_entries = values.iter().filter(|&&value| value != V::default()).count();
        Self { low: values, high: HashMap::new(), num_entries }
    }

    #[inline]
    pub(crate) fn get(&self, index: u64) -> V {
        match usize::try_from(index).ok().and_then(|i| self.low.get(i)) {
            Some(&value) => value,
            None if self.high.is_empty() => V::default(),
            None => self.high.get(&index).copied().unwrap_or_default(),
        }
    }

    pub(crate) fn set(&mut self, index: u64, value: V) {
        let Ok(()) = self.change(index, |_| Ok::<V, std::convert::Infallible>(value));
    }

    /// Sets a value to what `change` makes of it; an error of `change` leaves it as it is.
    #[inline]
    pub(crate) fn change<E>(
        &mut self,
        index: u64,
        change: impl FnOnce(V) -> std::result::Result<V, E>,
    ) -> std::result::Result<(), E> {
        let zero = V::default();
        if let Some(slot) = usize::try_from(index).ok().and_then(|i| self.low.get_mut(i)) {
            let value = change(*slot)?;
            self.num_entries += usize::from(value != zero);
            self.num_entries -= usize::from(*slot != zero);
            *slot = value;
            return Ok(());
        }
        let value = change(self.high.get(&index).copied().unwrap_or_default())?;
        self.set_high(index, value);
        Ok(())
    }

    /// Sets the value of an index that is not in the list, which may grow for it.
    fn set_high(&mut self, index: u64, value: V) {
        if value == V::default() {
            self.num_entries -= usize::from(self.high.remove(&index).is_some());
            return;
        }
        self.num_entries += 1;
        self.make_room_for(index);
        if let Some(slot) = usize::try_from(index).ok().and_then(|i| self.low.get_mut(i)) {
            self.num_entries -= usize::from(*slot != V::default());
            *slot = value;
        } else {
            self.num_entries -= usize::from(self.high.insert(index, value).is_some());
        }
    }

    /// The list of the small indices' values.
    pub(crate) fn low(&self) -> &[V] {
        &self.low
    }

    /// All values that are not zero, by increasing index.
    pub(crate) fn entries(&self) -> Vec<(u64, V)> {
        let zero = V::default();
        let low = self.low.iter().enumerate().map(|(i, &value)| (i as u64, value));
        let mut entries: Vec<_> = low.filter(|(_, value)| *value != zero).collect();
        let start = entries.len();
        entries.extend(self.high.iter().map(|(&index, &value)| (index, value)));
        entries[start..].sort_unstable_by_key(|(index, _)| *index);
        entries
    }

    /// Lets the list grow to twice its length where a quarter of it will be in use. Memory stays in proportion to the values
    /// that are not zero, whatever indices a stranger sends.
    fn make_room_for(&mut self, index: u64) {
        const SMALL: usize = 1024;
        let len = self.low.len();
        let new_len = (2 * len).max(SMALL);
        let Ok(index) = usize::try_from(index) else { return };
        let pays = new_len == SMALL || 4 * self.num_entries >= new_len;
        if index < len || index >= new_len || !pays {
            return;
        }
        self.low.resize(new_len, V::default());
        let end = self.low.len() as u64;
        let moved: Vec<_> = self.high.extract_if(|&index, _| index < end).collect();
        for (index, value) in moved {
            // The index is below `end`, the length of a list.
            self.low[usize::try_from(index).unwrap_or_default()] = value;
        }
    }
}

impl<V: Copy + Default + PartialEq> PartialEq for SparseMap<V> {
    fn eq(&self, other: &Self) -> bool {
        self.entries() == other.entries()
    }
}

impl<V: Copy + Default + Eq> Eq for SparseMap<V> {}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn few_values_take_little_memory_whatever_their_indices() {
        let mut map = SparseMap::default();
        for exponent in 0..64 {
            map.set((1 << exponent) - 1, 1_u8);
            map.set((1 << exponent) - 1, 0);
            map.set(1 << exponent, 1);
        }
        assert!(map.low.len() <= 1024 && map.high.capacity() <= 256);
        let mut map = SparseMap::default();
        for index in 0..100_000 {
            map.set(index, 1_u8);
        }
        assert!(map.high.is_empty() && map.low.len() < 400_000, "what is dense lies in the list");
    }

    proptest! {
        #[test]
        fn is_a_map_whose_default_is_zero(
            first in prop::collection::vec(any::<i8>(), 0..5),
            writes in prop::collection::vec((prop_oneof![0..8_u64, 1000..5000_u64, any::<u64>()], -1..2_i8), 0..60),
        ) {
            let mut expected: BTreeMap<u64, i8> = (0..).zip(first.iter().copied()).collect();
            let mut map = SparseMap::from_list(first);
            for (index, value) in writes {
                map.set(index, value);
                expected.insert(index, value);
                prop_assert_eq!(map.get(index), value);
            }
            for (&index, &value) in &expected {
                prop_assert_eq!(map.get(index), value);
            }
            expected.retain(|_, value| *value != 0);
            prop_assert_eq!(map.entries(), expected.into_iter().collect::<Vec<_>>());
        }
    }
}
