//! The codes of RFC 6238, as all authenticator apps know them: SHA-1, 6 digits, 30 seconds.
//!
//! SHA-1 is safe here, because HMAC does not need collision resistance (RFC 4226, B.2). Some apps
//! ignore any other choice and show codes that never match.

use totp_rs::{Algorithm, Builder, Totp};

use super::SecretBytes;
use crate::clock::Timestamp;
use crate::error::{Error, Result};

/// The length of a time step, in seconds.
const STEP_SECS: u32 = 30;

/// How many steps a clock may be off, each way (RFC 6238, 5.2).
const SKEW: u16 = 1;

/// The number of digits of a code.
pub(crate) const DIGITS: u8 = 6;

/// The step whose code this is: the present one, the one before or the one after.
pub(super) fn matching_step(
    secret: &SecretBytes,
    code: &str,
    now: Timestamp,
) -> Result<Option<i64>> {
    let seconds = u64::try_from(now.as_millis() / 1_000).unwrap_or(0);
    let step = totp(secret)?.check(code, seconds);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

fn totp(secret: &SecretBytes) -> Result<Totp> {
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(DIGITS)
        .with_step_duration(STEP_SECS.into())
        .with_skew(SKEW)
        .with_secret(**secret)
        .build()
        .map_err(|_| Error::internal("a secret of 20 bytes makes no codes"))
}

/// The code of the step at this time, as an authenticator app shows it.
#[cfg(any(test, feature = "testing"))]
pub(crate) fn code_at(secret: &SecretBytes, at: Timestamp) -> Result<String> {
    let seconds = u64::try_from(at.as_millis() / 1_000).unwrap_or(0);
    Ok(totp(secret)?.generate(seconds).to_string())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::{SecretBytes, code_at, matching_step};
    use crate::clock::Timestamp;

    fn secret() -> SecretBytes {
        Zeroizing::new(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    /// Appendix B has 8 digits; 6 digits are the last ones of them (RFC 4226, 5.3).
    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        for (seconds, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code_at(&secret(), at(seconds)).unwrap(), code[2..]);
            let step = matching_step(&secret(), &code[2..], at(seconds)).unwrap();
            assert_eq!(step, Some(seconds / 30));
        }
    }

    /// Attack G3.
    #[test]
    fn a_code_of_one_step_before_or_after_works_and_no_other() {
        let code = code_at(&secret(), at(3_000)).unwrap();

        for (now, is_in_window) in [
            (2_969, false),
            (2_970, true),
            (3_000, true),
            (3_029, true),
            (3_059, true),
            (3_060, false),
        ] {
            let step = matching_step(&secret(), &code, at(now)).unwrap();
            assert_eq!(step, is_in_window.then_some(100), "at {now}");
        }
    }
}
