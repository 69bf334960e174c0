//! One transaction at a time on one world state.

use revm::context::result::{EVMError, ExecutionResult, InvalidTransaction};
use revm::context::{BlockEnv, CfgEnv, ContextTr, JournalTr, TxEnv};
use revm::handler::Handler;
use revm::inspector::InspectorHandler;
use revm::primitives::{Address, B256, Bytes, Log, TxKind, U256};
use revm::state::EvmState;
use revm::{Context, MainBuilder};

use crate::halt::LastStep;
use crate::handler::{self, Free, Refusal};
use crate::trace::Recorder;
use crate::{Error, Fork, Trace, World, halt};

/// Fields of the current block that contracts can read. Its base fee is zero, and its blob base fee the least, 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// In seconds since 1970.
    pub timestamp: u64,
    /// Its gas limit, which bounds no transaction here.
    pub gas_limit: u64,
    /// The number of the chain.
    pub chain_id: u64,
    /// Who would get the fees.
    pub coinbase: Address,
    /// The randomness of the beacon chain (EIP-4399), which stands where the difficulty stood before.
    pub prevrandao: B256,
}

/// One message to run, unsigned. The caller has made sure that the gas limit covers what is due up front, and that
/// creation code is not too long.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// Any account.
    pub sender: Address,
    /// None creates a contract of `data`.
    pub to: Option<Address>,
    /// Calldata, or creation code and arguments.
    pub data: Bytes,
    /// In wei.
    pub value: U256,
    /// Gas limit of the sender.
    pub gas_limit: u64,
}

/// When the effects of a transaction stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Whatever became of it.
    Always,
    /// Only where it succeeded.
    Success,
    /// Never.
    Never,
}

/// Result of a transaction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Execution {
    /// Whether it ran to its end.
    pub success: bool,
    /// Intrinsic gas, calldata and execution, before any refund and regardless of the calldata floor.
    pub gas_spent: u64,
    /// The refund that the execution earned, before the cap.
    pub gas_refund: u64,
    /// Returned data, or the data of the revert.
    pub output: Bytes,
    /// Empty unless it succeeded.
    pub logs: Vec<Log>,
    /// The contract that it created.
    pub created: Option<Address>,
    /// Why it stopped where it neither succeeded nor reverted.
    pub halt: Option<&'static str>,
}

/// An EVM with one world state, under the rules of one fork.
///
/// revm is built anew for each transaction, on nothing but the world state: so accounts and slots are cold at its
/// start, the original value of each slot is what the last transaction left, and transient storage is empty.
///
/// Nothing here panics. revm does where its database fails, and this one does not; where a transaction counter
/// overflows, and each has a counter of its own; where a block is used that its fork does not allow, and
/// [`Block`] cannot say such. It keeps its call stack on the heap, and memory is bounded by 4 GiB, which no gas
/// limit below 2^44 pays for: beyond it a frame is out of gas.
#[derive(Clone, Debug)]
pub struct Evm {
    fork: Fork,
    block: Block,
    world: World,
}

impl Evm {
    /// An EVM without any account.
    #[must_use]
    pub fn new(fork: Fork, block: Block) -> Self {
        Self { fork, block, world: World::new(fork) }
    }

    /// Let the next transactions run in another block.
    pub fn set_block(&mut self, block: Block) {
        self.block = block;
    }

    /// The state.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The state, to be changed outside of any transaction.
    pub fn world_mut(&mut self) -> &mut World {
        &mut self.world
    }

    /// Run one transaction.
    ///
    /// # Errors
    ///
    /// The transaction cannot be run at all; a failed transaction is an [`Execution`].
    pub fn execute(&mut self, transaction: &Transaction, keep: Keep) -> Result<Execution, Error> {
        let ran = self.run(transaction, (), |machine| Free::default().run(machine))?;
        self.settle(transaction, keep, ran.result, ran.state)
    }

    /// Run one transaction, and record every step.
    ///
    /// # Errors
    ///
    /// As for [`Self::execute`].
    pub fn trace(&mut self, transaction: &Transaction, keep: Keep) -> Result<(Execution, Trace), Error> {
        let ran = self.run(transaction, Recorder::default(), |machine| Free::default().inspect_run(machine))?;
        let execution = self.settle(transaction, keep, ran.result, ran.state)?;
        Ok((execution, ran.inspector.into_trace()))
    }

    /// Run a transaction, and change nothing yet.
    fn run<I>(
        &mut self,
        transaction: &Transaction,
        inspector: I,
        run: impl FnOnce(&mut handler::Machine<'_, I>) -> Result<ExecutionResult, Refusal>,
    ) -> Result<Ran<I>, Error> {
        let (cfg, block, tx) = (self.cfg_env(), self.block_env(), self.tx_env(transaction));
        let context: handler::Context<'_> = Context::new(&mut self.world, self.fork.0);
        let context = context.with_cfg(cfg).with_block(block).with_tx(tx);
        let mut machine = context.build_mainnet_with_inspector(inspector);
        let result = run(&mut machine).map_err(|refusal| refused(transaction.sender, refusal))?;
        let state = machine.ctx.journal_mut().finalize();
        Ok(Ran { result, state, inspector: machine.into_inspector() })
    }

    /// Make a record of what became of a transaction, and keep its effects or not.
    fn settle(
        &mut self,
        transaction: &Transaction,
        keep: Keep,
        result: ExecutionResult,
        state: EvmState,
    ) -> Result<Execution, Error> {
        let success = result.is_success();
        let mut execution = execution(result);
        if let Some(class) = execution.halt.filter(|class| halt::is_ambiguous(class)) {
            let again = self.run(transaction, LastStep::default(), |machine| Free::default().inspect_run(machine))?;
            execution.halt = Some(again.inspector.first_reason(class, self.fork.0));
        }
        if keep == Keep::Always || (keep == Keep::Success && success) {
            self.world.commit(state);
        }
        Ok(execution)
    }

    fn cfg_env(&self) -> CfgEnv {
        let mut cfg = CfgEnv::new_with_spec(self.fork.0).with_chain_id(self.block.chain_id);
        // EIP-7825 bounds transactions, which is for the caller to check, and not calls.
        cfg.tx_gas_limit_cap = Some(u64::MAX);
        cfg
    }

    fn block_env(&self) -> BlockEnv {
        let Block { number, timestamp, gas_limit, coinbase, prevrandao, .. } = self.block;
        BlockEnv {
            number: U256::from(number),
            timestamp: U256::from(timestamp),
            gas_limit,
            beneficiary: coinbase,
            prevrandao: Some(prevrandao),
            ..BlockEnv::default()
        }
    }

    fn tx_env(&self, transaction: &Transaction) -> TxEnv {
        let Transaction { sender, to, value, gas_limit, .. } = *transaction;
        TxEnv {
            caller: sender,
            gas_limit,
            kind: to.map_or(TxKind::Create, TxKind::Call),
            value,
            data: transaction.data.clone(),
            nonce: self.world.nonce(sender),
            chain_id: Some(self.block.chain_id),
            ..TxEnv::default()
        }
    }
}

/// Result of a run, before anything is kept.
struct Ran<I> {
    result: ExecutionResult,
    state: EvmState,
    inspector: I,
}

fn execution(result: ExecutionResult) -> Execution {
    let gas = *result.gas();
    let spent = Execution { gas_spent: gas.total_gas_spent(), ..Execution::default() };
    match result {
        ExecutionResult::Success { logs, output, .. } => Execution {
            success: true,
            gas_refund: gas.inner_refunded(),
            created: output.address().copied(),
            output: output.into_data(),
            logs,
            ..spent
        },
        ExecutionResult::Revert { output, .. } => Execution { output, ..spent },
        ExecutionResult::Halt { reason, .. } => Execution { halt: Some(halt::describe(&reason)), ..spent },
    }
}

fn refused(sender: Address, refusal: Refusal) -> Error {
    match refusal {
        EVMError::Transaction(InvalidTransaction::LackOfFundForMaxFee { fee, balance }) => {
            Error::InsufficientFunds { sender, balance: *balance, value: *fee }
        }
        EVMError::Transaction(InvalidTransaction::NonceOverflowInTransaction) => Error::NonceOverflow { sender },
        other => Error::Refused(other.to_string()),
    }
}
