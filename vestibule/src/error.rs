//! The one error of this crate: something broke.
//!
//! An expected answer (a wrong password, a name that is taken) is never an error but a
//! variant of a success value; an extractor's refusal is a rejection.

use std::fmt;

use http::StatusCode;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Something broke: the store did not answer, a template does not render, a setting is wrong.
///
/// Opaque on purpose. Ask it what it is with the predicates; its text says the cause.
/// It never holds a password, a token or a hash.
///
/// As a response it is `503 Service Unavailable` where trying again may help (the store,
/// the hashing queue) and `500 Internal Server Error` otherwise, with nothing of the cause
/// in the body.
///
/// ```
/// let error = vestibule::Error::store(std::io::Error::other("connection reset"));
/// assert!(error.is_store());
/// assert_eq!(error.to_string(), "the store did not answer: connection reset");
/// ```
pub struct Error(Box<Inner>);

/// What this crate's fallible functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

struct Inner {
    kind: Kind,
    source: Source,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Store,
    Mail,
    Undeliverable,
    Busy,
    Config,
    Template,
    UnusableHash,
    Internal,
}

impl Error {
    /// The store (sessions or users) failed or did not answer.
    /// For those who implement a [`SessionStore`](crate::session::SessionStore), a
    /// [`UserLoader`](crate::login::UserLoader) or a [`Guard`](crate::access::Guard).
    pub fn store(source: impl Into<Source>) -> Self {
        Self::new(Kind::Store, source)
    }

    /// A setting or the set-up is wrong; the message says which and what to write instead.
    pub fn config(message: impl Into<Source>) -> Self {
        Self::new(Kind::Config, message)
    }

    /// A mail was not sent; trying again later may help. For those who implement a
    /// [`Mailer`](crate::mail::Mailer).
    pub fn mail(source: impl Into<Source>) -> Self {
        Self::new(Kind::Mail, source)
    }

    /// A mail was not sent, and never will be: the mail server rejects it. For those who implement a
    /// [`Mailer`](crate::mail::Mailer).
    pub fn undeliverable(source: impl Into<Source>) -> Self {
        Self::new(Kind::Undeliverable, source)
    }

    pub(crate) fn busy(message: impl Into<Source>) -> Self {
        Self::new(Kind::Busy, message)
    }

    #[cfg(feature = "sql")]
    pub(crate) fn template(source: impl Into<Source>) -> Self {
        Self::new(Kind::Template, source)
    }

    pub(crate) fn unusable_hash(message: impl Into<Source>) -> Self {
        Self::new(Kind::UnusableHash, message)
    }

    pub(crate) fn internal(source: impl Into<Source>) -> Self {
        Self::new(Kind::Internal, source)
    }

    fn new(kind: Kind, source: impl Into<Source>) -> Self {
        Self(Box::new(Inner {
            kind,
            source: source.into(),
        }))
    }

    /// What was given as the cause.
    #[cfg(feature = "sql")]
    pub(crate) fn cause(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
        &*self.0.source
    }

    /// Whether a store of sessions or users failed.
    pub fn is_store(&self) -> bool {
        self.0.kind == Kind::Store
    }

    /// Whether a mail was not sent.
    pub fn is_mail(&self) -> bool {
        self.0.kind == Kind::Mail
    }

    /// Whether a mail was not sent and trying again does not help.
    pub fn is_undeliverable(&self) -> bool {
        self.0.kind == Kind::Undeliverable
    }

    /// Whether the hashing queue is full; the same call may succeed a little later.
    pub fn is_busy(&self) -> bool {
        self.0.kind == Kind::Busy
    }

    /// Whether the set-up is wrong.
    pub fn is_config(&self) -> bool {
        self.0.kind == Kind::Config
    }

    /// Whether a template could not be read or rendered.
    pub fn is_template(&self) -> bool {
        self.0.kind == Kind::Template
    }

    /// Whether a stored password hash cannot be checked: it is malformed, of an unknown kind, asks
    /// for too much, or its pepper is missing.
    pub fn is_unusable_hash(&self) -> bool {
        self.0.kind == Kind::UnusableHash
    }

    /// The status a visitor gets: 503 where trying again may help, 500 otherwise.
    pub fn status(&self) -> StatusCode {
        match self.0.kind {
            Kind::Store | Kind::Mail | Kind::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Kind::Undeliverable
            | Kind::Config
            | Kind::Template
            | Kind::UnusableHash
            | Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let source = &self.0.source;
        match self.0.kind {
            Kind::Store => write!(f, "the store did not answer: {source}"),
            Kind::Mail => write!(f, "a mail was not sent: {source}"),
            Kind::Undeliverable => write!(f, "a mail cannot be delivered: {source}"),
            Kind::Busy | Kind::Config => write!(f, "{source}"),
            Kind::Template => write!(f, "a page could not be rendered: {source}"),
            Kind::UnusableHash => {
                write!(f, "a stored password hash cannot be checked: {source}")
            }
            Kind::Internal => write!(f, "internal error: {source}"),
        }
    }
}

/// As `Display`: it is what a `main` that returns an error shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// `Display` says what the cause says; its source is what lies under that.
impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.source()
    }
}
