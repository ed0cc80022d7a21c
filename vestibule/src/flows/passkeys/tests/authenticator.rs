//! An authenticator in software, with the browser around it, that says whatever a test tells it to.

use data_encoding::BASE64URL_NOPAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};

use crate::crypto::digest::sha256;

/// The flags of WebAuthn Level 3, section 6.1.
pub(super) const USER_PRESENT: u8 = 1;
pub(super) const USER_VERIFIED: u8 = 1 << 2;
pub(super) const BACKUP_ELIGIBLE: u8 = 1 << 3;
pub(super) const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;

/// A passkey in its authenticator.
#[derive(Clone)]
pub(super) struct Authenticator {
    key: SigningKey,
    pub(super) id: Vec<u8>,
    /// The user's id in base64url, from the registration.
    pub(super) handle: Option<String>,
    /// Grows at each use, if it is not zero.
    pub(super) counter: u32,
    pub(super) flags: u8,
}

/// What the browser and the authenticator say. The default is the truth.
#[derive(Clone)]
pub(super) struct Says {
    pub(super) kind: Option<&'static str>,
    pub(super) origin: &'static str,
    pub(super) rp_id: &'static str,
    pub(super) challenge: Option<String>,
    /// Members of the client data besides type, challenge and origin.
    pub(super) client: Value,
    /// The algorithm of the key.
    pub(super) algorithm: i8,
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

pub(super) fn base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

impl Authenticator {
    /// An authenticator whose key and credential id are of this seed.
    pub(super) fn new(seed: u8) -> Self {
        Self {
            key: SigningKey::from_slice(&sha256(&[seed])).unwrap(),
            id: vec![seed; 32],
            handle: None,
            counter: 0,
            flags: USER_PRESENT | USER_VERIFIED,
        }
    }

    /// One that cannot verify its user, such as a simple security key.
    pub(super) fn without_verification(seed: u8) -> Self {
        Self {
            flags: USER_PRESENT,
            ..Self::new(seed)
        }
    }

    /// `navigator.credentials.create`, as `RegistrationResponseJSON`.
    pub(super) fn create(&mut self, options: &Value) -> Value {
        self.create_saying(options, &Says::default())
    }

    pub(super) fn create_saying(&mut self, options: &Value, says: &Says) -> Value {
        self.handle = options["user"]["id"].as_str().map(str::to_owned);
        let data = self.data(says, HAS_CREDENTIAL);
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let attested = [&data[..], &[0; 16], &length, &self.id, &self.cose(says)].concat();
        // The map `fmt`, `attStmt`, `authData`.
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(attested.len()).unwrap().to_be_bytes());
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

    /// `navigator.credentials.get`, as `AuthenticationResponseJSON`.
    pub(super) fn get(&mut self, options: &Value) -> Value {
        self.get_saying(options, &Says::default())
    }

    pub(super) fn get_saying(&mut self, options: &Value, says: &Says) -> Value {
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
        let (x, y) = (point.x().unwrap(), point.y().unwrap());
        let algorithm = u8::try_from(-1 - says.algorithm).unwrap() | 0x20;
        let head = [
            0xa5, 0x01, 0x02, 0x03, algorithm, 0x20, 0x01, 0x21, 0x58, 32,
        ];
        [&head[..], x, &[0x22, 0x58, 32], y].concat()
    }
}

fn client_data(kind: &'static str, options: &Value, says: &Says) -> Vec<u8> {
    let challenge = options["challenge"].as_str().unwrap().to_owned();
    let mut client = says.client.clone();
    client["type"] = says.kind.unwrap_or(kind).into();
    client["challenge"] = says.challenge.clone().unwrap_or(challenge).into();
    client["origin"] = says.origin.into();
    client.to_string().into_bytes()
}
