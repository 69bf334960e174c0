//! The fast EVM: bytes and integers in, tuples out. What they mean is said in `dcai.evm.engines.engine`.

use dcai_evm::{Account, Address, B256, Block, Bytes, Evm, Execution, Fork, Keep, Transaction, U256};
use numpy::PyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

use crate::convert::{to_python_uint, uint64, uint256};
use crate::errors::{EvmError, InputError};
use crate::shared::Shared;

/// One world state under the rules of one fork.
#[pyclass(frozen, module = "dcai._kernels")]
pub struct Revm(Shared<Evm>);

#[pymethods]
impl Revm {
    #[new]
    fn new(fork: &str) -> PyResult<Self> {
        let rules = Fork::by_name(fork).ok_or_else(|| {
            let known: Vec<_> = Fork::names().collect();
            InputError::new_err(format!("fork '{fork}' is unknown to revm; it knows {}", known.join(", ")))
        })?;
        let block = Block {
            number: 1,
            timestamp: 1,
            gas_limit: 0,
            chain_id: 1,
            coinbase: Address::ZERO,
            prevrandao: B256::ZERO,
        };
        Ok(Self(Shared::new(Evm::new(rules, block))))
    }

    /// The block in which the next transactions run.
    fn set_block(&self, py: Python<'_>, block: PyBlock<'_>) -> PyResult<()> {
        let block = Block {
            number: uint64(&block.number, || "block number".into())?,
            timestamp: uint64(&block.timestamp, || "timestamp".into())?,
            gas_limit: uint64(&block.gas_limit, || "gas limit of the block".into())?,
            chain_id: uint64(&block.chain_id, || "chain id".into())?,
            coinbase: address(block.coinbase.as_bytes(), "coinbase")?,
            prevrandao: uint256(&block.prevrandao, || "prevrandao".into())?.into(),
        };
        self.0.write(py, |evm| evm.set_block(block));
        Ok(())
    }

    /// Run one transaction: (success, gas spent, gas refund, output, logs, created, halt).
    fn execute<'py>(
        &self,
        py: Python<'py>,
        transaction: PyTransaction<'py>,
        keep: &str,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let (transaction, keep) = (transaction.convert()?, to_keep(keep)?);
        let execution = self.0.write(py, |evm| evm.execute(&transaction, keep));
        to_python_execution(py, execution.map_err(|error| EvmError::new_err(error.to_string()))?)
    }

    /// Run one transaction and record every step: (execution, (pc, op, depth, gas, gas after, memory)).
    fn trace<'py>(
        &self,
        py: Python<'py>,
        transaction: PyTransaction<'py>,
        keep: &str,
    ) -> PyResult<Bound<'py, PyTuple>> {
        let (transaction, keep) = (transaction.convert()?, to_keep(keep)?);
        let traced = self.0.write(py, |evm| evm.trace(&transaction, keep));
        let (execution, trace) = traced.map_err(|error| EvmError::new_err(error.to_string()))?;
        let columns = (
            PyArray1::from_vec(py, trace.pc),
            PyArray1::from_vec(py, trace.op),
            PyArray1::from_vec(py, trace.depth),
            PyArray1::from_vec(py, trace.gas),
            PyArray1::from_vec(py, trace.gas_after),
            PyArray1::from_vec(py, trace.memory),
        );
        (to_python_execution(py, execution)?, columns).into_pyobject(py)
    }

    fn nonce(&self, py: Python<'_>, address: &[u8]) -> PyResult<u64> {
        let address = self::address(address, "address")?;
        Ok(self.0.read(py, |evm| evm.world().nonce(address)))
    }

    fn balance<'py>(&self, py: Python<'py>, address: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        let address = self::address(address, "address")?;
        to_python_uint(py, self.0.read(py, |evm| evm.world().balance(address)))
    }

    fn code<'py>(&self, py: Python<'py>, address: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let address = self::address(address, "address")?;
        let code = self.0.read(py, |evm| evm.world().code(address));
        Ok(PyBytes::new(py, &code))
    }

    fn storage_at<'py>(
        &self,
        py: Python<'py>,
        address: &[u8],
        slot: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (address, slot) = (self::address(address, "address")?, uint256(slot, || "storage slot".into())?);
        to_python_uint(py, self.0.read(py, |evm| evm.world().storage_at(address, slot)))
    }

    fn storage<'py>(&self, py: Python<'py>, address: &[u8]) -> PyResult<Bound<'py, PyDict>> {
        let address = self::address(address, "address")?;
        to_python_storage(py, self.0.read(py, |evm| evm.world().storage(address)))
    }

    /// Replace an account, outside of any transaction.
    fn set_account(
        &self,
        py: Python<'_>,
        address: &[u8],
        nonce: &Bound<'_, PyAny>,
        balance: &Bound<'_, PyAny>,
        code: &[u8],
        storage: &Bound<'_, PyDict>,
    ) -> PyResult<()> {
        let address = self::address(address, "address")?;
        let account = Account {
            nonce: uint64(nonce, || "nonce".into())?,
            balance: uint256(balance, || "balance".into())?,
            code: Bytes::copy_from_slice(code),
            storage: storage
                .iter()
                .map(|(slot, word)| {
                    let word = uint256(&word, || format!("storage word at slot {slot}"))?;
                    Ok((uint256(&slot, || "storage slot".into())?, word))
                })
                .collect::<PyResult<_>>()?,
        };
        self.0.write(py, |evm| evm.world_mut().set_account(address, account));
        Ok(())
    }

    /// Every account that exists: [(address, nonce, balance, code, storage)].
    fn accounts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let accounts = self.0.read(py, |evm| evm.world().accounts().collect::<Vec<_>>());
        let list = PyList::empty(py);
        for (address, account) in accounts {
            list.append((
                to_python_bytes(py, address),
                account.nonce,
                to_python_uint(py, account.balance)?,
                PyBytes::new(py, &account.code),
                to_python_storage(py, account.storage)?,
            ))?;
        }
        Ok(list)
    }

    /// Remove every account.
    fn clear(&self, py: Python<'_>) {
        self.0.write(py, |evm| evm.world_mut().clear());
    }
}

/// The attributes of `dcai.evm.engines.engine.Block`.
#[derive(FromPyObject)]
struct PyBlock<'py> {
    number: Bound<'py, PyAny>,
    timestamp: Bound<'py, PyAny>,
    gas_limit: Bound<'py, PyAny>,
    chain_id: Bound<'py, PyAny>,
    coinbase: Bound<'py, PyBytes>,
    prevrandao: Bound<'py, PyAny>,
}

/// The attributes of `dcai.evm.engines.engine.Transaction`.
#[derive(FromPyObject)]
struct PyTransaction<'py> {
    sender: Bound<'py, PyBytes>,
    to: Option<Bound<'py, PyBytes>>,
    data: Bound<'py, PyBytes>,
    value: Bound<'py, PyAny>,
    gas_limit: Bound<'py, PyAny>,
}

impl PyTransaction<'_> {
    fn convert(&self) -> PyResult<Transaction> {
        Ok(Transaction {
            sender: address(self.sender.as_bytes(), "sender")?,
            to: self.to.as_ref().map(|to| address(to.as_bytes(), "to")).transpose()?,
            data: Bytes::copy_from_slice(self.data.as_bytes()),
            value: uint256(&self.value, || "value".into())?,
            gas_limit: uint64(&self.gas_limit, || "gas limit".into())?,
        })
    }
}

fn to_keep(keep: &str) -> PyResult<Keep> {
    match keep {
        "always" => Ok(Keep::Always),
        "success" => Ok(Keep::Success),
        "never" => Ok(Keep::Never),
        other => Err(InputError::new_err(format!("keep is '{other}'; it must be 'always', 'success' or 'never'"))),
    }
}

fn address(bytes: &[u8], what: &str) -> PyResult<Address> {
    Address::try_from(bytes)
        .map_err(|_| InputError::new_err(format!("{what} has {} bytes; an address has 20", bytes.len())))
}

fn to_python_bytes(py: Python<'_>, address: Address) -> Bound<'_, PyBytes> {
    PyBytes::new(py, address.as_slice())
}

fn to_python_execution(py: Python<'_>, execution: Execution) -> PyResult<Bound<'_, PyTuple>> {
    let Execution { success, gas_spent, gas_refund, output, logs, created, halt } = execution;
    let logs = logs.iter().map(|log| {
        let topics = log.topics().iter().map(|topic| to_python_uint(py, (*topic).into()));
        let topics = PyTuple::new(py, topics.collect::<PyResult<Vec<_>>>()?)?;
        (to_python_bytes(py, log.address), topics, PyBytes::new(py, &log.data.data)).into_pyobject(py)
    });
    let logs = logs.collect::<PyResult<Vec<_>>>()?;
    let created = created.map(|address| to_python_bytes(py, address));
    (success, gas_spent, gas_refund, PyBytes::new(py, &output), logs, created, halt).into_pyobject(py)
}

fn to_python_storage(py: Python<'_>, storage: impl IntoIterator<Item = (U256, U256)>) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    for (slot, word) in storage {
        dict.set_item(to_python_uint(py, slot)?, to_python_uint(py, word)?)?;
    }
    Ok(dict)
}
