//! The methods that proved a log-in.

use std::fmt;
use std::ops::{BitOr, BitOrAssign};

/// The methods by which a user proved who they are.
///
/// A session keeps two sets: [`Session::methods`](crate::Session::methods) for the whole log-in,
/// and [`Session::confirmed_by`](crate::Session::confirmed_by) for the most recent proof.
///
/// ```
/// use vestibule::session::Methods;
///
/// let methods = Methods::PASSWORD | Methods::TOTP;
/// assert!(methods.contains(Methods::TOTP));
/// assert!(methods.has_second_factor());
/// assert_eq!(methods.to_string(), "password, totp");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Methods(u16);

impl Methods {
    /// No method was used.
    pub const NONE: Self = Self(0);
    /// A password.
    pub const PASSWORD: Self = Self(1);
    /// A code of an authenticator app (RFC 6238).
    pub const TOTP: Self = Self(1 << 1);
    /// A passkey that did not verify the user: one factor, something they have.
    pub const PASSKEY: Self = Self(1 << 2);
    /// A passkey that verified the user, by PIN or biometrics: two factors at once.
    pub const VERIFIED_PASSKEY: Self = Self(1 << 3);
    /// A code or link sent by mail.
    pub const MAIL_CODE: Self = Self(1 << 4);
    /// A recovery code.
    pub const RECOVERY_CODE: Self = Self(1 << 5);
    /// A method of the app's own.
    pub const OTHER: Self = Self(1 << 6);
    /// A browser that its user trusts, in place of a second factor. It counts as none: a password
    /// and this are one factor for [`has_second_factor`](Self::has_second_factor).
    pub const TRUSTED_BROWSER: Self = Self(1 << 7);

    const NAMES: [(Self, &'static str); 8] = [
        (Self::PASSWORD, "password"),
        (Self::TOTP, "totp"),
        (Self::PASSKEY, "passkey"),
        (Self::VERIFIED_PASSKEY, "verified_passkey"),
        (Self::MAIL_CODE, "mail_code"),
        (Self::RECOVERY_CODE, "recovery_code"),
        (Self::OTHER, "other"),
        (Self::TRUSTED_BROWSER, "trusted_browser"),
    ];

    /// The methods from stored bits. Unknown bits are kept.
    pub const fn from_bits(bits: u16) -> Self {
        Self(bits)
    }

    /// The bits to store.
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// Whether this set contains all of `methods`.
    pub const fn contains(self, methods: Self) -> bool {
        self.0 & methods.0 == methods.0
    }

    /// Whether the set is empty.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether two different factors were shown (NIST SP 800-63B-4, 2.2.1): a passkey that
    /// verified the user, or a password or mail code together with something that the user has.
    ///
    /// A mail code never counts as the second factor, because a mailbox is not bound to a device
    /// (SP 800-63B-4, 3.1.3.1).
    pub const fn has_second_factor(self) -> bool {
        const FIRST: u16 = Methods::PASSWORD.0 | Methods::MAIL_CODE.0;
        const SECOND: u16 =
            Methods::TOTP.0 | Methods::PASSKEY.0 | Methods::RECOVERY_CODE.0 | Methods::OTHER.0;
        self.contains(Self::VERIFIED_PASSKEY) || (self.0 & FIRST != 0 && self.0 & SECOND != 0)
    }

    /// Whether something that the user has was shown: an authenticator, or a recovery code.
    #[cfg(feature = "sql")]
    pub(crate) const fn shows_possession(self) -> bool {
        const POSSESSED: u16 = Methods::TOTP.0
            | Methods::PASSKEY.0
            | Methods::VERIFIED_PASSKEY.0
            | Methods::RECOVERY_CODE.0
            | Methods::OTHER.0;
        self.0 & POSSESSED != 0
    }

    /// The names of the methods, as in logs and JSON: `password`, `totp`, `passkey`,
    /// `verified_passkey`, `mail_code`, `recovery_code`, `other`, `trusted_browser`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let named = Self::NAMES.into_iter();
        named.filter_map(move |(method, name)| self.contains(method).then_some(name))
    }
}

impl BitOr for Methods {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for Methods {
    fn bitor_assign(&mut self, other: Self) {
        self.0 |= other.0;
    }
}

/// The names, separated by commas.
impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, name) in self.names().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            f.write_str(name)?;
        }
        Ok(())
    }
}

impl fmt::Debug for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Methods({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::Methods;

    #[test]
    fn two_factors_are_two_kinds_of_proof() {
        for (methods, has_two) in [
            (Methods::NONE, false),
            (Methods::PASSWORD, false),
            (Methods::TOTP, false),
            (Methods::PASSKEY, false),
            (Methods::OTHER, false),
            (Methods::PASSWORD | Methods::MAIL_CODE, false),
            (Methods::TOTP | Methods::RECOVERY_CODE, false),
            (Methods::PASSWORD | Methods::TRUSTED_BROWSER, false),
            (Methods::PASSWORD | Methods::TOTP, true),
            (Methods::PASSWORD | Methods::PASSKEY, true),
            (Methods::PASSWORD | Methods::RECOVERY_CODE, true),
            (Methods::PASSWORD | Methods::OTHER, true),
            (Methods::MAIL_CODE | Methods::TOTP, true),
            (Methods::VERIFIED_PASSKEY, true),
        ] {
            assert_eq!(methods.has_second_factor(), has_two, "{methods:?}");
        }
    }

    #[test]
    fn methods_of_a_newer_version_are_kept_and_not_named() {
        let methods = Methods::from_bits(0b1000_0000_0000_0001);

        assert_eq!(methods.bits(), 0b1000_0000_0000_0001);
        assert_eq!(methods.to_string(), "password");
    }
}
