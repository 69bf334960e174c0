//! Every opcode that a transaction ran.

use revm::inspector::Inspector;
use revm::interpreter::Interpreter;
use revm::interpreter::interpreter_types::{InputsTr, Jumps, LegacyBytecode, LoopControl, MemoryTr};

/// One entry of each column a step; their meaning is that of `dcai.evm.engines.engine.Trace`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The program counter.
    pub pc: Vec<i64>,
    /// The opcode.
    pub op: Vec<u8>,
    /// 1 in the frame of the transaction, one more in each call.
    pub depth: Vec<i64>,
    /// The gas that its frame had left before the opcode.
    pub gas: Vec<i64>,
    /// The same after it, and after the frame that it opened; 0 where it halted.
    pub gas_after: Vec<i64>,
    /// The size of its frame's memory before the opcode, in bytes.
    pub memory: Vec<i64>,
}

/// Fills a [`Trace`] while revm runs.
#[derive(Debug, Default)]
pub struct Recorder {
    trace: Trace,
    /// The last step of each frame that is open, the outermost first.
    last: Vec<usize>,
}

impl Recorder {
    pub fn into_trace(self) -> Trace {
        self.trace
    }
}

impl<C> Inspector<C> for Recorder {
    fn initialize_interp(&mut self, frame: &mut Interpreter, _: &mut C) {
        self.last.truncate(frame.input.depth());
    }

    fn step(&mut self, frame: &mut Interpreter, _: &mut C) {
        if frame.bytecode.bytecode_len() == 0 {
            return; // a creation without code: revm runs the STOP that it pads it with
        }
        let depth = frame.input.depth();
        let gas = signed(frame.gas.remaining());
        // After a call or a creation this is the first sight of what it gave back.
        self.last.truncate(depth + 1);
        if let Some(&last) = self.last.get(depth) {
            self.trace.gas_after[last] = gas;
            self.last.truncate(depth);
        }
        self.last.push(self.trace.pc.len());
        // revm pads code with zeros, enough for the data of a last PUSH and for a STOP after them.
        self.trace.pc.push(signed(frame.bytecode.pc() as u64));
        self.trace.op.push(frame.bytecode.opcode());
        self.trace.depth.push(signed(depth as u64 + 1));
        self.trace.gas.push(gas);
        self.trace.gas_after.push(gas);
        self.trace.memory.push(signed(frame.memory.size() as u64));
    }

    fn step_end(&mut self, frame: &mut Interpreter, _: &mut C) {
        if frame.bytecode.bytecode_len() == 0 {
            return;
        }
        let gas = frame.gas.remaining();
        let result = frame.bytecode.action().as_ref().and_then(|action| action.instruction_result());
        let left = if result.is_some_and(|result| result.is_halt()) { 0 } else { gas };
        if let Some(&last) = self.last.last() {
            self.trace.gas_after[last] = signed(left);
        }
    }
}

/// A column of numpy's int64; only gas limits beyond any block's do not fit.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
