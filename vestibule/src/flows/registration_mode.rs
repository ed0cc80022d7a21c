//! Who can create an account.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// Who can create an account, for
/// [`SiteConfig::registration`](crate::flows::SiteConfig::registration).
///
/// ```
/// use vestibule::flows::RegistrationMode;
///
/// let mode: RegistrationMode = "invite".parse()?;
/// assert_eq!(mode, RegistrationMode::Invite);
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistrationMode {
    /// Every visitor. Admins can invite people too, if the site has mail.
    #[default]
    Open,
    /// Only visitors with an invitation that an admin has sent. Needs our own accounts and a
    /// [`mailer`](crate::flows::SiteConfig::mailer).
    Invite,
    /// Every visitor, but an admin must approve the account before they can log in. A visitor with
    /// an invitation needs no approval. Needs our own accounts.
    Approval,
    /// Nobody: the page does not exist. Admins and the operator can still add users.
    Closed,
}

impl RegistrationMode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Invite, Self::Approval, Self::Closed];

    /// Its name in settings: `open`, `invite`, `approval` or `closed`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Approval => "approval",
            Self::Closed => "closed",
        }
    }

    /// Checks that the site has what this needs.
    pub(super) fn check(self, has_accounts: bool, has_mail: bool) -> Result<()> {
        match self {
            Self::Invite | Self::Approval if !has_accounts => Err(Error::config(format!(
                "`RegistrationMode::{self:?}` works with our own accounts only: use `Site::open`, or \
                 let your app decide who registers"
            ))),
            Self::Invite if !has_mail => Err(Error::config(
                "registration by invitation needs mail: set --smtp-url or --mail-folder, or in your app \
                 `SiteConfig::mailer`",
            )),
            _ => Ok(()),
        }
    }
}

impl FromStr for RegistrationMode {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mode = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        mode.ok_or_else(|| Error::config("write open, invite, approval or closed"))
    }
}

impl fmt::Display for RegistrationMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use http::StatusCode;

    use super::RegistrationMode;
    use crate::crypto::key::SecretKey;
    use crate::crypto::random::Random;
    use crate::flows::{Site, SiteConfig};
    use crate::testing::{PASSWORD, TestApp, fresh_database};

    #[test]
    fn each_mode_is_read_by_its_name() {
        for mode in RegistrationMode::ALL {
            assert_eq!(mode.to_string().parse::<RegistrationMode>().unwrap(), mode);
        }
        let error = "opne".parse::<RegistrationMode>().unwrap_err();
        assert!(error.is_config());
    }

    #[tokio::test]
    async fn where_registration_is_closed_there_is_no_page_and_no_link_to_it() {
        let app = TestApp::with(|config| config.registration = RegistrationMode::Closed).await;
        let browser = app.browser();

        let page = browser.get("/register").await;
        let fields = [("username", "dora"), ("password", PASSWORD)];
        let sent = browser.post("/register", &fields).await;

        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert_eq!(sent.status, StatusCode::NOT_FOUND);
        assert!(app.site.accounts().find("dora").await.unwrap().is_none());
        for path in ["/login", "/register", "/"] {
            let page = browser.get(path).await;
            assert!(!page.text().contains("href=\"/register"), "{path}");
        }
    }

    #[tokio::test]
    async fn invitations_need_mail_and_a_closed_page_cannot_be_named() {
        let open = async |change: fn(&mut SiteConfig)| {
            let key = SecretKey::generate(&Random::insecure_seeded(1)).unwrap();
            let url = "https://example.com".parse().unwrap();
            let mut config = SiteConfig::new(url, key);
            change(&mut config);
            let site = Site::open(fresh_database().await, config).await;
            site.unwrap_err().to_string()
        };

        let invite = open(|config| config.registration = RegistrationMode::Invite).await;
        let named = open(|config| {
            config.registration = RegistrationMode::Closed;
            config.flows = Some(vec!["register".to_owned()]);
        });

        assert!(invite.contains("SiteConfig::mailer"), "{invite}");
        let named = named.await;
        assert!(named.contains("SiteConfig::registration"), "{named}");
    }
}
