//! The machine against arithmetic: what each test expects is added up from the prices of the EIPs.

use std::collections::BTreeMap;

use dcai_evm::{Account, Address, B256, Block, Bytes, Error, Evm, Execution, Fork, Keep, Transaction, U256};

const SENDER: Address = Address::repeat_byte(0x11);
const PROGRAM: Address = Address::repeat_byte(0xa0);
const OTHER: Address = Address::repeat_byte(0xa1);

fn evm(fork: &str, code: &[u8]) -> Evm {
    let block = Block {
        number: 1,
        timestamp: 1,
        gas_limit: 30_000_000,
        chain_id: 1,
        coinbase: Address::ZERO,
        prevrandao: B256::ZERO,
    };
    let mut evm = Evm::new(Fork::by_name(fork).expect("a fork"), block);
    evm.world_mut().set_account(SENDER, Account { balance: U256::from(1_000), ..Account::default() });
    evm.world_mut().set_account(PROGRAM, contract(code, &[]));
    evm
}

fn contract(code: &[u8], storage: &[(u64, u64)]) -> Account {
    let storage = storage.iter().map(|&(slot, word)| (U256::from(slot), U256::from(word))).collect();
    Account { nonce: 1, code: Bytes::copy_from_slice(code), storage, ..Account::default() }
}

fn message(data: &[u8], gas_limit: u64) -> Transaction {
    let data = Bytes::copy_from_slice(data);
    Transaction { sender: SENDER, to: Some(PROGRAM), data, value: U256::ZERO, gas_limit }
}

fn run(evm: &mut Evm, data: &[u8], gas_limit: u64) -> Execution {
    evm.execute(&message(data, gas_limit), Keep::Always).expect("it can be run")
}

/// `sstore(0, calldataload(0))`
const STORE_ARGUMENT: [u8; 7] = [0x60, 0, 0x35, 0x60, 0, 0x55, 0x00];
const PUSHES: u64 = 3 + 3 + 3;

#[test]
fn every_fork_has_a_name_and_no_other_has() {
    assert_eq!(Fork::names().last(), Some("osaka"));
    assert!(Fork::names().all(|name| Fork::by_name(name).is_some()));
    assert_eq!(Fork::by_name("Prague"), None);
}

#[test]
fn slots_are_cold_and_original_values_new_in_each_transaction() {
    let mut evm = evm("cancun", &STORE_ARGUMENT);
    let one = U256::ONE.to_be_bytes::<32>();
    let calldata = 31 * 4 + 16;
    let first = run(&mut evm, &one, 100_000);
    assert_eq!((first.gas_spent, first.gas_refund), (21_000 + calldata + PUSHES + 22_100, 0));
    let again = run(&mut evm, &one, 100_000);
    assert_eq!(again.gas_spent, 21_000 + calldata + PUSHES + 2_200);
    let cleared = run(&mut evm, &[], 100_000);
    assert_eq!((cleared.gas_spent, cleared.gas_refund), (21_000 + PUSHES + 5_000, 4_800));
    assert_eq!(evm.world().storage(PROGRAM), BTreeMap::new());
    assert_eq!(evm.world().nonce(SENDER), 3);
}

#[test]
fn the_floor_and_the_cap_of_the_refund_are_left_to_the_caller() {
    let clear: Vec<u8> = (0..10).flat_map(|slot| [0x60, 0, 0x60, slot, 0x55]).collect();
    let slots: Vec<_> = (0..10).map(|slot| (slot, 1)).collect();
    let mut evm = evm("prague", &[]);
    evm.world_mut().set_account(PROGRAM, contract(&clear, &slots));
    let data = [0xff; 10_000];
    let execution = run(&mut evm, &data, 1_000_000);
    assert_eq!(execution.gas_spent, 21_000 + 16 * 10_000 + 10 * 5_006);
    assert!(execution.gas_spent < 21_000 + 40 * 10_000);
    assert_eq!(execution.gas_refund, 10 * 4_800);
    assert!(execution.gas_refund > 21_000 / 5);
}

#[test]
fn a_failure_gives_no_refund_and_keeps_the_nonce_alone() {
    // sstore(0, 0) revert(0, 1)
    let mut evm = evm("prague", &[]);
    let code = [0x60, 0, 0x60, 0, 0x55, 0x60, 1, 0x60, 0, 0xfd];
    evm.world_mut().set_account(PROGRAM, contract(&code, &[(0, 7)]));
    let execution = run(&mut evm, &[], 100_000);
    assert_eq!((execution.success, execution.gas_refund, execution.halt), (false, 0, None));
    assert_eq!(execution.gas_spent, 21_000 + 5_006 + 6 + 3);
    assert_eq!(execution.output, Bytes::from_static(&[0]));
    assert_eq!((evm.world().nonce(SENDER), evm.world().storage_at(PROGRAM, U256::ZERO)), (1, U256::from(7)));
}

#[test]
fn effects_stay_as_asked() {
    for (keep, nonce) in [(Keep::Always, 1), (Keep::Success, 0), (Keep::Never, 0)] {
        let mut evm = evm("prague", &[0xfe]);
        let execution = evm.execute(&message(&[], 50_000), keep).expect("it can be run");
        assert_eq!((execution.gas_spent, execution.halt), (50_000, Some("Invalid opcode")));
        assert_eq!(evm.world().nonce(SENDER), nonce);
    }
}

#[test]
fn a_trace_follows_a_call_and_its_halt() {
    // pop(call(100, other, 0, 0, 0, 0, 0)), and the end of the code
    let mut code = [0x60, 0].repeat(5);
    code.push(0x73);
    code.extend(OTHER);
    code.extend([0x60, 100, 0xf1, 0x50]);
    let mut evm = evm("prague", &code);
    evm.world_mut().set_account(OTHER, contract(&[0x60, 1, 0x01], &[])); // push1 1, add
    let (execution, trace) = evm.trace(&message(&[], 31_000), Keep::Never).expect("it can be run");
    assert!(execution.success);
    assert_eq!(trace.pc, [0, 2, 4, 6, 8, 10, 31, 33, 0, 2, 34, 35]);
    assert_eq!(trace.op, [0x60, 0x60, 0x60, 0x60, 0x60, 0x73, 0x60, 0xf1, 0x60, 0x01, 0x50, 0x00]);
    assert_eq!(trace.depth, [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 1, 1]);
    let before_call = 10_000 - 7 * 3;
    let after_call = before_call - 2_600 - 100;
    assert_eq!(trace.gas[7..], [before_call, 100, 97, after_call, after_call - 2]);
    assert_eq!(trace.gas_after[7..], [after_call, 97, 0, after_call - 2, after_call - 2]);
    assert!(trace.memory.iter().all(|&size| size == 0));
    assert_eq!(evm.world().nonce(SENDER), 0);
}

#[test]
fn a_creation_without_code_has_no_steps() {
    let mut evm = evm("prague", &[]);
    let creation = Transaction { to: None, ..message(&[], 100_000) };
    let (execution, trace) = evm.trace(&creation, Keep::Always).expect("it can be run");
    assert_eq!((execution.gas_spent, trace.pc.len()), (53_000, 0));
    assert_eq!(execution.created, Some(SENDER.create(0)));
    assert_eq!(evm.world().nonce(SENDER.create(0)), 1);
}

#[test]
fn no_gas_limit_is_refused_for_its_height() {
    // EIP-7825 is the caller's, and so are blocks: gas
    let mut evm = evm("osaka", &[0x5a, 0x5f, 0x52, 0x60, 32, 0x5f, 0xf3]);
    let execution = run(&mut evm, &[], u64::MAX);
    assert_eq!(U256::from_be_slice(&execution.output), U256::from(u64::MAX - 21_000 - 2));
}

#[test]
fn what_cannot_be_run_is_an_error_that_changes_nothing() {
    let mut evm = evm("prague", &[]);
    let before: Vec<_> = evm.world().accounts().collect();
    let dear = Transaction { value: U256::from(1_001), ..message(&[], 50_000) };
    let balance = U256::from(1_000);
    let refused = Error::InsufficientFunds { sender: SENDER, balance, value: dear.value };
    assert_eq!(evm.execute(&dear, Keep::Always), Err(refused));
    assert!(matches!(evm.execute(&message(&[], 20_999), Keep::Always), Err(Error::Refused(_))));
    assert_eq!(evm.world().accounts().collect::<Vec<_>>(), before);
}

#[test]
fn memory_is_bounded_whatever_the_gas() {
    let mut evm = evm("prague", &[0x60, 1, 0x64, 2, 0, 0, 0, 0, 0x52]); // mstore(2^33, 1)
    assert_eq!(run(&mut evm, &[], u64::MAX).halt, Some("Out of gas"));
}
