//! Mail addresses.

use std::fmt;
use std::str::FromStr;

use lettre::Address;
use unicode_normalization::UnicodeNormalization;
use url::Host;

/// A valid mail address (RFC 5321, 5322 and 6531), without a name in front. Nobody has shown yet
/// that they read it.
///
/// It is kept as typed, with the domain in lower case. Two addresses with the same
/// [`canonical`](Self::canonical) form are equal.
///
/// ```
/// use vestibule::mail::Email;
///
/// let email: Email = "Alice@Example.COM".parse()?;
/// assert_eq!(email.as_str(), "Alice@example.com");
/// assert_eq!(email.canonical(), "alice@example.com");
/// assert!("alice".parse::<Email>().is_err());
/// # Ok::<(), vestibule::mail::NoEmail>(())
/// ```
#[derive(Debug, Clone)]
pub struct Email {
    text: String,
    canonical: String,
}

/// The text is not a valid mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoEmail;

impl Email {
    /// The maximum number of characters (RFC 5321 section 4.5.3.1.3, without brackets).
    pub const MAX_CHARS: usize = 254;

    /// The address, to show and to send to.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The form for look-ups, which is unique among users: the part before the `@` in Unicode
    /// normalization form C and with ASCII letters in lower case, the domain as DNS knows it
    /// (IDNA, `xn--…`). So no two domains that merely look alike are equal. A `+tag` stays: only
    /// the provider knows whether it means anything.
    pub fn canonical(&self) -> &str {
        &self.canonical
    }

    /// The address of a user, as [`email`](crate::login::PageUser::email) returns it; none if they
    /// have none, or if their table keeps a text that is not a valid address.
    pub(crate) fn of(stored: Option<&str>) -> Option<Self> {
        stored?.parse().ok()
    }

    /// The user's own spelling of this address, if it is theirs; otherwise this one.
    pub(crate) fn as_spelled(&self, stored: Option<&str>) -> Self {
        let own = Self::of(stored).filter(|own| own == self);
        own.unwrap_or_else(|| self.clone())
    }

    /// The address as mail servers take it: with the domain in ASCII.
    pub(super) fn to_lettre(&self) -> Option<Address> {
        let (local, _) = self.text.rsplit_once('@')?;
        let (_, domain) = self.canonical.rsplit_once('@')?;
        Address::new(local, domain).ok()
    }
}

impl PartialEq for Email {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Email {}

impl FromStr for Email {
    type Err = NoEmail;

    fn from_str(text: &str) -> Result<Self, NoEmail> {
        // Phones and clipboards add white space. A huge text is not looked at.
        let text = text.trim();
        if text.len() > Self::MAX_CHARS * 4 || text.chars().any(char::is_control) {
            return Err(NoEmail);
        }
        let text: String = text.nfc().collect();
        let address: Address = text.parse().map_err(|_| NoEmail)?;
        let local = address.user();
        let Ok(Host::Domain(ascii)) = Host::parse(address.domain()) else {
            return Err(NoEmail);
        };
        let domain = match ascii.contains("xn--") {
            true => address.domain().to_lowercase(),
            false => ascii.clone(),
        };
        let this = Self {
            canonical: format!("{}@{ascii}", local.to_ascii_lowercase()),
            text: format!("{local}@{domain}"),
        };
        let fits = |text: &str| text.chars().count() <= Self::MAX_CHARS;
        match fits(&this.text) && fits(&this.canonical) {
            true => Ok(this),
            false => Err(NoEmail),
        }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for NoEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("This is not an email address. Write one like name@example.com.")
    }
}

impl std::error::Error for NoEmail {}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn only_what_mail_can_be_sent_to_is_an_address() {
        for text in [
            "a@example.com",
            " a@example.com ",
            "a.b+c@example.co.uk",
            "佐藤@例え.jp",
            "root@localhost",
        ] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
        for text in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@example.com\r\nBcc: b@example.com",
            "a\u{85}b@example.com",
            "a b@example.com",
            "A <a@example.com>",
            "a@example.com, b@example.com",
            "a@[127.0.0.1]",
            "a@127.0.0.1",
            &format!("{}@example.com", "a".repeat(300)),
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
    }

    #[test]
    fn two_spellings_of_one_mailbox_are_equal_and_look_alikes_are_not() {
        let email = |text: &str| text.parse::<Email>().unwrap();
        for (a, b) in [
            ("Alice@Example.COM", "alice@example.com"),
            ("a@例え.jp", "a@xn--r8jz45g.jp"),
            ("a@ｅｘａｍｐｌｅ.com", "a@example.com"),
            ("e\u{301}@example.com", "é@example.com"),
        ] {
            assert_eq!(email(a), email(b), "{a}");
        }
        for (a, b) in [
            // Cyrillic а.
            ("alice@ex\u{430}mple.com", "alice@example.com"),
            ("\u{430}lice@example.com", "alice@example.com"),
            // The Kelvin sign, whose lower case is a plain k.
            ("\u{212a}im@example.com", "kım@example.com"),
            ("alice+a@example.com", "alice@example.com"),
            ("a.lice@example.com", "alice@example.com"),
        ] {
            assert_ne!(email(a), email(b), "{a}");
        }
    }

    #[test]
    fn a_server_gets_a_domain_in_ascii() {
        let email: Email = "佐藤@例え.jp".parse().unwrap();

        assert_eq!(email.as_str(), "佐藤@例え.jp");
        let sent_to = email.to_lettre().unwrap().to_string();
        assert_eq!(sent_to, "佐藤@xn--r8jz45g.jp");
    }
}
