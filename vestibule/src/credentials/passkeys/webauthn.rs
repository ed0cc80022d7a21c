//! WebAuthn by the crate `webauthn-rs`.
//!
//! Its `SecurityKey` is the kind of credential for which user verification is preferred and not
//! required; for each log-in we say which. `SecurityKeyAuthentication` and
//! `DiscoverableAuthentication` are stored in the same form, so a log-in of either kind is checked
//! against the credential as it is stored at that moment, and not as it was when the ceremony began.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;
use webauthn_rs::prelude::{
    AttestationCaList, AttestationCaListBuilder, DiscoverableAuthentication, PublicKeyCredential,
    RegisterPublicKeyCredential, SecurityKey, SecurityKeyRegistration, WebauthnError,
};
use webauthn_rs::{Webauthn, WebauthnBuilder};

use super::relying_party::{
    Begun, NewUser, Registered, Rejected, RelyingParty, Shown, Verification,
};
use super::response::{AuthenticationResponse, ClientData, RegistrationResponse, credential_id};
use super::{CEREMONY_LASTS, PasskeyAuthenticators, Site};
use crate::error::{Error, Result};

/// The relying party of a site.
pub(super) struct WebAuthn {
    library: Webauthn,
    id: String,
    origin: String,
    /// Of the authenticators that may make passkeys; `None` if any may.
    authorities: Option<AttestationCaList>,
}

impl WebAuthn {
    /// The relying party of this site, for pages at exactly its origin.
    ///
    /// # Errors
    /// When browsers would not accept the RP ID at the origin, or a root certificate of an
    /// authenticator is malformed.
    pub(super) fn new(site: &Site<'_>) -> Result<Self> {
        let (id, origin) = (site.rp_id, site.origin);
        let no_domain = || {
            Error::config(format!(
                "passkeys need a domain: `{id}` is none, or does not contain the host of {origin}; \
                 serve the site at a domain (for tests, at http://localhost), or leave the flow \
                 `passkeys` out"
            ))
        };
        let url = Url::parse(origin).map_err(|_| no_domain())?;
        let builder = WebauthnBuilder::new(id, &url).map_err(|_| no_domain())?;
        let library = builder.rp_name(site.name).timeout(CEREMONY_LASTS).build();
        Ok(Self {
            library: library.map_err(|_| no_domain())?,
            id: id.to_owned(),
            origin: origin.to_owned(),
            authorities: site.authenticators.map(authorities).transpose()?,
        })
    }

    /// Checks what the library does not: that the origin is ours to the letter, and that no page of
    /// another origin has ours in a frame.
    fn check_client(&self, encoded: &str, kind: &str) -> Result<(), Rejected> {
        let wrong = |why: &str| Err(Rejected::Wrong(why.to_owned()));
        let Some(client) = ClientData::parse(encoded) else {
            return wrong("malformed clientDataJSON");
        };
        if client.kind != kind {
            return wrong("another type of ceremony");
        }
        if client.origin != self.origin {
            return wrong("another origin");
        }
        if client.cross_origin == Some(true) || client.top_origin.is_some() {
            return wrong("in a frame of another origin");
        }
        Ok(())
    }
}

impl RelyingParty for WebAuthn {
    fn begin_registration(&self, user: &NewUser<'_>, existing: &[String]) -> Result<Begun> {
        let existing: Vec<SecurityKey> = all_stored(existing)?;
        let excluded = existing.iter().map(|key| key.cred_id().clone()).collect();
        let (options, state) = self
            .library
            .start_securitykey_registration(
                user.handle,
                user.name,
                user.name,
                Some(excluded),
                self.authorities.clone(),
                None,
            )
            .map_err(broken)?;
        let mut options = public_key(&options)?;
        // Any kind of authenticator, not only security keys.
        remove(&mut options, "hints");
        // An authenticator that stores it can log in without a username. The others are second
        // factors.
        if let Some(selection) = options.get_mut("authenticatorSelection") {
            let is_required = user.verification == Verification::Required;
            let wish = if is_required { "required" } else { "preferred" };
            selection["residentKey"] = json!(wish);
            selection["requireResidentKey"] = json!(is_required);
            selection["userVerification"] = json!(wish);
        }
        options["extensions"] = json!({ "credProps": true });
        // Ours are the same for all ceremonies.
        let mut state = serde_json::to_value(&state).map_err(Error::internal)?;
        state["ca_list"] = Value::Null;
        begun(options, &state)
    }

    fn finish_registration(
        &self,
        state: &str,
        response: &RegistrationResponse,
    ) -> Result<Result<Registered, Rejected>> {
        let mut state: Value = stored(state)?;
        state["ca_list"] = serde_json::to_value(&self.authorities).map_err(Error::internal)?;
        let state: SecurityKeyRegistration =
            serde_json::from_value(state).map_err(Error::internal)?;
        if credential_id(&response.id, &response.raw_id, &response.kind).is_none() {
            return Ok(Err(Rejected::Wrong("malformed credential id".to_owned())));
        }
        let client = &response.response.client_data_json;
        if let Err(rejected) = self.check_client(client, "webauthn.create") {
            return Ok(Err(rejected));
        }
        let response: RegisterPublicKeyCredential = match as_of_library(response) {
            Ok(response) => response,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let key = match self
            .library
            .finish_securitykey_registration(&response, &state)
        {
            Ok(key) => key,
            Err(error) => return Ok(Err(rejected(&error))),
        };
        // The id is in the response twice. Only the one in the authenticator's data counts.
        if key.cred_id().as_slice() != response.raw_id.as_slice() {
            return Ok(Err(Rejected::Wrong("another credential id".to_owned())));
        }
        let credential = serde_json::to_value(&key).map_err(Error::internal)?;
        Ok(Ok(Registered {
            is_synced: credential["cred"]["backup_state"] == Value::Bool(true),
            is_verified: credential["cred"]["user_verified"] == Value::Bool(true),
            credential: credential.to_string(),
        }))
    }

    fn begin_authentication(
        &self,
        allowed: &[String],
        verification: Verification,
    ) -> Result<Begun> {
        let allowed: Vec<SecurityKey> = all_stored(allowed)?;
        match verification {
            Verification::Required => {
                let (options, state) = self
                    .library
                    .start_discoverable_authentication()
                    .map_err(broken)?;
                begun(request_options(&options)?, &state)
            }
            Verification::Preferred => {
                let (options, state) = self
                    .library
                    .start_securitykey_authentication(&allowed)
                    .map_err(broken)?;
                begun(request_options(&options)?, &state)
            }
        }
    }

    fn finish_authentication(
        &self,
        state: &str,
        response: &AuthenticationResponse,
        credential: &str,
    ) -> Result<Result<Shown, Rejected>> {
        let state: DiscoverableAuthentication = stored(state)?;
        let mut key: SecurityKey = stored(credential)?;
        let client = &response.response.client_data_json;
        if let Err(rejected) = self.check_client(client, "webauthn.get") {
            return Ok(Err(rejected));
        }
        let response: PublicKeyCredential = match as_of_library(response) {
            Ok(response) => response,
            Err(rejected) => return Ok(Err(rejected)),
        };
        let result = self
            .library
            .finish_discoverable_authentication_v2(&response, state, &key);
        let result = match result {
            Ok(result) => result,
            Err(error) => return Ok(Err(rejected(&error))),
        };
        key.update_credential(&result);
        Ok(Ok(Shown {
            credential: serde_json::to_string(&key).map_err(Error::internal)?,
            is_synced: result.backup_state(),
            is_verified: result.user_verified(),
        }))
    }

    fn id(&self) -> &str {
        &self.id
    }
}

/// The root certificates, each with the models that are attested under it.
fn authorities(accepted: &PasskeyAuthenticators) -> Result<AttestationCaList> {
    let mut authorities = AttestationCaListBuilder::new();
    for (aaguid, root) in accepted.models() {
        let inserted = authorities.insert_device_pem(
            root.as_bytes(),
            *aaguid,
            aaguid.to_string(),
            BTreeMap::new(),
        );
        inserted.map_err(|_| {
            Error::config(format!(
                "the root certificate of the authenticator {aaguid} is no X.509 certificate in PEM"
            ))
        })?;
    }
    let authorities = authorities.build();
    if authorities.is_empty() {
        return Err(Error::config(
            "no authenticator may make passkeys: add one to `PasskeyAuthenticators`, or leave the \
             flow `passkeys` out",
        ));
    }
    Ok(authorities)
}

fn rejected(error: &WebauthnError) -> Rejected {
    match error {
        WebauthnError::CredentialPossibleCompromise => Rejected::CounterWentBack,
        error => Rejected::Wrong(error.to_string()),
    }
}

fn broken(error: WebauthnError) -> Error {
    Error::internal(error)
}

fn stored<T: DeserializeOwned>(text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(Error::internal)
}

fn all_stored<T: DeserializeOwned>(texts: &[String]) -> Result<Vec<T>> {
    texts.iter().map(|text| stored(text)).collect()
}

/// The response as the library reads it.
fn as_of_library<T: DeserializeOwned>(response: &impl serde::Serialize) -> Result<T, Rejected> {
    let value = serde_json::to_value(response);
    let read = value.and_then(serde_json::from_value);
    read.map_err(|error| Rejected::Wrong(error.to_string()))
}

/// The options in `publicKey`, which the library's types have around them.
fn public_key(options: &impl serde::Serialize) -> Result<Value> {
    let mut value = serde_json::to_value(options).map_err(Error::internal)?;
    Ok(value["publicKey"].take())
}

fn request_options(options: &impl serde::Serialize) -> Result<Value> {
    let mut options = public_key(options)?;
    remove(&mut options, "hints");
    remove(&mut options, "extensions");
    Ok(options)
}

fn remove(options: &mut Value, member: &str) {
    if let Some(options) = options.as_object_mut() {
        options.remove(member);
    }
}

fn begun(options: Value, state: &impl serde::Serialize) -> Result<Begun> {
    let challenge = options["challenge"].as_str().unwrap_or_default();
    let challenge = data_encoding::BASE64URL_NOPAD.decode(challenge.as_bytes());
    Ok(Begun {
        challenge: challenge.map_err(Error::internal)?,
        state: serde_json::to_string(state).map_err(Error::internal)?,
        options,
    })
}
