//! The test vectors of the standard: W3C Web Authentication Level 3, section 16. Each is a
//! registration and a log-in with the same credential.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde::Deserialize;
use serde_json::{Value, json};

use super::WebAuthn;
use crate::credentials::passkeys::relying_party::{
    Begun, NewUser, Registered, Rejected, RelyingParty, Shown, Verification,
};
use crate::credentials::passkeys::{PasskeyAuthenticators, Site};
use crate::error::Error;

/// All vectors of the standard, and where they come from.
const W3C: &str = include_str!("w3c.json");

/// Ours, for RS256.
const RS256: &str = include_str!("rs256.json");

/// The flags of authenticator data: user verified, backed up.
const VERIFIED: u8 = 1 << 2;
const BACKED_UP: u8 = 1 << 4;

/// The vectors that register and log in.
const RIGHT: [&str; 8] = [
    "none-es256",
    "none-es256-long-credential-id",
    "packed-es256",
    "packed-es384",
    "apple-es256",
    "fido-u2f-es256",
    "none-rs256",
    "packed-self-rs256",
];

/// The vectors that do not apply to us, and why their registration is rejected.
const NOT_FOR_US: [(&str, &str); 8] = [
    // Pages of another origin must not have ours in a frame.
    ("none-es256-crossOrigin", "in a frame of another origin"),
    ("none-es256-topOrigin", "in a frame of another origin"),
    // Algorithms that we do not offer, because webauthn-rs does not check them.
    ("packed-es512", "alg that was not allowed"),
    ("packed-eddsa", "ED25519 and ED448 keys are not supported"),
    ("packed-ed448", "invalid cryptographic algorithm"),
    // webauthn-rs takes RSA keys of 2,048 bits alone, and this one has 3,482.
    ("packed-rs256", "invalid RSA modulus"),
    // Attestations that no browser gives us, because we ask for none.
    ("tpm-es256", "COSEKey type is not supported"),
    ("android-key-es256", "trust root"),
];

#[derive(Deserialize)]
struct Vectors {
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    /// In the standard, the last part of the section's address: `sctn-test-vectors-…`.
    name: String,
    credential_id: String,
    registration: Registration,
    authentication: Authentication,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registration {
    challenge: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authentication {
    challenge: String,
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
}

fn vectors() -> Vec<Vector> {
    let parsed = |json| serde_json::from_str::<Vectors>(json).unwrap().vectors;
    [parsed(W3C), parsed(RS256)].into_iter().flatten().collect()
}

fn vector(name: &str) -> Vector {
    let mut vectors = vectors().into_iter();
    vectors.find(|vector| vector.name == name).unwrap()
}

fn relying_party() -> WebAuthn {
    relying_party_for(None).unwrap()
}

fn relying_party_for(authenticators: Option<&PasskeyAuthenticators>) -> Result<WebAuthn, Error> {
    WebAuthn::new(&Site {
        rp_id: "example.org",
        name: "Example",
        origin: "https://example.org",
        authenticators,
    })
}

fn bytes(hex: &str) -> Vec<u8> {
    HEXLOWER.decode(hex.as_bytes()).unwrap()
}

fn base64url(hex: &str) -> String {
    BASE64URL_NOPAD.encode(&bytes(hex))
}

/// The state with the challenge of the vector in place of the random one.
fn with_challenge(begun: &Begun, hex: &str) -> String {
    let random = BASE64URL_NOPAD.encode(&begun.challenge);
    assert!(begun.state.contains(&random), "{}", begun.state);
    begun.state.replace(&random, &base64url(hex))
}

impl Vector {
    fn response(&self, members: &Value) -> Value {
        let id = base64url(&self.credential_id);
        json!({ "id": id, "rawId": id, "type": "public-key", "response": members })
    }

    fn register(&self) -> Result<Registered, Rejected> {
        self.register_at(&relying_party())
    }

    fn register_at(&self, relying_party: &WebAuthn) -> Result<Registered, Rejected> {
        let registration = &self.registration;
        let user = NewUser {
            handle: uuid::Uuid::nil(),
            name: "alice",
            verification: Verification::Preferred,
        };
        let begun = relying_party.begin_registration(&user, &[]).unwrap();
        let state = with_challenge(&begun, &registration.challenge);
        let response = self.response(&json!({
            "clientDataJSON": base64url(&registration.client_data),
            "attestationObject": base64url(&registration.attestation_object),
        }));
        let response = serde_json::from_value(response).unwrap();
        relying_party
            .finish_registration(&state, &response)
            .unwrap()
    }

    /// A log-in with the stored credential.
    fn log_in(&self, credential: &str, verification: Verification) -> Result<Shown, Rejected> {
        let (relying_party, authentication) = (relying_party(), &self.authentication);
        let allowed = [credential.to_owned()];
        let begun = relying_party.begin_authentication(&allowed, verification);
        let state = with_challenge(&begun.unwrap(), &authentication.challenge);
        let response = self.response(&json!({
            "clientDataJSON": base64url(&authentication.client_data),
            "authenticatorData": base64url(&authentication.authenticator_data),
            "signature": base64url(&authentication.signature),
        }));
        let response = serde_json::from_value(response).unwrap();
        let shown = relying_party.finish_authentication(&state, &response, credential);
        shown.unwrap()
    }

    /// The flags of the registration and of the log-in, which follow the digest of the RP ID.
    fn flags(&self) -> (u8, u8) {
        let authentication = bytes(&self.authentication.authenticator_data);
        let (rp, registration) = (
            &authentication[..32],
            bytes(&self.registration.attestation_object),
        );
        let mut windows = registration.windows(33);
        let found = windows.find(|window| window.starts_with(rp));
        (found.unwrap()[32], authentication[32])
    }
}

#[test]
fn vectors_of_our_algorithms_register_and_log_in() {
    for name in RIGHT {
        let vector = vector(name);
        let (at_registration, at_log_in) = vector.flags();
        let registered = vector.register();
        let registered = registered.unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(
            registered.is_synced,
            at_registration & BACKED_UP != 0,
            "{name}"
        );

        let shown = vector.log_in(&registered.credential, Verification::Preferred);

        let shown = shown.unwrap_or_else(|why| panic!("{name}: {why}"));
        assert_eq!(shown.is_synced, at_log_in & BACKED_UP != 0, "{name}");
        assert_eq!(shown.is_verified, at_log_in & VERIFIED != 0, "{name}");
        let required = vector.log_in(&registered.credential, Verification::Required);
        assert_eq!(required.is_ok(), at_log_in & VERIFIED != 0, "{name}");
    }
}

#[test]
fn vectors_with_one_changed_byte_are_rejected() {
    for name in RIGHT {
        let registered = vector(name).register().unwrap_or_else(|_| panic!("{name}"));
        let changes: [fn(&mut Authentication) -> &mut String; 3] = [
            |authentication| &mut authentication.signature,
            |authentication| &mut authentication.authenticator_data,
            |authentication| &mut authentication.client_data,
        ];
        for change in changes {
            let mut changed = vector(name);
            flip_last_bit(change(&mut changed.authentication));

            let shown = changed.log_in(&registered.credential, Verification::Preferred);

            let why = shown.err();
            assert!(matches!(why, Some(Rejected::Wrong(_))), "{name}: {why:?}");
        }
        let mut changed = vector(name);
        changed.authentication.challenge = changed.registration.challenge.clone();
        let shown = changed.log_in(&registered.credential, Verification::Preferred);
        assert!(shown.is_err(), "{name}");
    }
}

fn flip_last_bit(hex: &mut String) {
    let mut changed = bytes(hex);
    *changed.last_mut().unwrap() ^= 1;
    *hex = HEXLOWER.encode(&changed);
}

/// The statement is a signature by the credential itself. webauthn-rs lets a credential that
/// verified its user at the registration log in only if it does so again, which this one does not.
#[test]
fn the_vector_with_self_attestation_registers_and_must_verify_its_user_again() {
    let vector = vector("packed-self-es256");
    let (at_registration, at_log_in) = vector.flags();
    assert_eq!(
        (at_registration & VERIFIED, at_log_in & VERIFIED),
        (VERIFIED, 0)
    );

    let registered = vector.register().unwrap_or_else(|why| panic!("{why}"));
    let shown = vector.log_in(&registered.credential, Verification::Preferred);

    let why = shown.err().map(|why| why.to_string()).unwrap_or_default();
    assert!(why.contains("user verified bit is not set"), "{why}");
}

#[test]
fn a_false_self_attestation_is_rejected() {
    for name in ["packed-self-es256", "packed-self-rs256"] {
        let mut vector = vector(name);
        // The signature is of the client data too.
        let client_data = String::from_utf8(bytes(&vector.registration.client_data)).unwrap();
        let changed = client_data.replacen(r#""crossOrigin""#, r#""unknown":0,"crossOrigin""#, 1);
        assert_ne!(client_data, changed);
        vector.registration.client_data = HEXLOWER.encode(changed.as_bytes());

        let why = vector.register().err();

        assert!(matches!(why, Some(Rejected::Wrong(_))), "{name}: {why:?}");
    }
}

#[test]
fn vectors_that_are_not_for_us_are_rejected_for_the_known_reason() {
    for (name, reason) in NOT_FOR_US {
        let why = vector(name).register().err();
        let why = why.map(|why| why.to_string()).unwrap_or_default();
        assert!(why.contains(reason), "{name}: {why}");
    }
}

#[test]
fn each_vector_of_the_standard_is_in_one_of_the_lists() {
    let not_for_us = NOT_FOR_US.map(|(name, _)| name);
    let mut listed = [&RIGHT[..], &not_for_us, &["packed-self-es256"]].concat();
    let mut all: Vec<_> = vectors().into_iter().map(|vector| vector.name).collect();

    listed.sort_unstable();
    all.sort_unstable();

    assert_eq!(all, listed);
}

/// The root under which the attestations of the standard's vectors are signed, and the AAGUID of
/// `packed-es256`.
const ROOT: &str = include_str!("w3c_root.pem");
const AAGUID: &str = "876ca4f5-2071-c3e9-b255-09ef2cdf7ed6";

#[test]
fn only_models_that_the_site_accepts_make_passkeys() {
    let other = "fa2b99dc-9e39-4257-8f92-4a30d23c4118";
    let accepts = |aaguid| PasskeyAuthenticators::new().accept(aaguid, ROOT).unwrap();
    let (accepted, another) = (accepts(AAGUID), accepts(other));
    let both = another.clone().accept(AAGUID, ROOT).unwrap();
    let attested = vector("packed-es256");

    for accepted in [accepted, both] {
        let relying_party = relying_party_for(Some(&accepted)).unwrap();
        let registered = attested.register_at(&relying_party);
        assert!(registered.is_ok(), "{:?}", registered.err());
        for unattested in ["none-es256", "packed-self-es256", "none-rs256"] {
            let registered = vector(unattested).register_at(&relying_party);
            assert!(registered.is_err(), "{unattested}");
        }
    }
    let relying_party = relying_party_for(Some(&another)).unwrap();
    assert!(attested.register_at(&relying_party).is_err());
}

#[test]
fn the_authenticator_is_asked_for_an_attestation_only_if_the_site_checks_it() {
    let accepted = PasskeyAuthenticators::new().accept(AAGUID, ROOT).unwrap();
    for (accepted, expected) in [(None, "none"), (Some(&accepted), "direct")] {
        let user = NewUser {
            handle: uuid::Uuid::nil(),
            name: "alice",
            verification: Verification::Preferred,
        };
        let relying_party = relying_party_for(accepted).unwrap();
        let begun = relying_party.begin_registration(&user, &[]).unwrap();

        assert_eq!(begun.options["attestation"], expected);
        // The ceremony's row stays small.
        assert!(begun.state.len() < 2_000, "{}", begun.state);
    }
}

#[test]
fn a_wrong_aaguid_and_a_wrong_certificate_are_errors_that_say_so() {
    let error = PasskeyAuthenticators::new().accept("any", ROOT);
    assert!(error.unwrap_err().to_string().contains("no AAGUID"));
    let broken = PasskeyAuthenticators::new()
        .accept(AAGUID, "-----BEGIN")
        .unwrap();
    for (accepted, says) in [
        (broken, "certificate in PEM"),
        (PasskeyAuthenticators::new(), "no authenticator"),
    ] {
        let error = relying_party_for(Some(&accepted)).err().unwrap();
        assert!(error.is_config());
        assert!(error.to_string().contains(says), "{error}");
    }
}
