//! A Solidity mapping from feature index to value: everything is there, and zero until written.

use std::collections::HashMap;

/// A mapping whose small indices lie in a list, for speed, and the others in a hash table.
///
/// Which index lies where is nobody's business: two maps are equal where all values are.
#[derive(Debug, Clone, Default)]
pub(crate) struct SparseMap<V> {
    low: Vec<V>,
    /// Values of the indices from `low.len()` on; never zero.
    high: HashMap<u64, V>,
}

impl<V: Copy + Default + PartialEq> SparseMap<V> {
    /// The values of the indices `0, 1, 2, ...`
    pub(crate) fn from_list(values: Vec<V>) -> Self {
        Self { low: values, high: HashMap::new() }
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
        self.make_room_for(index);
        if let Some(slot) = usize::try_from(index).ok().and_then(|i| self.low.get_mut(i)) {
            *slot = value;
        } else if value == V::default() {
            self.high.remove(&index);
        } else {
            self.high.insert(index, value);
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

    /// Lets the list grow to at most about twice its length at a time, so that memory stays in proportion to what was
    /// written, whatever indices a stranger sends.
    fn make_room_for(&mut self, index: u64) {
        const SMALL: usize = 1024;
        let len = self.low.len();
        let Ok(index) = usize::try_from(index) else { return };
        if index < len || index >= (2 * len).max(SMALL) {
            return;
        }
        self.low.resize((2 * len).max(SMALL), V::default());
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
