//! Why a transaction stopped, in the words that all engines share.
//!
//! An opcode may have two reasons to fail, too few words on the stack and too little gas for one, and revm and py-evm
//! check some of them in another order. All gas is gone either way; the reason given here is the one that py-evm
//! meets first. For that the last step is looked at again.

use revm::bytecode::opcode::{self, OpCode};
use revm::context::result::{HaltReason, OutOfGasError};
use revm::inspector::Inspector;
use revm::interpreter::Interpreter;
use revm::interpreter::interpreter_types::{InputsTr, Jumps, ReturnData};
use revm::primitives::U256;
use revm::primitives::hardfork::SpecId;

const OUT_OF_GAS: &str = "Out of gas";
const INVALID_OPCODE: &str = "Invalid opcode";
const STACK_UNDERFLOW: &str = "Stack underflow";
const STACK_OVERFLOW: &str = "Stack overflow";
const RETURN_DATA: &str = "Return data out of bounds";

/// The class of a halt, without numbers.
pub fn describe(reason: &HaltReason) -> &'static str {
    match reason {
        // One word for all that stops a precompile that a transaction goes to: whether it lacks gas or its input is bad
        // is checked in another order by each engine.
        HaltReason::PrecompileError
        | HaltReason::PrecompileErrorWithContext(_)
        | HaltReason::OutOfGas(OutOfGasError::Precompile) => "Precompile failed",
        // EIP-3860: creation code that is too long is out of gas where an opcode creates.
        HaltReason::OutOfGas(_) | HaltReason::CreateInitCodeSizeLimit => OUT_OF_GAS,
        // An opcode of a later fork is no opcode.
        HaltReason::OpcodeNotFound | HaltReason::InvalidFEOpcode | HaltReason::NotActivated => INVALID_OPCODE,
        HaltReason::InvalidJump => "Invalid jump destination",
        HaltReason::StackUnderflow => STACK_UNDERFLOW,
        HaltReason::StackOverflow => STACK_OVERFLOW,
        HaltReason::StateChangeDuringStaticCall | HaltReason::CallNotAllowedInsideStatic => "Write in a static call",
        HaltReason::OutOfOffset => RETURN_DATA,
        HaltReason::CreateContractSizeLimit => "Contract code too large",
        HaltReason::CreateContractStartingWithEF => "Contract code begins with 0xEF",
        HaltReason::CreateCollision => "Address collision",
        HaltReason::NonceOverflow => "Nonce overflow",
        HaltReason::OverflowPayment => "Balance overflow",
        HaltReason::OutOfFunds => "Insufficient funds",
        HaltReason::CallTooDeep => "Call too deep",
    }
}

/// Whether the last step may have had another reason as well.
pub fn is_ambiguous(class: &str) -> bool {
    [OUT_OF_GAS, STACK_UNDERFLOW, STACK_OVERFLOW].contains(&class)
}

/// Remembers the last step of the outermost frame.
#[derive(Debug, Default)]
pub struct LastStep(Option<Step>);

#[derive(Debug)]
struct Step {
    opcode: u8,
    gas: u64,
    /// On the stack.
    words: usize,
    /// Whether RETURNDATACOPY would read beyond what was returned.
    reads_beyond: bool,
}

impl LastStep {
    /// Returns the reason of the last step that py-evm checks first.
    pub fn first_reason(&self, class: &'static str, fork: SpecId) -> &'static str {
        let Some(step) = &self.0 else { return class };
        let Some(inputs) = inputs(step.opcode, fork) else { return INVALID_OPCODE };
        let is_short = step.words < inputs;
        match step.opcode {
            // EIP-2200: before anything else.
            opcode::SSTORE if step.gas <= 2_300 => OUT_OF_GAS,
            // revm calls an overflow whatever DUP and SWAP cannot do.
            opcode::DUP1..=opcode::SWAP16 if is_short && class == STACK_OVERFLOW => STACK_UNDERFLOW,
            // Their whole price depends on their operands, which are taken first.
            opcode::BALANCE
            | opcode::EXTCODESIZE
            | opcode::EXTCODECOPY
            | opcode::EXTCODEHASH
            | opcode::SLOAD
            | opcode::CREATE
            | opcode::CREATE2
            | opcode::CALL
            | opcode::CALLCODE
            | opcode::DELEGATECALL
            | opcode::STATICCALL
                if is_short =>
            {
                STACK_UNDERFLOW
            }
            // The same for all but the price of a log without topics and data.
            opcode::LOG0..=opcode::LOG4 if is_short && step.gas >= 375 => STACK_UNDERFLOW,
            // Checked before the price of the words.
            opcode::RETURNDATACOPY if !is_short && step.gas >= 3 && step.reads_beyond => RETURN_DATA,
            _ => class,
        }
    }
}

/// The words that an opcode takes; None where the fork has no such opcode.
fn inputs(opcode: u8, fork: SpecId) -> Option<usize> {
    let since = match opcode {
        opcode::PUSH0 => SpecId::SHANGHAI,
        opcode::TLOAD | opcode::TSTORE | opcode::MCOPY | opcode::BLOBHASH | opcode::BLOBBASEFEE => SpecId::CANCUN,
        opcode::CLZ => SpecId::OSAKA,
        opcode::SLOTNUM | opcode::DUPN | opcode::SWAPN | opcode::EXCHANGE => SpecId::AMSTERDAM,
        _ => SpecId::LONDON,
    };
    let known = OpCode::new(opcode).filter(|_| fork.is_enabled_in(since))?;
    Some(known.inputs().into())
}

impl<C> Inspector<C> for LastStep {
    fn step(&mut self, frame: &mut Interpreter, _: &mut C) {
        if frame.input.depth() > 0 {
            return;
        }
        let stack = frame.stack.data().as_slice();
        let reads_beyond = match stack {
            [.., size, from, _] => {
                let end = from.checked_add(*size);
                end.is_none_or(|end| end > U256::from(frame.return_data.buffer().len()))
            }
            _ => false,
        };
        let (opcode, gas) = (frame.bytecode.opcode(), frame.gas.remaining());
        self.0 = Some(Step { opcode, gas, words: stack.len(), reads_beyond });
    }
}
