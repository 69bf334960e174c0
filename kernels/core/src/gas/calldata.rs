//! The bytes of calldata, which are priced by whether they are zero.

use crate::Integer;

/// Bytes of the calldata of one call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Calldata {
    /// Bytes that are zero.
    pub zero: u64,
    /// All others.
    pub nonzero: u64,
}

/// The size of a word of the ABI, in bytes.
const WORD: u64 = 32;

/// The most words whose bytes are counted in parallel counters of 8 bits, 8 bytes a word.
const BLOCK: usize = 31;

impl Calldata {
    /// The calldata of `f(int64[] data, ...)`: the selector, the offset of the data, further arguments, the data.
    pub(crate) fn of_call<I: Integer>(selector: [u8; 4], arguments: &[u64], data: &[I]) -> Self {
        let selector = u64::from(u32::from_be_bytes(selector));
        // The data stand behind the heads of all arguments.
        let offset = WORD * (1 + arguments.len() as u64);
        let fixed = [selector, offset, data.len() as u64];
        let nonzero: u64 = fixed.iter().chain(arguments).map(|&word| nonzero_bytes(word)).sum();
        let nonzero = nonzero + data.chunks(BLOCK).map(nonzero_bytes_of_block).sum::<u64>();
        let words = 2 + arguments.len() as u64 + data.len() as u64;
        Self { zero: 4 + WORD * words - nonzero, nonzero }
    }
}

/// A 1 in each byte of the result for each byte that is not zero.
fn marks(word: u64) -> u64 {
    const LOW_BITS: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const ONES: u64 = 0x0101_0101_0101_0101;
    ((((word & LOW_BITS) + LOW_BITS) | word) >> 7) & ONES
}

fn sum_of_bytes(bytes: u64) -> u64 {
    bytes.to_le_bytes().into_iter().map(u64::from).sum()
}

fn nonzero_bytes(word: u64) -> u64 {
    sum_of_bytes(marks(word))
}

/// Bytes of up to `BLOCK` sign-extended words that are not zero: the eight marks of a word are added up in parallel.
fn nonzero_bytes_of_block<I: Integer>(block: &[I]) -> u64 {
    let (mut seen, mut negative) = (0, 0);
    for &item in block {
        let value: i64 = item.into();
        seen += marks(value.cast_unsigned());
        negative += u64::from(value < 0);
    }
    // The 24 bytes above the lowest 8 repeat the sign.
    sum_of_bytes(seen) + 24 * negative
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same from the bytes themselves.
    fn count(selector: [u8; 4], arguments: &[u64], data: &[i64]) -> Calldata {
        let mut bytes = selector.to_vec();
        let mut word = |value: i128| {
            bytes.extend([if value < 0 { 0xff } else { 0 }; 16]);
            bytes.extend(value.to_be_bytes());
        };
        word(32 * (1 + arguments.len() as i128));
        arguments.iter().for_each(|&value| word(i128::from(value)));
        word(data.len() as i128);
        data.iter().for_each(|&value| word(i128::from(value)));
        let zero = bytes.iter().filter(|&&byte| byte == 0).count() as u64;
        Calldata { zero, nonzero: bytes.len() as u64 - zero }
    }

    proptest::proptest! {
        #[test]
        fn counts_the_bytes_of_the_abi(
            selector: [u8; 4],
            arguments in proptest::collection::vec(proptest::num::u64::ANY, 0..3),
            data in proptest::collection::vec(
                proptest::prop_oneof![proptest::num::i64::ANY, -300..300_i64, proptest::strategy::Just(-1)], 0..100),
        ) {
            assert_eq!(Calldata::of_call(selector, &arguments, &data), count(selector, &arguments, &data));
        }
    }
}
