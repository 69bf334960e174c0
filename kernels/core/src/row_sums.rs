//! Sums of weights over the rows of a sparse batch: what sparse batches spend their time on.
//!
//! Rows are short and of all lengths, and a processor guesses badly where each of them ends. So the weights are summed over
//! many rows as if those were one, and a row has the sum up to its end less the sum up to its start. That is exact: integers wrap
//! around, and the caller knows that the sum of each row fits.
//!
//! Eight sums run side by side, each over every eighth index, and are kept after every eight indices. The sum up to a place
//! takes the lanes before it from the sums that follow, and the other lanes from those that come before.

use std::ops::Range;

use pulp::{Arch, NullaryFnOnce};

use crate::batch::{Bounds, Integer, Rows};

/// Indices that are added at a time.
const LANES: usize = 8;
/// Additions between two looks at where rows end: few enough for their sums to stay in the nearest cache.
const STEPS: usize = 64;
/// Lengths of a table. Powers of two known to the compiler: the last bits of any number are an index.
const SMALL: usize = 1 << 10;
const LARGE: usize = 1 << 16;

type Lanes = [i64; LANES];

/// Lanes before the first step and after each, where no line of the cache is split.
#[repr(align(64))]
struct Kept([Lanes; STEPS + 1]);

/// The first 0, 1, ... lanes.
static FIRST_LANES: [Lanes; LANES] = {
    let mut masks = [[0; LANES]; LANES];
    let mut num = 0;
    while num < LANES {
        let mut lane = 0;
        while lane < num {
            masks[num][lane] = -1;
            lane += 1;
        }
        num += 1;
    }
    masks
};

/// The weights of the features `0, 1, 2, ...`, to be summed.
pub(crate) struct RowSums {
    arch: Arch,
    table: Table,
    last_feature: i64,
}

/// Weights, filled up with zeros.
enum Table {
    Small(Box<[i64; SMALL]>),
    Large(Box<[i64; LARGE]>),
}

/// Conditions on the indices of a row, beside being indices of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// In any order, repeated or not.
    Any,
    /// Strictly increasing.
    Increasing,
}

impl RowSums {
    /// None where there are no weights, or too many.
    pub(crate) fn new(weights: &[i64]) -> Option<Self> {
        let last_feature = i64::try_from(weights.len()).ok()?.checked_sub(1).filter(|&last| last >= 0)?;
        let table =
            if weights.len() <= SMALL { Table::Small(filled_up(weights)?) } else { Table::Large(filled_up(weights)?) };
        Some(Self { arch: Arch::new(), table, last_feature })
    }

    /// Gives each row of a block, counted from its start, with its sum. False where a row of the block has an index without
    /// a weight or out of order, or where rows are not in compressed form; what was given is then void.
    pub(crate) fn for_each_row<I: Integer>(
        &self,
        rows: &Rows<I>,
        block: Range<usize>,
        order: Order,
        each: impl FnMut(usize, i64),
    ) -> bool {
        let indices = rows.block(block.clone());
        match rows.bounds() {
            Bounds::Int32(indptr) => self.sum(&indptr[block.start..=block.end], indices, order, each),
            Bounds::Int64(indptr) => self.sum(&indptr[block.start..=block.end], indices, order, each),
            Bounds::Even { .. } => false,
        }
    }

    fn sum<P: Integer, I: Integer>(
        &self,
        bounds: &[P],
        indices: &[I],
        order: Order,
        each: impl FnMut(usize, i64),
    ) -> bool {
        let last_feature = self.last_feature;
        match (&self.table, order) {
            (Table::Small(table), Order::Any) => {
                self.arch.dispatch(Block::<_, _, _, SMALL, false> { table, last_feature, bounds, indices, each })
            }
            (Table::Small(table), Order::Increasing) => {
                self.arch.dispatch(Block::<_, _, _, SMALL, true> { table, last_feature, bounds, indices, each })
            }
            (Table::Large(table), Order::Any) => {
                self.arch.dispatch(Block::<_, _, _, LARGE, false> { table, last_feature, bounds, indices, each })
            }
            (Table::Large(table), Order::Increasing) => {
                self.arch.dispatch(Block::<_, _, _, LARGE, true> { table, last_feature, bounds, indices, each })
            }
        }
    }
}

fn filled_up<const N: usize>(weights: &[i64]) -> Option<Box<[i64; N]>> {
    let mut table: Box<[i64; N]> = vec![0; N].into_boxed_slice().try_into().ok()?;
    table.get_mut(..weights.len())?.copy_from_slice(weights);
    Some(table)
}

/// The work on a block of rows. Unlike a closure it is certain to be inlined, and so to be compiled for the instructions
/// that this computer has.
struct Block<'a, P, I, F, const N: usize, const INCREASING: bool> {
    table: &'a [i64; N],
    last_feature: i64,
    /// Starts and ends of rows: places in a list of which `indices` begins at the first.
    bounds: &'a [P],
    indices: &'a [I],
    each: F,
}

impl<P: Integer, I: Integer, F: FnMut(usize, i64), const N: usize, const INCREASING: bool> NullaryFnOnce
    for Block<'_, P, I, F, N, INCREASING>
{
    type Output = bool;

    #[inline(always)]
    fn call(mut self) -> bool {
        let indices = self.indices;
        let (chunks, rest) = indices.as_chunks::<LANES>();
        let mut ends = Ends::new(self.bounds);
        let mut kept = Kept([[0; LANES]; STEPS + 1]);
        let mut sums = [0; LANES];
        let mut seen = Seen::default();
        let mut first = 0;
        for window in chunks.chunks(STEPS) {
            for (step, (chunk, kept)) in window.iter().zip(&mut kept.0[1..]).enumerate() {
                let before = if INCREASING { before(indices, first + step * LANES) } else { [0; LANES] };
                self.add(&mut sums, chunk.map(Into::into), before, &mut seen);
                *kept = sums;
            }
            let end = first + window.len() * LANES;
            if seen.has_unknown() {
                return false;
            }
            ends.give(first..end, &kept, indices, INCREASING, &mut self.each);
            (kept.0[0], first) = (sums, end);
        }
        // Incomplete lanes are filled with a feature whose weight no row takes, in order.
        let (mut last, mut before) = ([0; LANES], [-1; LANES]);
        for (i, &index) in rest.iter().enumerate() {
            last[i] = index.into();
            before[i] = if first + i > 0 { indices[first + i - 1].into() } else { i64::MAX };
        }
        self.add(&mut sums, last, before, &mut seen);
        kept.0[1] = sums;
        ends.give(first..first + LANES, &kept, indices, INCREASING, &mut self.each);
        !seen.has_unknown() && (!INCREASING || seen.num_drops() == ends.num_drops)
    }
}

impl<P, I, F, const N: usize, const INCREASING: bool> Block<'_, P, I, F, N, INCREASING> {
    /// Adds the weights of some indices.
    #[inline(always)]
    fn add(&self, sums: &mut Lanes, indices: Lanes, before: Lanes, seen: &mut Seen) {
        for lane in 0..LANES {
            let index = indices[lane];
            seen.signs[lane] |= index | (self.last_feature.wrapping_sub(index));
            if INCREASING {
                let rise = index.wrapping_sub(before[lane]).wrapping_sub(1);
                seen.drops[lane] += rise.cast_unsigned() >> 63;
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the last bits are meant")]
            let weight = self.table[index as usize & (N - 1)];
            sums[lane] = sums[lane].wrapping_add(weight);
        }
    }
}

/// Summary of the indices so far, in numbers that take no comparison.
#[derive(Default)]
struct Seen {
    /// Negative where some index is, or where it is beyond the last feature.
    signs: Lanes,
    /// How often an index did not exceed the one before it. The very first of all counts.
    drops: [u64; LANES],
}

impl Seen {
    #[inline(always)]
    fn has_unknown(&self) -> bool {
        self.signs.iter().fold(0, |signs, sign| signs | sign) < 0
    }

    #[inline(always)]
    fn num_drops(&self) -> u64 {
        self.drops.iter().sum()
    }
}

/// For each of the indices from some place on, the one before it; before the very first, the largest number.
#[inline(always)]
fn before<I: Integer>(indices: &[I], place: usize) -> Lanes {
    match place.checked_sub(1).and_then(|place| indices[place..].first_chunk::<LANES>()) {
        Some(before) => before.map(Into::into),
        None => std::array::from_fn(|lane| if place + lane > 0 { indices[place + lane - 1].into() } else { i64::MAX }),
    }
}

/// The ends of rows that are still to come.
struct Ends<'a, P> {
    bounds: &'a [P],
    row: usize,
    /// Start of the next row, and the sum up to it.
    start: usize,
    sum: i64,
    /// How often the first index of a row did not exceed the one before it, as [`Seen::drops`] counts.
    num_drops: u64,
}

impl<'a, P: Integer> Ends<'a, P> {
    #[inline(always)]
    fn new(bounds: &'a [P]) -> Self {
        Self { bounds, row: 0, start: 0, sum: 0, num_drops: 0 }
    }

    /// Gives the rows that end at a place of the window, of which the sums are known.
    #[inline(always)]
    fn give<I: Integer>(
        &mut self,
        window: Range<usize>,
        Kept(sums): &Kept,
        indices: &[I],
        increasing: bool,
        mut each: impl FnMut(usize, i64),
    ) {
        let Some((&origin, ends)) = self.bounds.split_first() else { return };
        for &end in &ends[self.row..] {
            // `Rows::new` has checked that they do not decrease.
            let end = usize::try_from(end.into() - origin.into()).unwrap_or(usize::MAX);
            if end >= window.end {
                return;
            }
            let place = end - window.start;
            let sum = up_to(place % LANES, &sums[place / LANES], &sums[place / LANES + 1]);
            each(self.row, sum.wrapping_sub(self.sum));
            if increasing && self.start < end {
                let start = self.start;
                let is_drop = start == 0 || indices[start].into() <= indices[start - 1].into();
                self.num_drops += u64::from(is_drop);
            }
            (self.row, self.start, self.sum) = (self.row + 1, end, sum);
        }
    }
}

/// The sum of the first lanes after a step and of the others before it.
#[inline(always)]
fn up_to(num_lanes: usize, before: &Lanes, after: &Lanes) -> i64 {
    let mask = &FIRST_LANES[num_lanes];
    // Without a choice, for which compilers take a detour.
    let lanes = (0..LANES).map(|i| before[i] ^ ((before[i] ^ after[i]) & mask[i]));
    lanes.fold(0, i64::wrapping_add)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "x86_64")]
    use pulp::x86::{V3, V4};

    use super::*;

    fn archs() -> Vec<Arch> {
        let mut archs = vec![Arch::Scalar];
        #[cfg(target_arch = "x86_64")]
        {
            archs.extend(V3::try_new().map(Arch::V3));
            archs.extend(V4::try_new().map(Arch::V4));
        }
        archs
    }

    /// A generator of numbers below a limit.
    fn random() -> impl FnMut(u64) -> u64 {
        let mut seed = 1_u64;
        move |limit| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % limit
        }
    }

    fn is_sound(row: &[i64], num_features: usize, order: Order) -> bool {
        row.iter().all(|&index| (0..num_features as i64).contains(&index))
            && (order == Order::Any || row.windows(2).all(|pair| pair[0] < pair[1]))
    }

    /// Checks a block of rows, of which others stand around, against sums one by one: every order, on all instruction sets of
    /// this computer, with all types of indices.
    fn check(weights: &[i64], rows: &[Vec<i64>], block: Range<usize>) {
        // Entries before the rows are no part of them.
        let mut indptr = vec![3_i64];
        let mut indices = vec![-7_i64, i64::MAX, 7];
        for row in rows {
            indices.extend(row);
            indptr.push(indices.len() as i64);
        }
        check_as(
            weights,
            rows,
            block.clone(),
            &Rows::new(&indices, Bounds::Int64(&indptr), None).expect("well formed"),
        );
        let narrow: Vec<i32> = indptr.iter().map(|&place| i32::try_from(place).expect("small")).collect();
        check_as(
            weights,
            rows,
            block.clone(),
            &Rows::new(&indices, Bounds::Int32(&narrow), None).expect("well formed"),
        );
        if rows.iter().flatten().all(|&index| i32::try_from(index).is_ok()) {
            let indices: Vec<i32> = indices.iter().map(|&index| i32::try_from(index).unwrap_or(-7)).collect();
            check_as(weights, rows, block, &Rows::new(&indices, Bounds::Int64(&indptr), None).expect("well formed"));
        }
    }

    fn check_as<I: Integer>(weights: &[i64], rows: &[Vec<i64>], block: Range<usize>, csr: &Rows<I>) {
        assert_eq!(csr.len(), rows.len());
        let rows = &rows[block.clone()];
        let mut sums = RowSums::new(weights).expect("neither too few nor too many");
        for arch in archs() {
            sums.arch = arch;
            for order in [Order::Any, Order::Increasing] {
                let mut found = vec![];
                let is_done = sums.for_each_row(csr, block.clone(), order, |row, sum| found.push((row, sum)));
                assert_eq!(is_done, rows.iter().all(|row| is_sound(row, weights.len(), order)), "{order:?} {rows:?}");
                if is_done {
                    let sum = |row: &Vec<i64>| {
                        row.iter().fold(0, |sum: i64, &i| sum.wrapping_add(weights[usize::try_from(i).expect("sound")]))
                    };
                    assert_eq!(found, rows.iter().map(sum).enumerate().collect::<Vec<_>>());
                }
            }
        }
    }

    /// A strictly increasing row of some length.
    fn row(len: usize, num_features: usize, random: &mut impl FnMut(u64) -> u64) -> Vec<i64> {
        let mut row = std::collections::BTreeSet::new();
        while row.len() < len.min(num_features) {
            row.insert(random(num_features as u64).cast_signed());
        }
        row.into_iter().collect()
    }

    #[test]
    fn rows_of_every_length_at_every_place_in_the_lanes() {
        let mut random = random();
        for num_features in [1, 7, 600, SMALL, SMALL + 1, 3000] {
            let weights: Vec<i64> = (0..num_features).map(|_| (random(1 << 31) << 33).cast_signed()).collect();
            for start in 0..LANES {
                for len in [0, 1, 6, 7, 8, 9, 15, 16, 17, 250, 509, 510, 511, 512, 513, 520, 1100] {
                    let lengths = [start, len, 0, 0, 3, 2, 0];
                    let rows: Vec<_> = lengths.iter().map(|&len| row(len, num_features, &mut random)).collect();
                    check(&weights, &rows, 0..7);
                    check(&weights, &rows, 1..6);
                    check(&weights, &rows, 3..3);
                }
            }
        }
    }

    #[test]
    fn one_bad_index_anywhere_is_noticed() {
        let mut random = random();
        for num_features in [600_usize, SMALL, SMALL + 600] {
            let weights: Vec<i64> = (0..num_features).map(|_| random(1 << 31).cast_signed()).collect();
            let rows: Vec<_> = [5, 0, 70, 1, 460, 9].iter().map(|&len| row(len, num_features, &mut random)).collect();
            for i in 0..rows.len() {
                for position in 0..rows[i].len() {
                    let bad = [num_features as i64, 1 << 16, i64::MAX, i64::MIN, -1, i64::from(i32::MIN), 1 << 32];
                    let mut changed = rows.clone();
                    changed[i][position] = bad[position % bad.len()];
                    check(&weights, &changed, 0..rows.len());
                    if position > 0 {
                        // Repeated, and out of order: no harm where any order will do.
                        changed[i][position] = rows[i][position - 1];
                        check(&weights, &changed, 0..rows.len());
                        changed[i][position - 1] = rows[i][position];
                        check(&weights, &changed, 0..rows.len());
                    }
                }
            }
        }
    }

    #[test]
    fn a_table_has_a_feature_at_least_and_a_limit() {
        assert!(RowSums::new(&[]).is_none() && RowSums::new(&[1]).is_some());
        assert!(RowSums::new(&vec![1; LARGE]).is_some() && RowSums::new(&vec![1; LARGE + 1]).is_none());
        check(&vec![-1; LARGE], &[vec![65_535], vec![0, 65_535], vec![65_536]], 0..2);
        check(&vec![-1; LARGE], &[vec![65_535], vec![0, 65_535], vec![65_536]], 0..3);
    }
}
