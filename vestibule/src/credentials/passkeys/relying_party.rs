//! What we need of a WebAuthn library. Nothing else names a type of it, so that it can be replaced.

use std::fmt;

use serde_json::Value;

use super::response::{AuthenticationResponse, RegistrationResponse};
use crate::error::Result;

/// The server's side of WebAuthn.
pub(super) trait RelyingParty: Send + Sync {
    /// The options for a new passkey. `existing` are the stored credentials of the user, which the
    /// authenticator must not have yet.
    ///
    /// # Errors
    /// When a stored credential is malformed, or the library failed.
    fn begin_registration(&self, user: &NewUser<'_>, existing: &[String]) -> Result<Begun>;

    /// Checks a new passkey.
    ///
    /// # Errors
    /// When the state is malformed.
    fn finish_registration(
        &self,
        state: &str,
        response: &RegistrationResponse,
    ) -> Result<Result<Registered, Rejected>>;

    /// The options for a log-in. `allowed` are the stored credentials of a user who is known
    /// already. Without one, the authenticator must find out who the user is.
    ///
    /// # Errors
    /// As [`begin_registration`](Self::begin_registration).
    fn begin_authentication(&self, allowed: &[String], verification: Verification)
    -> Result<Begun>;

    /// Checks a log-in with a stored credential.
    ///
    /// # Errors
    /// When the state or the stored credential is malformed.
    fn finish_authentication(
        &self,
        state: &str,
        response: &AuthenticationResponse,
        credential: &str,
    ) -> Result<Result<Shown, Rejected>>;

    /// The RP ID: the domain that passkeys are for.
    fn id(&self) -> &str;
}

/// The user who gets a new passkey.
pub(super) struct NewUser<'a> {
    /// The random id under which authenticators know them.
    pub(super) handle: uuid::Uuid,
    /// The name that authenticators show.
    pub(super) name: &'a str,
    pub(super) verification: Verification,
}

/// Whether the authenticator must verify the user, by a PIN or a fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verification {
    /// It must: the passkey is the only factor.
    Required,
    /// It should: the user has shown another factor.
    Preferred,
}

/// A ceremony that has begun.
pub(super) struct Begun {
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    pub(super) options: Value,
    pub(super) challenge: Vec<u8>,
    /// What the library needs to check the response.
    pub(super) state: String,
}

/// A new passkey.
pub(super) struct Registered {
    /// As it is stored.
    pub(super) credential: String,
    pub(super) is_synced: bool,
    /// Whether the authenticator verified the user.
    pub(super) is_verified: bool,
}

/// A passkey that was shown.
pub(super) struct Shown {
    /// As it is stored from now on: the counter and the flags may have changed.
    pub(super) credential: String,
    pub(super) is_synced: bool,
    /// Whether the authenticator verified the user.
    pub(super) is_verified: bool,
}

/// Why a response was rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rejected {
    /// For the log.
    Wrong(String),
    /// The counter did not grow, so there may be a copy of the passkey.
    CounterWentBack,
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong(why) => f.write_str(why),
            Self::CounterWentBack => f.write_str("the counter went back"),
        }
    }
}
