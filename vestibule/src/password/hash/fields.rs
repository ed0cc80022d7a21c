//! Parsers for the fields of a stored hash.

use std::sync::LazyLock;

use data_encoding::{BASE64, BASE64_NOPAD, BitOrder, Encoding, HEXLOWER_PERMISSIVE, Specification};

use crate::password::hash::function::{Digest, Function};

/// The text is not a hash, exceeds the bounds, or is of an unknown kind.
#[derive(Debug)]
pub(crate) struct Malformed;

pub(crate) type Result<T> = std::result::Result<T, Malformed>;

/// bcrypt's own base64. Surplus bits of the last character are ignored, because some libraries
/// left arbitrary values there.
pub(crate) static BCRYPT_BASE64: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789");
    specification.bit_order = BitOrder::MostSignificantFirst;
    specification.check_trailing_bits = false;
    specification.encoding().expect("64 different symbols")
});

/// Splits the text into exactly `N` parts.
pub(crate) fn split_exactly<const N: usize>(text: &str, separator: char) -> Result<[&str; N]> {
    let parts: Vec<_> = text.splitn(N + 1, separator).collect();
    parts.try_into().map_err(|_| Malformed)
}

/// Reads `m=1,t=2`: the values of exactly these parameters, in this order.
pub(crate) fn named_numbers<const N: usize>(text: &str, names: [&str; N]) -> Result<[u32; N]> {
    let parts: [&str; N] = split_exactly(text, ',')?;
    let mut values = [0; N];
    for ((value, part), name) in values.iter_mut().zip(parts).zip(names) {
        let text = part
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix('='));
        *value = number(text.ok_or(Malformed)?)?;
    }
    Ok(values)
}

/// Reads a decimal number in its canonical form: no sign, no leading zeros.
pub(crate) fn number(text: &str) -> Result<u32> {
    let number: u32 = text.parse().map_err(|_| Malformed)?;
    (number.to_string() == text)
        .then_some(number)
        .ok_or(Malformed)
}

pub(crate) fn scrypt(n: &str, block_size: &str, parallelism: &str) -> Result<Function> {
    let n = number(n)?;
    let log_n = n.is_power_of_two().then(|| n.trailing_zeros());
    Ok(Function::Scrypt {
        log_n: log_n
            .and_then(|log_n| u8::try_from(log_n).ok())
            .ok_or(Malformed)?,
        block_size: number(block_size)?,
        parallelism: number(parallelism)?,
    })
}

pub(crate) fn digest_named(name: &str) -> Result<Digest> {
    Ok(match name {
        "sha1" => Digest::Sha1,
        "sha224" => Digest::Sha224,
        "sha256" => Digest::Sha256,
        "sha384" => Digest::Sha384,
        "sha512" => Digest::Sha512,
        _ => return Err(Malformed),
    })
}

pub(crate) fn base64(text: &str) -> Result<Vec<u8>> {
    BASE64_NOPAD.decode(text.as_bytes()).map_err(|_| Malformed)
}

pub(crate) fn padded_base64(text: &str) -> Result<Vec<u8>> {
    BASE64.decode(text.as_bytes()).map_err(|_| Malformed)
}

pub(crate) fn hex(text: &str) -> Result<Vec<u8>> {
    let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes());
    bytes.map_err(|_| Malformed)
}

pub(crate) fn reject_extra(rest: Option<&str>) -> Result<()> {
    rest.is_none().then_some(()).ok_or(Malformed)
}
