//! Which authenticators may make passkeys.

use std::fmt;

use uuid::Uuid;

use crate::error::{Error, Result};

/// The models of authenticators that may make passkeys, for
/// [`SiteConfig::passkey_authenticators`](crate::flows::SiteConfig::passkey_authenticators). The
/// authenticator must show by an attestation which model it is (WebAuthn Level 3, section 6.5), so
/// authenticators without one, such as most password managers, are rejected.
///
/// ```no_run
/// use vestibule::credentials::PasskeyAuthenticators;
///
/// # fn sample(config: &mut vestibule::flows::SiteConfig) -> Result<(), Box<dyn std::error::Error>> {
/// let root = std::fs::read_to_string("maker.pem")?;
/// let accepted = PasskeyAuthenticators::new().accept("fa2b99dc-9e39-4257-8f92-4a30d23c4118", &root)?;
/// config.passkey_authenticators = Some(accepted);
/// # Ok(()) }
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PasskeyAuthenticators {
    /// The AAGUIDs, and the root certificates in PEM.
    models: Vec<(Uuid, String)>,
}

impl PasskeyAuthenticators {
    /// No model yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts a model too: the one with this AAGUID (section 6.5.1), whose attestation is signed
    /// under this root certificate of its maker, in PEM. The FIDO Metadata Service lists both.
    ///
    /// # Errors
    /// When the AAGUID is no UUID. A malformed certificate is an error when the site is opened.
    pub fn accept(mut self, aaguid: &str, root: &str) -> Result<Self> {
        let aaguid = Uuid::try_parse(aaguid).map_err(|_| {
            Error::config(format!(
                "`{aaguid}` is no AAGUID: write it like fa2b99dc-9e39-4257-8f92-4a30d23c4118"
            ))
        })?;
        self.models.push((aaguid, root.to_owned()));
        Ok(self)
    }

    pub(super) fn models(&self) -> &[(Uuid, String)] {
        &self.models
    }
}

/// The AAGUIDs alone.
impl fmt::Debug for PasskeyAuthenticators {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let aaguids = self.models.iter().map(|(aaguid, _)| aaguid.to_string());
        f.debug_list().entries(aaguids).finish()
    }
}
