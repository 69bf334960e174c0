//! A fast EVM behind a small interface: one world state, one transaction at a time on it, each isolated from those
//! before it. No Python, no blocks, no signatures, no fees.
//!
//! The machine is revm; this crate decides what surrounds it. See [`Evm`].

mod error;
mod evm;
mod fork;
mod halt;
mod handler;
mod trace;
mod world;

pub use error::Error;
pub use evm::{Block, Evm, Execution, Keep, Transaction};
pub use fork::Fork;
pub use revm::primitives::{Address, B256, Bytes, Log, U256};
pub use trace::Trace;
pub use world::{Account, World};
