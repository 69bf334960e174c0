//! Batches of samples: views of memory that someone else owns, and the loop over their rows.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use pulp::Arch;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Result};

/// An error of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// Index of the first row that is refused; None where the batch as a whole is.
    pub row: Option<usize>,
    /// Why.
    pub error: Error,
}

/// Why a batch has no labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BatchError {
    /// A row is refused.
    Row(RowError),
    /// Some row stores a value other than 1, which is no presence: see [`CsrRows::with_values`].
    NotOne,
}

impl BatchError {
    fn row(&self) -> Option<usize> {
        match self {
            Self::Row(error) => error.row,
            Self::NotOne => None,
        }
    }
}

impl From<RowError> for BatchError {
    fn from(error: RowError) -> Self {
        Self::Row(error)
    }
}

/// An integer type in which callers hold feature indices.
pub trait FeatureIndex: Copy + Sync + Into<i64> {}
impl FeatureIndex for i32 {}
impl FeatureIndex for i64 {}

/// A batch of samples.
pub trait Rows: Sync {
    /// Type of a feature or of a feature index.
    type Item;
    /// Number of rows.
    fn len(&self) -> usize;
    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// Row `i`, which must be below `len()`.
    fn row(&self, i: usize) -> &[Self::Item];
    /// Number of items in all rows.
    fn num_items(&self) -> usize;
    /// Whether the rows are what they should be beside their items: whatever else is stored of them is 1.
    fn are_ones(&self, _rows: Range<usize>) -> bool {
        true
    }
}

/// Dense rows, one after another in memory.
#[derive(Debug, Clone, Copy)]
pub struct DenseRows<'a> {
    values: &'a [i64],
    len: usize,
    dimension: usize,
}

impl<'a> DenseRows<'a> {
    /// `len` rows of `dimension` values each; None unless there are `len * dimension` values.
    pub fn new(values: &'a [i64], len: usize, dimension: usize) -> Option<Self> {
        (len.checked_mul(dimension) == Some(values.len())).then_some(Self { values, len, dimension })
    }
}

impl DenseRows<'_> {
    /// All numbers of some rows, which must be below `len()`.
    pub(crate) fn block(&self, rows: Range<usize>) -> &[i64] {
        &self.values[rows.start * self.dimension..rows.end * self.dimension]
    }

    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }
}

impl Rows for DenseRows<'_> {
    type Item = i64;

    fn len(&self) -> usize {
        self.len
    }

    fn row(&self, i: usize) -> &[i64] {
        &self.values[i * self.dimension..(i + 1) * self.dimension]
    }

    fn num_items(&self) -> usize {
        self.values.len()
    }
}

/// Sparse rows in compressed form (CSR): row `i` holds `indices[indptr[i]..indptr[i + 1]]`.
#[derive(Clone, Copy)]
pub struct CsrRows<'a, P, I> {
    indptr: &'a [P],
    indices: &'a [I],
    values: Option<&'a dyn Values>,
}

impl<'a, P: FeatureIndex, I> CsrRows<'a, P, I> {
    /// A view of the rows. Where it is no valid CSR form, says what is wrong and where.
    pub fn new(indptr: &'a [P], indices: &'a [I]) -> std::result::Result<Self, String> {
        let Some(&first) = indptr.first() else {
            return Err("indptr is empty; it needs one entry more than there are rows".into());
        };
        if first.into() < 0 {
            return Err(format!("indptr[0] = {} is negative", first.into()));
        }
        // Without a way out in the middle, so that many are compared at a time.
        let pairs = indptr.iter().zip(&indptr[1..]);
        if !pairs.fold(true, |sorted, (&start, &end)| sorted & (start.into() <= end.into())) {
            let i = (1..indptr.len()).find(|&i| indptr[i].into() < indptr[i - 1].into()).unwrap_or_default();
            return Err(format!("indptr decreases at {i}: {} follows {}", indptr[i].into(), indptr[i - 1].into()));
        }
        let end = indptr[indptr.len() - 1].into();
        if usize::try_from(end).map_or(true, |end| end > indices.len()) {
            return Err(format!("indptr ends at {end}, but there are {} indices", indices.len()));
        }
        Ok(Self { indptr, indices, values: None })
    }

    /// The same rows with the values that a matrix stores at its indices. Presence is a 1: a batch with another value gets
    /// no labels. The values are looked at while the labels are made, so that memory is read once.
    #[must_use]
    pub fn with_values(self, values: Option<&'a dyn Values>) -> Self {
        Self { values, ..self }
    }

    #[inline(always)]
    fn bound(&self, i: usize) -> usize {
        // `new` has checked that each entry is within `0..=indices.len()`.
        usize::try_from(self.indptr[i].into()).unwrap_or(usize::MAX)
    }

    /// Where some rows start and end, and all their items.
    pub(crate) fn block(&self, rows: Range<usize>) -> (&'a [P], &'a [I]) {
        (&self.indptr[rows.start..=rows.end], &self.indices[self.bound(rows.start)..self.bound(rows.end)])
    }

    /// Length of the longest row.
    pub(crate) fn longest(&self) -> usize {
        (0..self.indptr.len() - 1).map(|i| self.bound(i + 1) - self.bound(i)).max().unwrap_or(0)
    }
}

impl<P: FeatureIndex, I: FeatureIndex> Rows for CsrRows<'_, P, I> {
    type Item = I;

    fn len(&self) -> usize {
        self.indptr.len() - 1
    }

    #[inline(always)]
    fn row(&self, i: usize) -> &[I] {
        &self.indices[self.bound(i)..self.bound(i + 1)]
    }

    fn num_items(&self) -> usize {
        self.bound(self.indptr.len() - 1) - self.bound(0)
    }

    #[inline(always)]
    fn are_ones(&self, rows: Range<usize>) -> bool {
        self.values.is_none_or(|values| values.are_ones(self.bound(rows.start)..self.bound(rows.end)))
    }
}

/// The values that a sparse matrix stores.
pub trait Values: Sync {
    /// Whether there are values in these places, all of them 1.
    fn are_ones(&self, places: Range<usize>) -> bool;
}

macro_rules! values {
    ($($number:ty = $one:expr),*) => {$(
        impl Values for &[$number] {
            fn are_ones(&self, places: Range<usize>) -> bool {
                let Some(values) = self.get(places) else { return false };
                // Without a way out in the middle, so that many are compared at a time.
                Arch::new().dispatch(|| values.iter().fold(true, |ones, &value| ones & (value == $one)))
            }
        }
    )*};
}
values!(f64 = 1.0, f32 = 1.0, i64 = 1, i32 = 1, i16 = 1, i8 = 1, u8 = 1, bool = true);

/// Labels of all rows, on all cores; the error of the first row that is refused.
pub(crate) fn predict_rows<R: Rows>(
    rows: &R,
    predict: impl Fn(&[R::Item]) -> Result<u64> + Sync,
) -> std::result::Result<Vec<u64>, BatchError> {
    predict_blocks(rows, |block, labels| predict_each(rows, block, labels, &predict))
}

/// Labels of a block, row after row; the error of the first that is refused.
pub(crate) fn predict_each<R: Rows>(
    rows: &R,
    block: Range<usize>,
    labels: &mut [u64],
    predict: impl Fn(&[R::Item]) -> Result<u64>,
) -> std::result::Result<(), RowError> {
    for (row, label) in block.zip(labels) {
        *label = predict(rows.row(row)).map_err(|error| RowError { row: Some(row), error })?;
    }
    Ok(())
}

/// Labels of all rows, on all cores, where `predict` gives those of a block; the error of the first row that is refused.
pub(crate) fn predict_blocks<R: Rows>(
    rows: &R,
    predict: impl Fn(Range<usize>, &mut [u64]) -> std::result::Result<(), RowError> + Sync,
) -> std::result::Result<Vec<u64>, BatchError> {
    /// Items in a block: some microseconds of work, well above the cost of handing out a task.
    const ITEMS: usize = 1 << 14;
    // Dense rows are read four at a time, so that a block should have no odd ones.
    let num_rows = ((ITEMS * rows.len()) / rows.num_items().max(1) + 1).next_multiple_of(4);

    let mut labels = vec![0; rows.len()];
    let predict_block = |(block, labels): (usize, &mut [u64])| {
        let rows_of_block = block * num_rows..block * num_rows + labels.len();
        if !rows.are_ones(rows_of_block.clone()) {
            return Some(BatchError::NotOne);
        }
        predict(rows_of_block, labels).err().map(BatchError::Row)
    };
    let pool = if rows.len() > num_rows { thread_pool().filter(|pool| pool.current_num_threads() > 1) } else { None };
    let refused = match pool {
        // All blocks are asked: which thread is first does not change which row is.
        Some(pool) => pool.install(|| {
            let blocks = labels.par_chunks_mut(num_rows).enumerate();
            blocks.filter_map(predict_block).min_by_key(BatchError::row)
        }),
        None => labels.chunks_mut(num_rows).enumerate().find_map(predict_block),
    };
    match refused {
        None => Ok(labels),
        // What no contract could be sent comes before what a contract refuses.
        Some(_) if !rows.are_ones(0..rows.len()) => Err(BatchError::NotOne),
        Some(refused) => Err(refused),
    }
}

/// The threads of this process; None where it can have none.
///
/// A fork copies a process without its threads, so a pool from before the fork would wait for ever. The child gets its own.
fn thread_pool() -> Option<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let process = std::process::id();
    let mut pool = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*pool {
        Some((owner, pool)) if *owner == process => Some(pool.clone()),
        _ => {
            let own = Arc::new(ThreadPoolBuilder::new().build().ok()?);
            // The parent's pool is forgotten, not dropped: its threads are not here to hear of it.
            std::mem::forget(pool.replace((process, own.clone())));
            Some(own)
        }
    }
}

/// Updates row after row, as transactions follow one another. Stops at the first row that is refused; what the rows
/// before it did stays, as on a chain.
pub(crate) fn update_rows<R: Rows>(
    rows: &R,
    labels: &[u64],
    mut update: impl FnMut(&[R::Item], u64) -> Result<bool>,
) -> std::result::Result<Vec<bool>, RowError> {
    debug_assert_eq!(rows.len(), labels.len());
    labels
        .iter()
        .enumerate()
        .map(|(row, &label)| update(rows.row(row), label).map_err(|error| RowError { row: Some(row), error }))
        .collect()
}
