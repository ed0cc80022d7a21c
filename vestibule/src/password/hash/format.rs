//! The text formats of stored hashes: ours, and those of the libraries that apps migrate from.

use argon2::{Algorithm, Version};
use data_encoding::BASE64_NOPAD;

use crate::password::hash::fields::{
    BCRYPT_BASE64, Malformed, Result, base64, digest_named, hex, named_numbers, number,
    padded_base64, reject_extra, scrypt, split_exactly,
};
use crate::password::hash::function::{Digest, Function};

/// A stored hash, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ParsedHash {
    pub(crate) prehash: Prehash,
    pub(crate) function: Function,
    pub(crate) salt: Vec<u8>,
    pub(crate) digest: Vec<u8>,
}

/// What is applied to the password before the slow function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Prehash {
    None,
    /// SHA-256, as 64 hexadecimal digits, which fit into bcrypt.
    Sha256Hex,
    /// HMAC-SHA-256 with the pepper of this version, as 64 hexadecimal digits.
    Pepper(u32),
}

/// What a stored hash does not say itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ReadOptions {
    /// Whether bcrypt hashes have [`Prehash::Sha256Hex`].
    pub(crate) long_bcrypt: bool,
    pub(crate) max_bcrypt_cost: u32,
}

const PEPPER_PREFIX: &str = "{pepper:";

impl ParsedHash {
    /// Reads a stored hash. ASCII white space around it is ignored: an export may have added a
    /// newline, and a `CHAR` column pads with spaces.
    pub(crate) fn parse(text: &str, options: ReadOptions) -> Result<Self> {
        let text = text.trim_ascii();
        let (pepper, text) = match text.strip_prefix(PEPPER_PREFIX) {
            Some(rest) => {
                let (version, rest) = rest.split_once('}').ok_or(Malformed)?;
                (Some(number(version)?), rest)
            }
            None => (None, text),
        };
        // Werkzeug and Django put a name without a leading `$` first.
        let mut stored = match text.starts_with('$') {
            true => Self::parse_function(text)?,
            false => Self::parse_framework(text)?,
        };
        if stored.prehash == Prehash::None {
            let is_bcrypt = matches!(stored.function, Function::Bcrypt { .. });
            stored.prehash = match pepper {
                Some(version) => Prehash::Pepper(version),
                None if is_bcrypt && options.long_bcrypt && text.starts_with('$') => {
                    Prehash::Sha256Hex
                }
                None => Prehash::None,
            };
        } else if pepper.is_some() {
            return Err(Malformed);
        }
        let function = stored.function;
        let is_sound = function.is_within_bounds(options.max_bcrypt_cost)
            && function.accepts_lengths(&stored.salt, &stored.digest);
        is_sound.then_some(stored).ok_or(Malformed)
    }

    fn parse_function(text: &str) -> Result<Self> {
        let named = text.strip_prefix('$').ok_or(Malformed)?;
        let (name, rest) = named.split_once('$').ok_or(Malformed)?;
        match name {
            "2a" | "2b" | "2x" | "2y" => Self::bcrypt(rest),
            "argon2id" => Self::argon2(Algorithm::Argon2id, rest),
            "argon2i" => Self::argon2(Algorithm::Argon2i, rest),
            "argon2d" => Self::argon2(Algorithm::Argon2d, rest),
            "scrypt" => {
                let [parameters, salt, digest] = split_exactly(rest, '$')?;
                let [log_n, block_size, parallelism] = named_numbers(parameters, ["ln", "r", "p"])?;
                let function = Function::Scrypt {
                    log_n: u8::try_from(log_n).map_err(|_| Malformed)?,
                    block_size,
                    parallelism,
                };
                Ok(Self::new(function, base64(salt)?, base64(digest)?))
            }
            _ => {
                let digest = match name.strip_prefix("pbkdf2").ok_or(Malformed)? {
                    "" => Digest::Sha1,
                    name => digest_named(name.strip_prefix('-').ok_or(Malformed)?)?,
                };
                Self::pbkdf2(digest, rest)
            }
        }
    }

    /// Parses the formats of Werkzeug and Django.
    fn parse_framework(text: &str) -> Result<Self> {
        let (method, rest) = text.split_once('$').ok_or(Malformed)?;
        let mut method = method.split(':');
        match (method.next().unwrap_or_default(), method.next()) {
            ("argon2", None) => Self::parse_function(&format!("${rest}")),
            (name @ ("bcrypt" | "bcrypt_sha256"), None) => {
                let stored = Self::parse_function(rest)?;
                let prehash = match name {
                    "bcrypt" => Prehash::None,
                    _ => Prehash::Sha256Hex,
                };
                match stored.function {
                    Function::Bcrypt { .. } => Ok(Self { prehash, ..stored }),
                    _ => Err(Malformed),
                }
            }
            ("scrypt", None) => {
                let [n, salt, block_size, parallelism, digest] = split_exactly(rest, '$')?;
                let function = scrypt(n, block_size, parallelism)?;
                Ok(Self::new(function, salt.into(), padded_base64(digest)?))
            }
            ("scrypt", Some(n)) => {
                let (block_size, parallelism) = (method.next(), method.next());
                let block_size = block_size.ok_or(Malformed)?;
                let function = scrypt(n, block_size, parallelism.ok_or(Malformed)?)?;
                let [salt, digest] = split_exactly(rest, '$')?;
                reject_extra(method.next())?;
                Ok(Self::new(function, salt.into(), hex(digest)?))
            }
            ("pbkdf2", Some(digest)) => {
                let function = Function::Pbkdf2 {
                    digest: digest_named(digest)?,
                    iterations: number(method.next().ok_or(Malformed)?)?,
                };
                let [salt, digest] = split_exactly(rest, '$')?;
                reject_extra(method.next())?;
                Ok(Self::new(function, salt.into(), hex(digest)?))
            }
            (name, None) => {
                let [iterations, salt, digest] = split_exactly(rest, '$')?;
                let function = Function::Pbkdf2 {
                    digest: digest_named(name.strip_prefix("pbkdf2_").ok_or(Malformed)?)?,
                    iterations: number(iterations)?,
                };
                Ok(Self::new(function, salt.into(), padded_base64(digest)?))
            }
            _ => Err(Malformed),
        }
    }

    fn new(function: Function, salt: Vec<u8>, digest: Vec<u8>) -> Self {
        Self {
            prehash: Prehash::None,
            function,
            salt,
            digest,
        }
    }

    fn argon2(variant: Algorithm, rest: &str) -> Result<Self> {
        let (version, rest) = match rest.strip_prefix("v=") {
            Some(rest) => rest.split_once('$').ok_or(Malformed)?,
            None => ("16", rest),
        };
        let version = Version::try_from(number(version)?).map_err(|_| Malformed)?;
        let [parameters, salt, digest] = split_exactly(rest, '$')?;
        let [memory_kib, passes, lanes] = named_numbers(parameters, ["m", "t", "p"])?;
        let function = Function::Argon2 {
            variant,
            version,
            memory_kib,
            passes,
            lanes,
        };
        Ok(Self::new(function, base64(salt)?, base64(digest)?))
    }

    fn bcrypt(rest: &str) -> Result<Self> {
        let [cost, rest] = split_exactly(rest, '$')?;
        let (salt, digest) = rest.split_at_checked(22).ok_or(Malformed)?;
        let decode = |text: &str| BCRYPT_BASE64.decode(text.as_bytes()).map_err(|_| Malformed);
        let is_sound = cost.len() == 2 && cost.bytes().all(|digit| digit.is_ascii_digit());
        let cost = is_sound.then(|| cost.parse().ok()).flatten();
        let function = Function::Bcrypt {
            cost: cost.ok_or(Malformed)?,
        };
        Ok(Self::new(function, decode(salt)?, decode(digest)?))
    }

    /// Parses PHC format, or passlib's older one.
    fn pbkdf2(digest: Digest, rest: &str) -> Result<Self> {
        let [parameters, salt, hash] = split_exactly(rest, '$')?;
        let (iterations, len) = match parameters.split_once(",l=") {
            Some((iterations, len)) => (iterations, Some(number(len)?)),
            None => (parameters, None),
        };
        let iterations = number(iterations.strip_prefix("i=").unwrap_or(iterations))?;
        let decode = |text: &str| base64(&text.replace('.', "+"));
        let function = Function::Pbkdf2 { digest, iterations };
        let stored = Self::new(function, decode(salt)?, decode(hash)?);
        let is_sound = len.is_none_or(|len| usize::try_from(len) == Ok(stored.digest.len()));
        is_sound.then_some(stored).ok_or(Malformed)
    }

    /// The text to store. Only Argon2 and bcrypt have one: new hashes use no other function.
    pub(crate) fn to_text(&self) -> Option<String> {
        let text = match self.function {
            Function::Argon2 {
                variant,
                version,
                memory_kib,
                passes,
                lanes,
            } => {
                let (salt, digest) = (&self.salt, &self.digest);
                let (salt, digest) = (BASE64_NOPAD.encode(salt), BASE64_NOPAD.encode(digest));
                let (name, version) = (variant.as_str(), u32::from(version));
                format!("${name}$v={version}$m={memory_kib},t={passes},p={lanes}${salt}${digest}")
            }
            Function::Bcrypt { cost } => {
                let (salt, digest) = (&self.salt, &self.digest);
                let (salt, digest) = (BCRYPT_BASE64.encode(salt), BCRYPT_BASE64.encode(digest));
                format!("$2b${cost:02}${salt}{digest}")
            }
            Function::Scrypt { .. } | Function::Pbkdf2 { .. } => return None,
        };
        Some(match self.prehash {
            Prehash::Pepper(version) => format!("{PEPPER_PREFIX}{version}}}{text}"),
            Prehash::None | Prehash::Sha256Hex => text,
        })
    }
}
