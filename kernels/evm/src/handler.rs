//! Frame of a transaction around its opcodes: as on mainnet, without signatures, blocks and fees.

use std::convert::Infallible;
use std::marker::PhantomData;

use revm::MainnetEvm;
use revm::context::journaled_state::account::JournaledAccountTr;
use revm::context::result::{EVMError, HaltReason, InvalidTransaction, ResultGas};
use revm::context::{Block, ContextTr, JournalTr, Transaction};
use revm::handler::post_execution::build_result_gas;
use revm::handler::{EvmTr, FrameResult, Handler, MainnetContext};
use revm::inspector::{Inspector, InspectorHandler};
use revm::interpreter::InitialAndFloorGas;
use revm::interpreter::interpreter::EthInterpreter;

use crate::World;

pub type Context<'w> = MainnetContext<&'w mut World>;
pub type Machine<'w, I> = MainnetEvm<Context<'w>, I>;
pub type Refusal = EVMError<Infallible, InvalidTransaction>;

/// Runs a transaction for free from any sender, and reports its gas before refund and floor.
pub struct Free<'w, I>(PhantomData<(&'w (), I)>);

impl<I> Default for Free<'_, I> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<'w, I> Handler for Free<'w, I> {
    type Evm = Machine<'w, I>;
    type Error = Refusal;
    type HaltReason = HaltReason;

    /// Leaves out what concerns blocks, prices and signatures: whether a transaction fits in a block is the caller's.
    fn validate_env(&self, _: &mut Self::Evm) -> Result<(), Refusal> {
        Ok(())
    }

    /// Counts the transaction. Any account may send, one with code too (unlike EIP-3607).
    fn validate_against_state_and_deduct_caller(
        &self,
        evm: &mut Self::Evm,
        _: &mut InitialAndFloorGas,
    ) -> Result<(), Refusal> {
        let (tx, journal) = evm.ctx_mut().tx_journal_mut();
        let mut sender = journal.load_account_with_code_mut(tx.caller())?.data;
        if *sender.balance() < tx.value() {
            let (fee, balance) = (Box::new(tx.value()), Box::new(*sender.balance()));
            return Err(InvalidTransaction::LackOfFundForMaxFee { fee, balance }.into());
        }
        if sender.nonce() == u64::MAX {
            return Err(InvalidTransaction::NonceOverflowInTransaction.into());
        }
        // A creation counts it in its frame, after the address is made of the nonce.
        sender.touch();
        if tx.kind().is_call() {
            sender.bump_nonce();
        }
        Ok(())
    }

    /// Neither caps the refund nor applies the floor, and pays nobody; but the coinbase is touched, as if it were paid
    /// nothing (EIP-161).
    fn post_execution(
        &self,
        evm: &mut Self::Evm,
        result: &mut FrameResult,
        _: InitialAndFloorGas,
        _: i64,
    ) -> Result<ResultGas, Refusal> {
        let coinbase = evm.ctx().block().beneficiary();
        evm.ctx_mut().journal_mut().load_account_mut(coinbase)?.touch();
        Ok(build_result_gas(false, result.gas(), InitialAndFloorGas::default()))
    }
}

impl<'w, I: Inspector<Context<'w>>> InspectorHandler for Free<'w, I> {
    type IT = EthInterpreter;
}
