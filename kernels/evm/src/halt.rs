//! Why a transaction stopped, in the words that all engines share.

use revm::context::result::HaltReason;

/// The class of a halt, without numbers.
pub fn describe(reason: &HaltReason) -> &'static str {
    match reason {
        HaltReason::OutOfGas(_) => "Out of gas",
        // An opcode of a later fork is no opcode.
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode | HaltReason::NotActivated => "Invalid opcode",
        HaltReason::InvalidJump => "Invalid jump destination",
        HaltReason::StackUnderflow => "Stack underflow",
        HaltReason::StackOverflow => "Stack overflow",
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => "Write in a static call",
        HaltReason::OutOfOffset => "Return data out of bounds",
        HaltReason::CreateContractSizeLimit => "Contract code too large",
        HaltReason::CreateContractStartingWithEF => "Contract code begins with 0xEF",
        HaltReason::CreateCollision => "Address collision",
        HaltReason::CreateInitCodeSizeLimit => "Initcode too large",
        HaltReason::PrecompileError | HaltReason::PrecompileErrorWithContext(_) => "Invalid input of a precompile",
        HaltReason::NonceOverflow => "Nonce overflow",
        HaltReason::OverflowPayment => "Balance overflow",
        HaltReason::OutOfFunds => "Insufficient funds",
        HaltReason::CallTooDeep => "Call too deep",
    }
}
