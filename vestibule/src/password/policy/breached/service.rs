//! A service that is sent the first digits of a hash, and answers with all hashes that start with
//! them.

use std::fmt;
use std::time::Duration;

use url::{Host, Url};

use crate::error::{Error, Result};
use crate::password::policy::breached::entry::{Entry, HashDigits};
use crate::password::policy::breached::failure::Failure;

/// A service with the protocol of Have I Been Pwned.
pub(super) struct Service {
    base: Url,
    agent: ureq::Agent,
}

/// How many digits are sent to the service.
const PREFIX_DIGITS: usize = 5;

/// The maximum length of an answer. Those of Have I Been Pwned have about 50,000 bytes.
const MAX_ANSWER_BYTES: u64 = 1024 * 1024;

const USER_AGENT: &str = concat!("vestibule/", env!("CARGO_PKG_VERSION"));

const WRONG_FORMAT: &str =
    "its answer is not of the form of lines of 35 digits, a colon and a count";

impl Service {
    /// # Errors
    /// When `base` is not a permitted address.
    pub(super) fn new(base: &str) -> Result<Self> {
        // The address may contain a password, so the message does not repeat it.
        let refuse = |why: &str| {
            Error::config(format!(
                "cannot ask that address for breached passwords: {why}; write it like \
                 `https://api.pwnedpasswords.com`"
            ))
        };
        let url = Url::parse(base).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(refuse("it is neither http nor https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refuse("it has a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("it has a query or a fragment"));
        }
        if url.scheme() == "http" && !is_loopback(&url) {
            return Err(refuse(
                "any host but this machine needs https, because it gets digits of the hash",
            ));
        }
        if url.as_str().parse::<http::Uri>().is_err() {
            return Err(refuse("its host is not a valid host name"));
        }
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            // A proxy for plain http could read the digits.
            .proxy(None)
            .user_agent(USER_AGENT)
            .build()
            .new_agent();
        Ok(Self { base: url, agent })
    }

    pub(super) fn contains(&self, digits: &HashDigits, timeout: Duration) -> Result<bool, Failure> {
        let (prefix, suffix) = digits.0.split_at(PREFIX_DIGITS);
        let base = self.base.as_str().trim_end_matches('/');
        let mut answer = self
            .agent
            .get(format!("{base}/range/{prefix}"))
            .header("Add-Padding", "true")
            .config()
            .timeout_global(Some(timeout))
            .build()
            .call()?;
        if answer.status() != http::StatusCode::OK {
            return Err(Failure::Status(answer.status().as_u16()));
        }
        let body = answer.body_mut().with_config().limit(MAX_ANSWER_BYTES);
        contains_suffix(&body.read_to_vec()?, suffix.as_bytes())
    }
}

/// Whether an answer has these digits. An empty answer is a failure: every prefix has hashes, and
/// padding.
fn contains_suffix(answer: &[u8], suffix: &[u8]) -> Result<bool, Failure> {
    let mut is_found = false;
    let answer = answer.trim_ascii();
    if answer.is_empty() {
        return Err(Failure::Malformed("its answer is empty"));
    }
    for line in answer.split(|byte| *byte == b'\n') {
        let entry = Entry::parse(line).filter(|entry| {
            entry.count.is_some() && entry.digits.len() == HashDigits::LEN - PREFIX_DIGITS
        });
        let entry = entry.ok_or(Failure::Malformed(WRONG_FORMAT))?;
        is_found |= entry.digits.eq_ignore_ascii_case(suffix) && !entry.is_padding();
    }
    Ok(is_found)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

impl PartialEq for Service {
    fn eq(&self, other: &Self) -> bool {
        self.base == other.base
    }
}

impl Eq for Service {}

/// Omits the path, which may contain a secret API key.
impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base.origin().ascii_serialization())
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Service({self})")
    }
}
