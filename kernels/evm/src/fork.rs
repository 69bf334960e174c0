//! Forks by name.

use revm::primitives::hardfork::SpecId;

/// The rules of one fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fork(pub(crate) SpecId);

/// In their order; the two glaciers moved the difficulty bomb and nothing that a contract could see.
const FORKS: [(&str, SpecId); 8] = [
    ("london", SpecId::LONDON),
    ("arrow-glacier", SpecId::LONDON),
    ("gray-glacier", SpecId::LONDON),
    ("paris", SpecId::MERGE),
    ("shanghai", SpecId::SHANGHAI),
    ("cancun", SpecId::CANCUN),
    ("prague", SpecId::PRAGUE),
    ("osaka", SpecId::OSAKA),
];

impl Fork {
    /// The fork of a name, in lower case.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        FORKS.iter().find(|(known, _)| *known == name).map(|&(_, spec)| Self(spec))
    }

    /// The names of all forks that are known, in their order.
    pub fn names() -> impl Iterator<Item = &'static str> {
        FORKS.iter().map(|&(name, _)| name)
    }

    /// Whether code may delegate to another account (EIP-7702).
    pub(crate) fn has_delegations(self) -> bool {
        self.0.is_enabled_in(SpecId::PRAGUE)
    }
}
