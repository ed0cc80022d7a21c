use http::StatusCode;

use super::{add, show};
use crate::credentials::{PasswordUsers, Users};
use crate::crypto::key::SecretKey;
use crate::crypto::random::Random;
use crate::error::Result;
use crate::flows::{Site, SiteConfig};
use crate::login::{PageUser, Sender, User, UserId, UserLoader};
use crate::password::PasswordHash;
use crate::testing::passkey::TestPasskey;
use crate::testing::{TestClient, fresh_database};

/// The only user of an app's own table, whose ids are numbers. She has no password.
#[derive(Debug, Clone)]
struct Erin;

impl User for Erin {
    fn id(&self) -> UserId {
        7_i64.into()
    }
}

impl PageUser for Erin {
    fn name(&self) -> &str {
        "erin"
    }
}

struct Table;

impl UserLoader<Erin> for Table {
    async fn load(&self, id: UserId) -> Result<Option<Erin>> {
        Ok((id == Erin.id()).then_some(Erin))
    }
}

impl PasswordUsers<Erin> for Table {
    async fn find_with_hash(&self, _: &str) -> Result<Option<(Erin, Option<PasswordHash>)>> {
        Ok(None)
    }

    async fn hash_of(&self, _: &UserId) -> Result<Option<PasswordHash>> {
        Ok(None)
    }

    async fn replace_hash(&self, _: &UserId, _: &PasswordHash, _: &PasswordHash) -> Result<bool> {
        Ok(false)
    }

    async fn set_hash(&self, _: &Erin, _: &PasswordHash, _: &Sender) -> Result<Option<Erin>> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_user_of_an_apps_own_table_has_passkeys_until_she_is_forgotten() {
    let key = SecretKey::generate(&Random::system()).unwrap();
    let config = SiteConfig::new("https://example.com".parse().unwrap(), key);
    let site = Site::over(fresh_database().await, Users::new(Table), config);
    let site = site.await.unwrap();
    let browser = || TestClient::new(site.router());
    let mut phone = TestPasskey::new(1);
    add(&browser().logged_in_as(&Erin), &mut phone).await;

    let logged_in = show(&browser(), &mut phone).await;
    site.credentials().forget(&Erin.id()).await.unwrap();
    let forgotten = show(&browser(), &mut phone).await;

    assert_eq!(logged_in.json()["username"], "erin");
    assert_eq!(forgotten.status, StatusCode::UNAUTHORIZED);
}
