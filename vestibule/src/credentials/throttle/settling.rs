//! Browsers whose new token is stored after the response that sets it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::credentials::throttle::CounterKey;

/// Browsers that a log-in makes known ones, until the store has them. A log-in right after it waits
/// for that; otherwise its browser would count as a stranger.
#[derive(Debug, Clone, Default)]
pub(super) struct Settling(Arc<Mutex<Written>>);

/// Each is locked until it is stored.
type Written = HashMap<CounterKey, Arc<tokio::sync::Mutex<()>>>;

/// Held until a browser is stored.
pub(super) struct Writing {
    settling: Settling,
    device: CounterKey,
    _locked: Option<OwnedMutexGuard<()>>,
}

impl Settling {
    pub(super) fn begin(&self, device: CounterKey) -> Writing {
        let lock = Arc::<tokio::sync::Mutex<()>>::default();
        let locked = lock.clone().try_lock_owned().ok();
        self.written().insert(device.clone(), lock);
        Writing {
            settling: self.clone(),
            device,
            _locked: locked,
        }
    }

    pub(super) async fn wait_for(&self, device: &CounterKey) {
        let lock = self.written().get(device).cloned();
        if let Some(lock) = lock {
            drop(lock.lock().await);
        }
    }

    /// No call panics during a change, so the data is consistent.
    fn written(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.settling.written().remove(&self.device);
    }
}
