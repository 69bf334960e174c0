//! A model that several Python threads may hold.

use std::sync::{PoisonError, RwLock};

use pyo3::Python;

/// A model behind a lock: many predict at once, one updates.
///
/// The GIL is released before the lock is taken, so a thread that waits here never keeps others from finishing.
pub struct Shared<M>(RwLock<M>);

impl<M: Send + Sync> Shared<M> {
    pub fn new(model: M) -> Self {
        Self(RwLock::new(model))
    }

    pub fn read<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&M) -> T + Send) -> T {
        // A lock is poisoned only by a panic, and the core changes a model after all that can fail.
        py.detach(|| work(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }

    pub fn write<T: Send>(&self, py: Python<'_>, work: impl FnOnce(&mut M) -> T + Send) -> T {
        py.detach(|| work(&mut self.0.write().unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Work on a single sample of a few items takes less time than to release the GIL and to take it again. It keeps the GIL
/// where nobody else has the lock; nobody who has it waits for the GIL, so the next one is at most as late as the work is long.
impl<M: Send + Sync> Shared<M> {
    pub fn read_sample<T: Send>(&self, py: Python<'_>, len: usize, work: impl FnOnce(&M) -> T + Send) -> T {
        match self.0.try_read() {
            Ok(model) if len <= FEW => work(&model),
            model => {
                drop(model);
                self.read(py, work)
            }
        }
    }

    pub fn write_sample<T: Send>(&self, py: Python<'_>, len: usize, work: impl FnOnce(&mut M) -> T + Send) -> T {
        match self.0.try_write() {
            Ok(mut model) if len <= FEW => work(&mut model),
            model => {
                drop(model);
                self.write(py, work)
            }
        }
    }
}

/// Items of a sample that takes some microseconds at most.
const FEW: usize = 1 << 12;

impl<M: Clone + Eq + Send + Sync> Shared<M> {
    pub fn copy(&self, py: Python<'_>) -> Self {
        Self::new(self.read(py, M::clone))
    }

    /// Whether two models are in the same state. The other is copied first: two locks are never held at once.
    pub fn equals(&self, py: Python<'_>, other: &Self) -> bool {
        let other = other.read(py, M::clone);
        self.read(py, |model| *model == other)
    }
}
