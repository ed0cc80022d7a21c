//! Mails that tell a user what happened to their account.

use crate::clock::Timestamp;
use crate::mail::outbox::Letter;

/// What happened, when, and from where.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Notice<'a> {
    pub(crate) kind: &'static str,
    /// The name of the user.
    pub(crate) name: &'a str,
    pub(crate) at: Timestamp,
    /// The browser and its system, such as `Firefox on Linux`.
    pub(crate) browser: Option<&'a str>,
    pub(crate) address: Option<&'a str>,
    /// What else its text says: the role, the new name.
    pub(crate) detail: Option<&'a str>,
}

impl Notice<'_> {
    /// The mail to this address, in the site's default language: the visitor who caused it may be
    /// somebody else. `None` if it is no address.
    pub(crate) fn letter(&self, to: &str) -> Option<Letter> {
        let to = to.parse().ok()?;
        Some(
            Letter::new(self.kind, to, "")
                .with("name", self.name)
                .with("when", when(self.at))
                .with("browser", self.browser.unwrap_or_default())
                .with("address", self.address.unwrap_or_default())
                .with("detail", self.detail.unwrap_or_default()),
        )
    }
}

/// A time as everybody reads it: `2026-11-24 09:30 UTC`.
pub(crate) fn when(at: Timestamp) -> String {
    let text = at.to_string();
    match text.get(..16) {
        Some(minutes) if text.ends_with('Z') => format!("{} UTC", minutes.replace('T', " ")),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::when;
    use crate::clock::Timestamp;

    #[test]
    fn a_time_is_one_that_everybody_reads() {
        let at = Timestamp::from_millis(1_800_000_000_000);
        assert_eq!(when(at), "2027-01-15 08:00 UTC");
    }
}
