//! The custom errors of the contracts, with their texts.

use std::fmt;

use alloy_primitives::{I256, U256};

/// An argument of an error, as wide as Solidity has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Argument {
    /// An unsigned number.
    Uint(U256),
    /// A signed number.
    Int(I256),
}

impl From<u8> for Argument {
    fn from(value: u8) -> Self {
        Self::Uint(U256::from(value))
    }
}

impl From<u64> for Argument {
    fn from(value: u64) -> Self {
        Self::Uint(U256::from(value))
    }
}

impl From<U256> for Argument {
    fn from(value: U256) -> Self {
        Self::Uint(value)
    }
}

impl From<I256> for Argument {
    fn from(value: I256) -> Self {
        Self::Int(value)
    }
}

impl fmt::Display for Argument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uint(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
        }
    }
}

/// Declares the errors: name, arguments in the contract's order, and a text with the numbers of the arguments in braces.
macro_rules! errors {
    ($($name:ident $({ $($field:ident: $kind:ty),* })? = $text:literal,)*) => {
        /// The custom errors of the contracts: each variant is the twin of the error of the same name.
        ///
        /// Mirrors: contracts/src/interfaces/Errors.sol
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the text of each error says what its fields are")]
        pub enum Error {
            $(#[doc = $text] $name $({ $($field: $kind),* })?,)*
        }

        impl Error {
            /// The name and the text of every error.
            pub const TEXTS: &[(&str, &str)] = &[$((stringify!($name), $text)),*];

            /// Name and arguments, as the contract declares them, and the text.
            pub fn parts(&self) -> (&'static str, Vec<Argument>, &'static str) {
                match *self {
                    $(Self::$name $({ $($field),* })? => (stringify!($name), vec![$($($field.into()),*)?], $text),)*
                }
            }
        }
    };
}

errors! {
    DimensionMismatch { expected: u64, actual: u64 } = "expected a length of {0}, got {1}",
    UnknownClass { label: U256, num_classes: u64 } = "label {0} is no class of a model of {1} classes (0 .. {1} - 1)",
    NotNormalized { squared_norm: U256 } = "the squared norm is {0}, and must lie strictly between 10^18 - 10^11 and \
        10^18 + 10^11; divide the sample by its norm before it is scaled by 10^9",
    NormNotDefined = "sparse binary data are not normalised, so they have no norm",
    NegativeIndex { position: u64, index: I256 } = "feature index {1} at position {0} is negative",
    IndexTooLarge { position: u64, index: U256, limit: U256 } = "feature index {1} at position {0} must be below {2}",
    NotStrictlyIncreasing { position: u64, previous: u64, index: u64 } =
        "feature index {2} at position {0} follows {1}; indices must be strictly increasing",
    DuplicateFeature { position: u64, index: u64 } = "feature index {1} at position {0} already has a value in this class",
    MalformedPair { position: u64, length: u64 } = "entry {0} has {1} numbers, and must be a pair (index, value)",
    NoClasses = "a model needs at least one class",
    NoFeatureCounts { label: u64 } =
        "class {0} has no feature counts and there is no smoothing: no score for a sample with features",
    NotTwoClasses { num_classes: u64 } = "a Perceptron has two classes, got {0}",
    CountTooLarge { count: U256, limit: U256 } = "a sample count of {0} must be below {1}",
    SafeCastOverflowedIntDowncast { bits: u8, value: I256 } = "{1} does not fit in {0} bits; the contract refuses to wrap",
    SafeCastOverflowedUintDowncast { bits: u8, value: U256 } = "{1} does not fit in {0} bits; the contract refuses to wrap",
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, arguments, text) = self.parts();
        let arguments: Vec<String> = arguments.iter().map(Argument::to_string).collect();
        let numbered = (0..).zip(&arguments);
        let text = numbered.fold(text.to_owned(), |text, (i, value)| text.replace(&format!("{{{i}}}"), value));
        write!(f, "{name}({}): {text}", arguments.join(", "))
    }
}

impl std::error::Error for Error {}

impl Error {
    /// `UnknownClass` unless `label < num_classes`.
    pub(crate) fn check_class(label: u64, num_classes: usize) -> crate::Result<usize> {
        match usize::try_from(label) {
            Ok(class) if class < num_classes => Ok(class),
            _ => Err(Self::UnknownClass { label: U256::from(label), num_classes: num_classes as u64 }),
        }
    }

    /// `DimensionMismatch` unless the two lengths are equal.
    pub(crate) fn check_length(expected: usize, actual: usize) -> crate::Result<()> {
        if expected == actual {
            return Ok(());
        }
        Err(Self::DimensionMismatch { expected: expected as u64, actual: actual as u64 })
    }

    /// The feature index at a position, of so many bits. Mirrors: `indexAt` in contracts/src/libraries/SparseData.sol
    #[inline]
    pub(crate) fn check_index(position: usize, index: i128, bits: u8) -> crate::Result<u64> {
        match u64::try_from(index) {
            Ok(small) if index >> bits == 0 => Ok(small),
            _ => Err(Self::bad_index(position as u64, index, bits)),
        }
    }

    #[cold]
    fn bad_index(position: u64, index: i128, bits: u8) -> Self {
        if index < 0 {
            return Self::NegativeIndex { position, index: crate::safe_cast::to_i256(index) };
        }
        let limit = U256::from(1) << usize::from(bits);
        Self::IndexTooLarge { position, index: U256::from(index.unsigned_abs()), limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_show_their_arguments() {
        let error = Error::IndexTooLarge { position: 3, index: U256::from(300), limit: U256::from(256) };
        assert_eq!(error.to_string(), "IndexTooLarge(3, 300, 256): feature index 300 at position 3 must be below 256");
        assert_eq!(Error::NoClasses.to_string(), "NoClasses(): a model needs at least one class");
    }

    #[test]
    fn feature_indices_have_bounds() {
        let refused = |index, bits| Error::check_index(7, index, bits).expect_err("out of bounds").parts();
        assert_eq!(
            (Error::check_index(7, 0, 32), Error::check_index(7, (1 << 32) - 1, 32)),
            (Ok(0), Ok((1 << 32) - 1))
        );
        assert_eq!(Error::check_index(7, u64::MAX.into(), 64), Ok(u64::MAX));
        assert_eq!(refused(-1, 32).1, [7_u64.into(), I256::MINUS_ONE.into()]);
        assert_eq!(refused(1 << 32, 32).1, [7_u64, 1 << 32, 1 << 32].map(Argument::from));
        assert_eq!(refused(1 << 64, 64).1[1..], [Argument::Uint(U256::from(1) << 64); 2]);
    }
}
