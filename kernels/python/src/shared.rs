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
