//! The test vectors of the standard: W3C Web Authentication Level 3, section 16.2, "ES256
//! Credential with No Attestation". Its authenticator did not verify the user.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use serde_json::{Value, json};

use super::WebAuthn;
use crate::credentials::passkeys::relying_party::{
    Begun, NewUser, Rejected, RelyingParty, Verification,
};

const CREDENTIAL_ID: &str = "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4";

const NEW_CHALLENGE: &str = "00c30fb78531c464d2b6771dab8d7b603c01162f2fa486bea70f283ae556e130";
const NEW_CLIENT_DATA: &str = "7b2274797065223a22776562617574686e2e637265617465222c226368616c6c656e6765223a22414d4d507434557878475453746e63647134313759447742466938767049612d7077386f4f755657345441222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73652c22657874726144617461223a22636c69656e74446174614a534f4e206d617920626520657874656e6465642077697468206164646974696f6e616c206669656c647320696e20746865206675747572652c207375636820617320746869733a20426b5165446a646354427258426941774a544c453551227d";
const ATTESTATION_OBJECT: &str = "a363666d74646e6f6e656761747453746d74a068617574684461746158a4bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b559000000008446ccb9ab1db374750b2367ff6f3a1f0020f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4a5010203262001215820afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61225820930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220";

const CHALLENGE: &str = "39c0e7521417ba54d43e8dc95174f423dee9bf3cd804ff6d65c857c9abf4d408";
const CLIENT_DATA: &str = "7b2274797065223a22776562617574686e2e676574222c226368616c6c656e6765223a224f63446e55685158756c5455506f334a5558543049393770767a7a59425039745a63685879617630314167222c226f726967696e223a2268747470733a2f2f6578616d706c652e6f7267222c2263726f73734f726967696e223a66616c73657d";
const AUTHENTICATOR_DATA: &str =
    "bfabc37432958b063360d3ad6461c9c4735ae7f8edd46592a5e0f01452b2e4b51900000000";
const SIGNATURE: &str = "3046022100f50a4e2e4409249c4a853ba361282f09841df4dd4547a13a87780218deffcd380221008480ac0f0b93538174f575bf11a1dd5d78c6e486013f937295ea13653e331e87";

fn base64url(hex: &str) -> String {
    BASE64URL_NOPAD.encode(&HEXLOWER.decode(hex.as_bytes()).unwrap())
}

/// The state with the challenge of the vector in place of the random one.
fn with_challenge(begun: &Begun, hex: &str) -> String {
    let random = BASE64URL_NOPAD.encode(&begun.challenge);
    assert!(begun.state.contains(&random), "{}", begun.state);
    begun.state.replace(&random, &base64url(hex))
}

fn response(members: &Value) -> Value {
    let id = base64url(CREDENTIAL_ID);
    json!({ "id": id, "rawId": id, "type": "public-key", "response": members })
}

/// Registers the credential of the vector. Returns it as it is stored.
fn registered(relying_party: &WebAuthn) -> String {
    let user = NewUser {
        handle: uuid::Uuid::nil(),
        name: "alice",
        verification: super::Verification::Preferred,
    };
    let begun = relying_party.begin_registration(&user, &[]).unwrap();
    let state = with_challenge(&begun, NEW_CHALLENGE);
    let response = response(&json!({
        "clientDataJSON": base64url(NEW_CLIENT_DATA),
        "attestationObject": base64url(ATTESTATION_OBJECT),
    }));
    let response = serde_json::from_value(response).unwrap();
    let registered = relying_party.finish_registration(&state, &response);
    let registered = registered.unwrap().unwrap_or_else(|why| panic!("{why}"));
    assert!(registered.is_synced);
    registered.credential
}

#[test]
fn the_vector_of_the_standard_registers_and_logs_in() {
    let relying_party = WebAuthn::new("example.org", "Example", "https://example.org").unwrap();
    let credential = registered(&relying_party);
    let log_in = |verification, signature: &str| {
        let allowed = [credential.clone()];
        let begun = relying_party.begin_authentication(&allowed, verification);
        let state = with_challenge(&begun.unwrap(), CHALLENGE);
        let response = response(&json!({
            "clientDataJSON": base64url(CLIENT_DATA),
            "authenticatorData": base64url(AUTHENTICATOR_DATA),
            "signature": base64url(signature),
        }));
        let response = serde_json::from_value(response).unwrap();
        let shown = relying_party.finish_authentication(&state, &response, &credential);
        shown.unwrap()
    };

    let shown = log_in(Verification::Preferred, SIGNATURE).unwrap_or_else(|why| panic!("{why}"));

    assert!(shown.is_synced && !shown.is_verified);
    let changed = SIGNATURE.replace("1e87", "1e86");
    let changed = log_in(Verification::Preferred, &changed).err();
    assert!(matches!(changed, Some(Rejected::Wrong(_))), "{changed:?}");
    let required = log_in(Verification::Required, SIGNATURE).err();
    assert!(matches!(required, Some(Rejected::Wrong(_))), "{required:?}");
}
