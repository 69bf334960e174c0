//! The world state: every account, between transactions.

use std::collections::BTreeMap;
use std::convert::Infallible;

use revm::Database;
use revm::bytecode::Bytecode;
use revm::primitives::{Address, AddressMap, B256, Bytes, StorageKeyMap, U256};
use revm::state::{AccountInfo, EvmState};

use crate::Fork;

/// The whole state of one account, as it is put into a world or read from it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Transactions sent, or contracts created.
    pub nonce: u64,
    /// In wei.
    pub balance: U256,
    /// Runtime code.
    pub code: Bytes,
    /// Slots that are not zero.
    pub storage: BTreeMap<U256, U256>,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    /// Its code is always there, analysed.
    info: AccountInfo,
    /// Slots that are not zero.
    storage: StorageKeyMap<U256>,
}

/// Every account that exists, by address.
#[derive(Clone, Debug)]
pub struct World {
    fork: Fork,
    entries: AddressMap<Entry>,
}

impl World {
    pub(crate) fn new(fork: Fork) -> Self {
        Self { fork, entries: AddressMap::default() }
    }

    /// The nonce of an account.
    #[must_use]
    pub fn nonce(&self, address: Address) -> u64 {
        self.entries.get(&address).map_or(0, |entry| entry.info.nonce)
    }

    /// The balance of an account in wei.
    #[must_use]
    pub fn balance(&self, address: Address) -> U256 {
        self.entries.get(&address).map_or(U256::ZERO, |entry| entry.info.balance)
    }

    /// The runtime code of an account, empty where it has none.
    #[must_use]
    pub fn code(&self, address: Address) -> Bytes {
        self.entries.get(&address).map_or_else(Bytes::new, Entry::code)
    }

    /// One word of storage.
    #[must_use]
    pub fn storage_at(&self, address: Address, slot: U256) -> U256 {
        self.entries.get(&address).and_then(|entry| entry.storage.get(&slot)).copied().unwrap_or_default()
    }

    /// Every slot of an account that is not zero, in ascending order.
    #[must_use]
    pub fn storage(&self, address: Address) -> BTreeMap<U256, U256> {
        self.entries.get(&address).map_or_else(BTreeMap::new, Entry::storage)
    }

    /// Every account that exists, in ascending order of addresses.
    pub fn accounts(&self) -> impl Iterator<Item = (Address, Account)> {
        let mut entries: Vec<_> = self.entries.iter().collect();
        entries.sort_unstable_by_key(|(address, _)| **address);
        entries.into_iter().map(|(address, entry)| (*address, entry.account()))
    }

    /// Replace an account, its storage included; one without anything exists as well, until it is touched.
    pub fn set_account(&mut self, address: Address, account: Account) {
        let Account { nonce, balance, code, storage } = account;
        let code = self.analysed(code);
        let info = AccountInfo::new(balance, nonce, code.hash_slow(), code);
        let storage = storage.into_iter().filter(|(_, word)| !word.is_zero()).collect();
        self.entries.insert(address, Entry { info, storage });
    }

    /// Remove every account.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    fn analysed(&self, code: Bytes) -> Bytecode {
        // What looks like a delegation is code like any other before the fork that brings them, and so is what only
        // begins like one.
        if self.fork.has_delegations()
            && let Ok(delegation) = Bytecode::new_eip7702_raw(code.clone())
        {
            return delegation;
        }
        Bytecode::new_legacy(code)
    }

    /// Take over what a transaction left.
    pub(crate) fn commit(&mut self, state: EvmState) {
        for (address, account) in state {
            if !account.is_touched() {
                continue;
            }
            // EIP-161: an account that is touched and has nothing does not exist.
            if account.is_selfdestructed() || account.is_empty() {
                self.entries.remove(&address);
                continue;
            }
            let entry = self.entries.entry(address).or_default();
            if account.is_created() {
                entry.storage.clear();
            }
            entry.info = account.info;
            // An undone creation leaves `None` as code, in place of empty code.
            entry.info.code.get_or_insert_default();
            for (slot, word) in account.storage.into_iter().map(|(slot, word)| (slot, word.present_value)) {
                if word.is_zero() {
                    entry.storage.remove(&slot);
                } else {
                    entry.storage.insert(slot, word);
                }
            }
        }
    }
}

impl Entry {
    fn code(&self) -> Bytes {
        self.info.code.as_ref().map_or_else(Bytes::new, Bytecode::original_bytes)
    }

    fn storage(&self) -> BTreeMap<U256, U256> {
        self.storage.iter().map(|(slot, word)| (*slot, *word)).collect()
    }

    fn account(&self) -> Account {
        Account { nonce: self.info.nonce, balance: self.info.balance, code: self.code(), storage: self.storage() }
    }
}

/// State that revm reads while a transaction runs; it writes to its own journal.
impl Database for World {
    type Error = Infallible;

    fn basic(&mut self, address: Address) -> Result<Option<AccountInfo>, Infallible> {
        Ok(self.entries.get(&address).map(|entry| entry.info.clone()))
    }

    /// Never asked: `basic` gives the code as well.
    fn code_by_hash(&mut self, _: B256) -> Result<Bytecode, Infallible> {
        Ok(Bytecode::new())
    }

    fn storage(&mut self, address: Address, slot: U256) -> Result<U256, Infallible> {
        Ok(self.storage_at(address, slot))
    }

    /// Zero: there are no blocks before the one in which a transaction runs.
    fn block_hash(&mut self, _: u64) -> Result<B256, Infallible> {
        Ok(B256::ZERO)
    }
}
