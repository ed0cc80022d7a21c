//! A browser with an authenticator, by passkey-rs of 1Password: reads one request from each line, and
//! answers with one line. An argument `unverified` is for an authenticator that cannot verify its user.

use std::io::{BufRead, Write, stdin, stdout};

use passkey_authenticator::{Authenticator, UiHint, UserCheck, UserValidationMethod};
use passkey_client::{Client, DefaultClientData};
use passkey_crypto::AvailableBackend;
use passkey_types::Passkey;
use passkey_types::ctap2::{Aaguid, Ctap2Error};
use passkey_types::webauthn::{CredentialCreationOptions, CredentialRequestOptions};
use serde_json::{Value, json};
use url::Url;

/// The user, who touches the authenticator whenever asked to.
struct Touching {
    is_verified: bool,
}

#[async_trait::async_trait]
impl UserValidationMethod for Touching {
    type PasskeyItem = Passkey;

    async fn check_user<'a>(
        &self,
        _: UiHint<'a, Passkey>,
        _: bool,
        _: bool,
    ) -> Result<UserCheck, Ctap2Error> {
        Ok(UserCheck {
            presence: true,
            verification: self.is_verified,
        })
    }

    fn is_presence_enabled(&self) -> bool {
        true
    }

    fn is_verification_enabled(&self) -> Option<bool> {
        self.is_verified.then_some(true)
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_verified = std::env::args().nth(1).as_deref() != Some("unverified");
    let store: Option<Passkey> = None;
    let user = Touching { is_verified };
    let authenticator = Authenticator::new(Aaguid::new_empty(), store, user, AvailableBackend);
    let client = Client::new(authenticator);
    let mut client = client.user_verification_when_preferred(is_verified);
    for line in stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let origin = Url::parse(request["origin"].as_str().unwrap_or_default())?;
        let options = json!({ "publicKey": request["options"] });
        let answer = match request["call"].as_str() {
            Some("create") => {
                let options: CredentialCreationOptions = serde_json::from_value(options)?;
                let made = client.register(&origin, options, DefaultClientData).await;
                made.map(serde_json::to_value)
            }
            _ => {
                let options: CredentialRequestOptions = serde_json::from_value(options)?;
                let shown = client
                    .authenticate(&origin, options, DefaultClientData)
                    .await;
                shown.map(serde_json::to_value)
            }
        };
        let answer = match answer {
            Ok(response) => response?,
            Err(error) => json!({ "error": format!("{error:?}") }),
        };
        writeln!(stdout(), "{answer}")?;
    }
    Ok(())
}
