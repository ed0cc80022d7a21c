//! Email addresses.

use std::fmt;
use std::str::FromStr;

use lettre::Address;

/// A syntactically valid email address (RFC 5321, 5322 and 6531). It is not verified that anybody
/// reads it.
///
/// ```
/// use vestibule::accounts::Email;
///
/// assert!("alice@example.com".parse::<Email>().is_ok());
/// assert!("alice".parse::<Email>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email(String);

/// The text is not a valid email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoEmail;

impl Email {
    /// The maximum number of characters (RFC 5321 section 4.5.3.1.3, without brackets).
    pub const MAX_CHARS: usize = 254;

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = NoEmail;

    fn from_str(text: &str) -> Result<Self, NoEmail> {
        let address: Address = text.parse().map_err(|_| NoEmail)?;
        let text = address.to_string();
        if text.chars().count() > Self::MAX_CHARS || text.chars().any(char::is_control) {
            return Err(NoEmail);
        }
        Ok(Self(text))
    }
}

impl fmt::Display for NoEmail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("This is no email address. Write one like name@example.com.")
    }
}

impl std::error::Error for NoEmail {}

#[cfg(test)]
mod tests {
    use super::Email;

    #[test]
    fn only_what_mail_can_be_sent_to_is_an_address() {
        for text in ["a@example.com", "a.b+c@example.co.uk", "佐藤@例え.jp"] {
            assert!(text.parse::<Email>().is_ok(), "{text}");
        }
        for text in [
            "",
            "a",
            "@example.com",
            "a@",
            "a@example.com\r\nBcc: b@example.com",
            "a b@example.com",
            "A <a@example.com>",
            &format!("{}@example.com", "a".repeat(300)),
        ] {
            assert!(text.parse::<Email>().is_err(), "{text}");
        }
    }
}
