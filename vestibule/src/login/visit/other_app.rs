//! Another app on this host that has the same cookies.

use std::sync::atomic::Ordering;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::login::visit::Visit;
use crate::login::{User, UserId};

/// How many of the user's sessions to look at.
const LOOKED_AT: usize = 10;

impl<U: User> Visit<U> {
    /// Warns, once in this process, if another app on this host seems to have the same session
    /// cookie: the store does not know this browser's token, although its user has a valid session
    /// from a similar browser.
    ///
    /// It only warns, because this also happens in other ways, such as after a log-out elsewhere.
    pub(super) async fn warn_of_other_app(&self, user: &UserId, epoch: i64, now: Timestamp) {
        let warned = &self.context.warned_of_other_app;
        if warned.load(Ordering::Relaxed) {
            return;
        }
        // A log-in does not fail because of a warning.
        if self
            .is_of_other_app(user, epoch, now)
            .await
            .unwrap_or(false)
            && !warned.swap(true, Ordering::Relaxed)
        {
            tracing::warn!(
                realm = &*self.settings().realm,
                "a browser that has lost its session cookie brought one that this app did not set: \
                 if another app runs on this host, give each of them the path it has in its public \
                 URL, or a realm of its own (`LoginManager::realm`, `--realm`), or a log-in to one \
                 ends that to the other"
            );
        }
    }

    async fn is_of_other_app(&self, user: &UserId, epoch: i64, now: Timestamp) -> Result<bool> {
        let settings = self.settings();
        let Some(id) = self.tokens().session.filter(|_| self.session().is_none()) else {
            return Ok(false);
        };
        if settings.store.load(id).await?.is_some() {
            return Ok(false);
        }
        let of_user = (&*settings.realm, user, epoch);
        let expiry = (settings.sessions.expiry, now);
        let alive = settings.store.list_alive(of_user, expiry, None, LOOKED_AT);
        let user_agent = self.sender().user_agent().unwrap_or_default();
        let is_like_this =
            |other: &Option<String>| !user_agent.is_empty() && other.as_ref() == Some(&user_agent);
        let mut alive = alive.await?.into_iter();
        Ok(alive.any(|session| is_like_this(&session.user_agent)))
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::post;

    use crate::error::Result;
    use crate::login::visit::tests::{Member, manager};
    use crate::login::{Login, LoginOutcome};
    use crate::testing::TestClient;
    use crate::testing::log::Log;

    /// An app with its own store.
    fn app(realm: &str) -> Router {
        let manager = manager().realm(realm);
        let log_in = async |login: Login<Member>| -> Result<()> {
            let outcome = login.log_in(&Member).await?;
            assert_eq!(outcome, LoginOutcome::LoggedIn);
            Ok(())
        };
        let log_out = async |login: Login<Member>| login.log_out_everywhere().await.map(drop);
        let routes = Router::new()
            .route("/login", post(log_in))
            .route("/logout", post(log_out));
        routes.layer(manager.unwrap().layer())
    }

    fn warnings(log: &Log) -> usize {
        log.text().matches("realm of its own").count()
    }

    fn browser(routes: Router) -> TestClient {
        TestClient::new(routes).user_agent("Firefox")
    }

    #[tokio::test]
    async fn a_browser_that_goes_back_and_forth_between_two_apps_causes_one_warning() {
        let log = Log::default();
        let _guard = log.begin();
        let apps = Router::new().nest("/shop", app("")).nest("/blog", app(""));
        let browser = browser(apps);

        browser.post("/shop/login", &[]).await;
        browser.post("/blog/login", &[]).await;
        assert_eq!(warnings(&log), 0);
        for _ in 0..2 {
            browser.post("/shop/login", &[]).await;
        }
        browser.post("/blog/login", &[]).await;
        browser.post("/shop/login", &[]).await;

        // Each app has warned once.
        assert_eq!(warnings(&log), 2, "{}", log.text());
    }

    #[tokio::test]
    async fn apps_with_realms_and_sessions_that_have_ended_cause_no_warning() {
        let log = Log::default();
        let _guard = log.begin();
        let apps = Router::new()
            .nest("/shop", app(""))
            .nest("/blog", app("blog"));
        let browser = browser(apps);

        for _ in 0..2 {
            browser.post("/shop/login", &[]).await;
            browser.post("/blog/login", &[]).await;
        }
        let other = browser.stolen();
        other.post("/shop/logout", &[]).await;
        browser.post("/shop/login", &[]).await;

        assert_eq!(warnings(&log), 0, "{}", log.text());
    }
}
