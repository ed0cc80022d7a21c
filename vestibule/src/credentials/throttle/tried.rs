//! A try that was counted.

use crate::clock::Timestamp;
use crate::credentials::throttle::{CounterKind, Limit, Settlement, Throttle};

/// A try, counted as a wrong one. It is taken back when it is dropped, unless the credential was
/// wrong. A client that hangs up before the answer has learned nothing.
#[derive(Debug, Default)]
pub(crate) struct Try {
    /// The counters that counted it.
    pub(super) counted: Vec<Limit>,
    /// Where to take it back, and the time.
    pub(super) throttle: Option<(Throttle, Timestamp)>,
    /// Whether it stays counted.
    pub(in crate::credentials) is_wrong: bool,
    /// Whether the user was logged in already, and showed their password again.
    pub(in crate::credentials) is_in_session: bool,
    /// The index of the known browser that made it, among those that it brought.
    pub(in crate::credentials) device: Option<usize>,
    /// Whether it used up the last free try at the account, of strangers.
    pub(in crate::credentials) is_last_free: bool,
}

impl Try {
    /// Takes a registration back at the counter of all, and not at that of its network: it cost
    /// little, and somebody with many networks must not keep everybody from registering so cheaply.
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
        // Without a runtime it stays counted.
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
