//! A code as a user types it.

use zeroize::Zeroizing;

use crate::credentials::recovery_codes::CODE_CHARS;
use crate::credentials::tokens::CODE_CHARS as MAIL_CODE_CHARS;
use crate::credentials::totp::DIGITS;
use crate::session::Methods;

/// A code that a user has typed: by its form, of an authenticator app, from a mail or for recovery.
#[derive(Debug)]
pub(crate) enum FactorCode {
    /// 6 digits.
    Totp(Zeroizing<String>),
    /// 8 digits.
    Mail(Zeroizing<String>),
    /// 16 letters and digits.
    Recovery(Zeroizing<String>),
}

impl FactorCode {
    /// The code in a typed text. Spaces and hyphens do not count, wherever they are, because apps
    /// and we show codes in groups. `None` if it has not the form of a code: digits are ASCII
    /// alone.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        let is_of_code = |c: &char| !matches!(c, ' ' | '-');
        let typed = typed.trim();
        let mut code = Zeroizing::new(String::with_capacity(CODE_CHARS));
        for c in typed.chars().filter(is_of_code) {
            if code.len() >= CODE_CHARS || !c.is_ascii_alphanumeric() {
                return None;
            }
            code.push(c.to_ascii_lowercase());
        }
        let is_number = code.bytes().all(|byte| byte.is_ascii_digit());
        match code.len() {
            len if len == usize::from(DIGITS) && is_number => Some(Self::Totp(code)),
            MAIL_CODE_CHARS if is_number => Some(Self::Mail(code)),
            CODE_CHARS => Some(Self::Recovery(code)),
            _ => None,
        }
    }

    /// As [`parse`](Self::parse), of a user who is logged in, or whose site sends no codes: one from
    /// a mail is no code of theirs. Somebody at an unlocked browser often reads its user's mail, too.
    pub(crate) fn parse_own(typed: &str) -> Option<Self> {
        Self::parse(typed).filter(|code| !matches!(code, Self::Mail(_)))
    }

    /// The method that it proves.
    pub(crate) fn method(&self) -> Methods {
        match self {
            Self::Totp(_) => Methods::TOTP,
            Self::Mail(_) => Methods::MAIL_CODE,
            Self::Recovery(_) => Methods::RECOVERY_CODE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FactorCode;

    fn parsed(typed: &str) -> Option<(&'static str, String)> {
        match FactorCode::parse(typed)? {
            FactorCode::Totp(code) => Some(("totp", code.to_string())),
            FactorCode::Mail(code) => Some(("mail", code.to_string())),
            FactorCode::Recovery(code) => Some(("recovery", code.to_string())),
        }
    }

    /// Attack G4.
    #[test]
    fn only_six_ascii_digits_are_a_code_of_an_app() {
        for typed in ["012345", " 012 345\n", "012-345", "0 1 2 3 4 5"] {
            assert_eq!(
                parsed(typed),
                Some(("totp", "012345".to_owned())),
                "{typed}"
            );
        }
        let long = "1".repeat(1_000_000);
        for typed in [
            "",
            "01234",
            "0123456",
            "+12345",
            "-12345 ",
            "01234a",
            "０１２３４５",
            "012\t345",
            "12.345",
            "012345678",
            &long,
        ] {
            assert_eq!(
                parsed(typed),
                None,
                "{}",
                typed.chars().take(20).collect::<String>()
            );
        }
    }

    #[test]
    fn eight_digits_are_a_code_from_a_mail() {
        let code = Some(("mail", "01234567".to_owned()));

        assert_eq!(parsed("0123 4567"), code);
        assert_eq!(parsed("01234567"), code);
        assert_eq!(parsed("0123456a"), None);
    }

    #[test]
    fn a_recovery_code_is_read_with_and_without_its_groups() {
        let code = Some(("recovery", "abcdefghijkmnpqr".to_owned()));

        assert_eq!(parsed("abcd-efgh-ijkm-npqr"), code);
        assert_eq!(parsed(" ABCDEFGH ijkmnpqr "), code);
        assert_eq!(parsed("abcd-efgh-ijkm-npq"), None);
        assert_eq!(parsed("abcd-efgh-ijkm-npqrs"), None);
    }
}
