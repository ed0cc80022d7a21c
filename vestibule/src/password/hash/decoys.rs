//! What an unknown user's password is checked against.

use std::sync::{PoisonError, RwLock};

use crate::crypto::digest::hmac_sha256;
use crate::password::hash::kind::Kind;

/// Hashes of nobody, of the kinds that the users' hashes have, in the same shares.
///
/// While some users have hashes of another cost than the rest, the time of a refusal would tell
/// who they are, and so that they exist. So each unknown name has a kind too, chosen by a key that
/// nobody outside knows. It is the same on all nodes and after a restart, and while the shares
/// stay; as one kind's share shrinks, some of its names go to the others, and no other moves.
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

    /// Those of the same key, with nothing noted.
    pub(crate) fn without_kinds(&self) -> Self {
        Self::new(self.key)
    }

    /// Takes note of the kinds that users have.
    pub(crate) fn set_kinds(&self, kinds: Kinds) {
        *self.kinds.write().unwrap_or_else(PoisonError::into_inner) = kinds;
    }

    /// The kind that this name has as long as it is nobody's.
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

    /// Weighted rendezvous hashing (Schindelhauer and Schomaker 2005): each kind draws a number for
    /// a name, and the best one has it.
    #[expect(clippy::cast_precision_loss, reason = "16 digits are more than enough")]
    fn score(&self, account: &str, kind: Kind, count: u64) -> f64 {
        let input = format!("{} {account}", kind.label());
        let [a, b, c, d, e, f, g, h, ..] = hmac_sha256(&self.key, input.as_bytes());
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 11;
        // Between 0 and 1, and neither.
        let fraction = (number as f64 + 0.5) / (1_u64 << 53) as f64;
        fraction.ln() / count as f64
    }
}

/// Which kinds of hashes there are, and how many of each.
#[derive(Default)]
pub(crate) struct Kinds(Vec<(Kind, u64)>);

impl Kinds {
    pub(crate) fn add(&mut self, kind: Kind) {
        if let Some((_, count)) = self.0.iter_mut().find(|(known, _)| *known == kind) {
            *count += 1;
        } else if self.0.len() < Self::MAX_KINDS {
            self.0.push((kind, 1));
        }
    }

    /// More are not told from one another: a table that has them was made to have them.
    const MAX_KINDS: usize = 100;
}
