//! Decoys: the hashes that passwords of unknown users are checked against.

use std::sync::{PoisonError, RwLock};

use crate::crypto::digest::hmac_sha256;
use crate::password::hash::kind::Kind;

/// Chooses the kind of hash for each unknown name, in the proportions in which users have them.
///
/// If users have hashes of different costs, the time until a wrong password is rejected depends on
/// the user's hash. If unknown names all had one cost, any other cost would reveal a user. So each
/// unknown name has a kind too, chosen with a secret key. Nodes with the same key choose the same
/// kind, also after a restart. As one kind's share shrinks, some of its names move to other kinds,
/// and all other names keep theirs.
pub(crate) struct Decoys {
    key: [u8; 32],
    kinds: RwLock<Kinds>,
}

impl Decoys {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self {
            key,
            kinds: RwLock::default(),
        }
    }

    /// The same key, with no kinds counted yet.
    pub(crate) fn without_kinds(&self) -> Self {
        Self::new(self.key)
    }

    /// Replaces the kinds that users have.
    pub(crate) fn set_kinds(&self, kinds: Kinds) {
        *self.kinds.write().unwrap_or_else(PoisonError::into_inner) = kinds;
    }

    /// The kind for this name while no user has it, or `default` if no kinds are known.
    pub(crate) fn kind_of(&self, account: &str, default: Kind) -> Kind {
        let kinds = self.kinds.read().unwrap_or_else(PoisonError::into_inner);
        if let [(only, _)] = kinds.0.as_slice() {
            return *only;
        }
        let scores = kinds.0.iter().map(|(kind, count)| {
            let score = self.score(account, *kind, *count);
            (score, *kind)
        });
        let best = scores.max_by(|(one, _), (other, _)| one.total_cmp(other));
        best.map_or(default, |(_, kind)| kind)
    }

    /// Weighted rendezvous hashing (Schindelhauer and Schomaker 2005): each kind gets a score for
    /// the name, and the highest score wins.
    #[expect(clippy::cast_precision_loss, reason = "16 digits are more than enough")]
    fn score(&self, account: &str, kind: Kind, count: u64) -> f64 {
        let input = format!("{} {account}", kind.label());
        let [a, b, c, d, e, f, g, h, ..] = hmac_sha256(&self.key, input.as_bytes());
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 11;
        // Strictly between 0 and 1, so that the logarithm is finite and negative.
        let fraction = (number as f64 + 0.5) / (1_u64 << 53) as f64;
        fraction.ln() / count as f64
    }
}

/// The kinds of hashes that users have, with a count of each.
#[derive(Default)]
pub(crate) struct Kinds(Vec<(Kind, u64)>);

impl Kinds {
    /// Further kinds are not counted. Only a table made for an attack has more.
    const MAX_KINDS: usize = 100;

    pub(crate) fn add(&mut self, kind: Kind) {
        if let Some((_, count)) = self.0.iter_mut().find(|(known, _)| *known == kind) {
            *count += 1;
        } else if self.0.len() < Self::MAX_KINDS {
            self.0.push((kind, 1));
        }
    }
}
