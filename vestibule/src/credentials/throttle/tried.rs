//! A try that was counted.

use crate::clock::Timestamp;
use crate::credentials::throttle::{CounterKind, Limit, Settlement, Throttle};

/// A try, counted as a wrong one. Dropping it takes it back, unless the credential was wrong. A
/// client that hangs up before the response has learned nothing.
#[derive(Debug, Default)]
pub(crate) struct Try {
    /// The counters that counted it.
    pub(super) counted: Vec<Limit>,
    /// The throttle that counted it, and when.
    pub(super) throttle: Option<(Throttle, Timestamp)>,
    /// Whether the try stays counted.
    pub(in crate::credentials) is_wrong: bool,
    /// Whether the user was already logged in, and showed their password again.
    pub(in crate::credentials) is_in_session: bool,
    /// The index of the known browser that made it, among the tokens that it sent.
    pub(in crate::credentials) device: Option<usize>,
    /// Whether it used up the strangers' last free try at the account.
    pub(in crate::credentials) is_last_free: bool,
}

impl Try {
    /// Takes a registration back at the counter of all registrations, but not at that of its
    /// network. It cost little, and somebody with many networks must not be able to block
    /// everybody's registrations so cheaply.
    pub(crate) fn cost_no_hash(mut self) {
        self.is_wrong = false;
        self.counted
            .retain(|limit| limit.key.kind() == CounterKind::AllRegistrations);
    }
}

impl Drop for Try {
    fn drop(&mut self) {
        let Some((throttle, now)) = self.throttle.take().filter(|_| !self.is_wrong) else {
            return;
        };
        let counted = std::mem::take(&mut self.counted);
        // Without a runtime, the try stays counted.
        let is_running = tokio::runtime::Handle::try_current().is_ok();
        if let Some(counters) = throttle.0.counters.clone()
            && is_running
            && !counted.is_empty()
        {
            let settlement = Settlement {
                taken_back: counted,
                ..Settlement::default()
            };
            throttle.later(async move { counters.settle(&settlement, now).await });
        }
    }
}
