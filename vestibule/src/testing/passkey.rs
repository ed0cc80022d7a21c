//! A passkey in software, with the browser around it.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use crate::crypto::digest::sha256;

/// The flags of WebAuthn Level 3, section 6.1.
pub(crate) const USER_PRESENT: u8 = 1;
pub(crate) const USER_VERIFIED: u8 = 1 << 2;
#[cfg(test)]
pub(crate) const BACKUP_ELIGIBLE: u8 = 1 << 3;
#[cfg(test)]
pub(crate) const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// A passkey of a user at `https://example.com`, the address of a [`TestApp`](crate::testing::TestApp),
/// in an authenticator that verifies its user, with the browser around it.
///
/// ```
/// # #[tokio::main] async fn main() {
/// use serde_json::json;
/// use vestibule::testing::{TestApp, TestPasskey};
///
/// let app = TestApp::new().await;
/// let mut passkey = TestPasskey::new(1);
/// let alice = app.registered("alice").await;
/// let options = alice.post_json("/account/passkeys/options", &json!({})).await.json();
/// let added = alice.post_json("/account/passkeys", &passkey.create(&options)).await;
/// assert_eq!(added.status, 201);
///
/// let browser = app.browser();
/// let options = browser.post_json("/login/passkey/options", &json!({})).await.json();
/// let response = browser.post_json("/login/passkey", &passkey.get(&options)).await;
/// assert_eq!(response.json(), json!({ "username": "alice", "next": "/welcome" }));
/// # }
/// ```
#[derive(Clone)]
pub struct TestPasskey {
    key: SigningKey,
    pub(crate) id: Vec<u8>,
    /// The user's id in base64url, from the registration.
    pub(crate) handle: Option<String>,
    /// Grows at each use, if it is not zero.
    pub(crate) counter: u32,
    pub(crate) flags: u8,
}

/// What the browser and the authenticator say. The default is the truth.
#[derive(Clone)]
pub(crate) struct Says {
    pub(crate) kind: Option<&'static str>,
    pub(crate) origin: &'static str,
    pub(crate) rp_id: &'static str,
    pub(crate) challenge: Option<String>,
    /// Members of the client data besides type, challenge and origin.
    pub(crate) client: Value,
    /// The algorithm of the key.
    pub(crate) algorithm: i8,
}

impl Default for Says {
    fn default() -> Self {
        Self {
            kind: None,
            origin: "https://example.com",
            rp_id: "example.com",
            challenge: None,
            client: json!({ "crossOrigin": false }),
            algorithm: -7,
        }
    }
}

pub(crate) fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

impl TestPasskey {
    /// A passkey whose key and credential id are of this seed: two of one seed are the same.
    ///
    /// # Panics
    /// Never: a digest is a key.
    pub fn new(seed: u32) -> Self {
        let seed = seed.to_be_bytes();
        Self {
            key: SigningKey::from_slice(&sha256(&seed)).expect("a digest is a key"),
            id: sha256(&[b"id", &seed[..]].concat()).to_vec(),
            handle: None,
            counter: 0,
            flags: USER_PRESENT | USER_VERIFIED,
        }
    }

    /// One in an authenticator that cannot verify its user, such as a simple security key.
    #[cfg(test)]
    pub(crate) fn without_verification(seed: u32) -> Self {
        Self {
            flags: USER_PRESENT,
            ..Self::new(seed)
        }
    }

    /// What `navigator.credentials.create` returns for these options
    /// (`PublicKeyCredentialCreationOptionsJSON`), as `RegistrationResponseJSON`. The passkey then
    /// belongs to their user.
    ///
    /// # Panics
    /// When they are no such options.
    pub fn create(&mut self, options: &Value) -> Value {
        self.create_saying(options, &Says::default())
    }

    pub(crate) fn create_saying(&mut self, options: &Value, says: &Says) -> Value {
        self.handle = options["user"]["id"].as_str().map(str::to_owned);
        let data = self.data(says, HAS_CREDENTIAL);
        let length = u16::try_from(self.id.len())
            .expect("a short id")
            .to_be_bytes();
        let attested = [&data[..], &[0; 16], &length, &self.id, &self.cose(says)].concat();
        // The map `fmt`, `attStmt`, `authData`.
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(
            u16::try_from(attested.len())
                .expect("few bytes")
                .to_be_bytes(),
        );
        object.extend(attested);
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "authenticatorAttachment": "platform",
            "clientExtensionResults": { "credProps": { "rk": true } },
            "response": {
                "clientDataJSON": base64url(&client_data("webauthn.create", options, says)),
                "attestationObject": base64url(&object),
                "transports": ["internal", "hybrid", "new-kind"],
            },
        })
    }

    /// What `navigator.credentials.get` returns for these options
    /// (`PublicKeyCredentialRequestOptionsJSON`), as `AuthenticationResponseJSON`.
    ///
    /// # Panics
    /// When they are no such options.
    pub fn get(&mut self, options: &Value) -> Value {
        self.get_saying(options, &Says::default())
    }

    pub(crate) fn get_saying(&mut self, options: &Value, says: &Says) -> Value {
        if self.counter > 0 {
            self.counter += 1;
        }
        let data = self.data(says, 0);
        let client = client_data("webauthn.get", options, says);
        let signature: Signature = self.key.sign(&[&data[..], &sha256(&client)].concat());
        json!({
            "id": base64url(&self.id),
            "rawId": base64url(&self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": base64url(&client),
                "authenticatorData": base64url(&data),
                "signature": base64url(signature.to_der().as_bytes()),
                "userHandle": self.handle,
            },
        })
    }

    /// The authenticator data without the credential.
    fn data(&self, says: &Says, more_flags: u8) -> Vec<u8> {
        let counter = self.counter.to_be_bytes();
        let rp = sha256(says.rp_id.as_bytes());
        [&rp[..], &[self.flags | more_flags], &counter].concat()
    }

    /// The public key: kty EC2, alg, crv P-256, x, y.
    fn cose(&self, says: &Says) -> Vec<u8> {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = (
            point.x().expect("a point that is not compressed"),
            point.y().expect("a point that is not compressed"),
        );
        let algorithm = u8::try_from(-1 - says.algorithm).expect("a negative number") | 0x20;
        let head = [
            0xa5, 0x01, 0x02, 0x03, algorithm, 0x20, 0x01, 0x21, 0x58, 32,
        ];
        [&head[..], x, &[0x22, 0x58, 32], y].concat()
    }
}

fn client_data(kind: &'static str, options: &Value, says: &Says) -> Vec<u8> {
    let challenge = options["challenge"]
        .as_str()
        .expect("options with a challenge")
        .to_owned();
    let mut client = says.client.clone();
    client["type"] = says.kind.unwrap_or(kind).into();
    client["challenge"] = says.challenge.clone().unwrap_or(challenge).into();
    client["origin"] = says.origin.into();
    client.to_string().into_bytes()
}

/// Without the key.
impl fmt::Debug for TestPasskey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TestPasskey")
            .field("id", &base64url(&self.id))
            .finish_non_exhaustive()
    }
}
