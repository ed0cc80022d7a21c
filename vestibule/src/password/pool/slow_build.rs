//! A hint for debug builds, whose hashes are slow unless `Cargo.toml` says otherwise.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Warns once that hashes are slow because they are not optimized.
#[derive(Debug, Default)]
pub(super) struct SlowBuild {
    is_told: AtomicBool,
}

impl SlowBuild {
    /// With the default settings, an optimized hash takes about a fifth of this, and an unoptimized
    /// one about three times this.
    const SLOW: Duration = Duration::from_millis(500);

    /// Warns if a hash took long. `is_debug` says whether this is a debug build.
    pub(super) fn note(&self, worked: Duration, is_debug: bool) {
        if is_debug && worked >= Self::SLOW && !self.is_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                seconds = worked.as_secs_f32(),
                "hashing a password is slow, because this is a debug build; add to Cargo.toml: \
                 [profile.dev.package.argon2] opt-level = 3, \
                 and the same for blake2 (for bcrypt: bcrypt and blowfish)"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::SlowBuild;
    use crate::testing::log::Log;

    #[test]
    fn a_slow_hash_in_a_debug_build_is_explained_once() {
        let log = Log::default();
        let _kept = log.begin();
        let (slow, fast) = (Duration::from_secs(1), Duration::from_millis(100));
        let build = SlowBuild::default();

        build.note(fast, true);
        build.note(slow, false);
        assert_eq!(log.text(), "");
        build.note(slow, true);
        build.note(slow, true);

        assert_eq!(
            log.text().matches("[profile.dev.package.argon2]").count(),
            1
        );
    }
}
