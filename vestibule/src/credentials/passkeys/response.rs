//! What the browser's WebAuthn API returns, as JSON (WebAuthn Level 3, section 5.1.3 to 5.1.8).
//!
//! Members that are not here are ignored: browsers add new ones.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

/// `RegistrationResponseJSON`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationResponse {
    pub(super) id: String,
    pub(super) raw_id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) response: Attestation,
    /// The name that the user gives it, beside the members of the standard.
    #[serde(default, skip_serializing)]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attestation {
    #[serde(rename = "clientDataJSON")]
    pub(super) client_data_json: String,
    pub(super) attestation_object: String,
    /// How browsers reach the authenticator.
    #[serde(default)]
    pub(super) transports: Option<Vec<String>>,
}

/// `AuthenticationResponseJSON`.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuthenticationResponse {
    pub(super) id: String,
    pub(super) raw_id: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) response: Assertion,
    /// Whether to remember the browser, beside the members of the standard.
    #[serde(default, skip_serializing)]
    pub(crate) remember: bool,
    /// Whether to trust the browser, after a second factor; beside the members of the standard.
    #[serde(default, skip_serializing)]
    pub(crate) trust: bool,
    /// The page that the visitor was going to, beside the members of the standard.
    #[serde(default, skip_serializing)]
    pub(crate) next: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Assertion {
    #[serde(rename = "clientDataJSON")]
    pub(super) client_data_json: String,
    pub(super) authenticator_data: String,
    pub(super) signature: String,
    #[serde(default)]
    pub(super) user_handle: Option<String>,
}

/// Where and for what the browser asked the authenticator (WebAuthn, section 5.8.1).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ClientData {
    #[serde(rename = "type")]
    pub(super) kind: String,
    challenge: String,
    pub(super) origin: String,
    #[serde(default)]
    pub(super) cross_origin: Option<bool>,
    #[serde(default)]
    pub(super) top_origin: Option<String>,
}

impl ClientData {
    /// Reads `clientDataJSON`, in base64url. `None` if it is malformed.
    pub(super) fn parse(encoded: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    /// The bytes of the challenge. `None` if it is no base64url.
    pub(super) fn challenge(&self) -> Option<Vec<u8>> {
        BASE64URL_NOPAD.decode(self.challenge.as_bytes()).ok()
    }
}

/// A credential id as bytes. `None` if the two members differ or are malformed, if the type is not
/// `public-key`, or if it is longer than the standard allows.
pub(super) fn credential_id(id: &str, raw_id: &str, kind: &str) -> Option<Vec<u8>> {
    /// WebAuthn Level 3, section 7.1, step 25.
    const MAX_BYTES: usize = 1023;

    let bytes = BASE64URL_NOPAD.decode(raw_id.as_bytes()).ok()?;
    let is_one = id == raw_id && kind == "public-key";
    (is_one && !bytes.is_empty() && bytes.len() <= MAX_BYTES).then_some(bytes)
}
