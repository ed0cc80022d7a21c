//! [`Failure`]: why a look-up has no result.

use std::fmt;

/// Why a look-up has no result. It must not reveal the password's hash, not even by the position in
/// the file where the look-up failed.
#[derive(Debug)]
pub(super) enum Failure {
    TimedOut,
    Panicked,
    Io(std::io::Error),
    Malformed(&'static str),
    #[cfg(feature = "breach-service")]
    Status(u16),
    #[cfg(feature = "breach-service")]
    Unreachable(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("it took too long"),
            Self::Panicked => f.write_str("the look-up panicked"),
            Self::Io(error) => error.fmt(f),
            Self::Malformed(why) => f.write_str(why),
            #[cfg(feature = "breach-service")]
            Self::Status(status) => write!(f, "it answered {status}"),
            #[cfg(feature = "breach-service")]
            Self::Unreachable(why) => f.write_str(why),
        }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Drops the text of causes that may repeat the requested address, which has digits of the hash.
#[cfg(feature = "breach-service")]
impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        match error {
            ureq::Error::Timeout(_) => Self::TimedOut,
            ureq::Error::Io(error) => Self::Io(error),
            ureq::Error::BodyExceedsLimit(_) => Self::Malformed("its answer is too long"),
            ureq::Error::HostNotFound => Self::Malformed("its host is not found"),
            ureq::Error::Rustls(error) => Self::Unreachable(error.to_string()),
            ureq::Error::Tls(why) => Self::Malformed(why),
            _ => Self::Malformed("it does not speak HTTP as it should"),
        }
    }
}
