//! Errors of a machine before the first opcode.

use std::fmt;

use revm::primitives::{Address, U256};

/// A transaction that cannot be run at all; the state is as before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The sender has less than the value it sends.
    InsufficientFunds {
        /// Who sends.
        sender: Address,
        /// Its balance, in wei.
        balance: U256,
        /// The amount to send, in wei.
        value: U256,
    },
    /// The sender has sent as many transactions as there are nonces (EIP-2681).
    NonceOverflow {
        /// Who sends.
        sender: Address,
    },
    /// Anything else, in the words of revm: the gas limit does not cover what is due before the first opcode.
    Refused(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsufficientFunds { sender, balance, value } => {
                write!(f, "the sender {sender} has {balance} wei and cannot send {value}")
            }
            Self::NonceOverflow { sender } => write!(f, "the sender {sender} has no nonce left; the last is 2^64 - 2"),
            Self::Refused(reason) => write!(f, "the transaction cannot be run: {reason}"),
        }
    }
}

impl std::error::Error for Error {}
