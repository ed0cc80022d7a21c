//! The only place where a request is accepted or rejected; all extractors and layers call it.

use std::sync::Arc;

use http::request::Parts;

use crate::login::logged_in::LoggedIn;
use crate::login::manager::FirstPage;
use crate::login::rule::{Demand, Rule, Verdict};
use crate::login::views::Needed;
use crate::login::visit::Visit;
use crate::login::{LoginRejection, User};

impl<U: User> Visit<U> {
    /// The user of this request, if they meet the demand; otherwise the rejection.
    ///
    /// This is the only place that decides this; all extractors and layers call it.
    pub(crate) async fn require(
        &self,
        demand: Demand,
        request: &Parts,
    ) -> Result<Arc<LoggedIn<U>>, LoginRejection> {
        // A rejection is large, so its future is boxed to keep this one small.
        let Some(user) = self.resolve(request).await? else {
            return Err(Box::pin(self.reject(Needed::Login, demand, request)).await);
        };
        if let Some(page) = self.page_first(&user, request) {
            let needed = match page.is_enrolment {
                true => Needed::Enrolment(&page.path),
                false => Needed::Visit(&page.path),
            };
            return Err(Box::pin(self.reject(needed, demand, request)).await);
        }
        let needed = match demand.judge(&user) {
            Verdict::Allowed => return Ok(user),
            Verdict::FreshLoginNeeded => Needed::FreshLogin,
            Verdict::SecondFactorNeeded => Needed::SecondFactor,
            Verdict::VerifiedEmailNeeded => Needed::VerifiedEmail,
            Verdict::Forbidden => return Err(Box::pin(self.forbid(demand, request)).await),
        };
        Err(Box::pin(self.reject(needed, demand, request)).await)
    }

    /// Whether [`require`](Self::require) would accept this request. It rejects nothing, and so
    /// emits no event and leaves no message.
    ///
    /// # Errors
    /// When it is unknown, because the store failed.
    pub(crate) async fn passes(
        &self,
        demand: Demand,
        request: &Parts,
    ) -> Result<bool, LoginRejection> {
        let Some(user) = self.resolve(request).await? else {
            return Ok(false);
        };
        let must_go_elsewhere = self.page_first(&user, request).is_some();
        Ok(!must_go_elsewhere && demand.judge(&user) == Verdict::Allowed)
    }

    /// Rejects a user who lacks a permission.
    pub(crate) async fn forbid(&self, demand: Demand, request: &Parts) -> LoginRejection {
        let needed = match demand.hides {
            true => Needed::HiddenRight,
            false => Needed::Right,
        };
        self.reject(needed, demand, request).await
    }

    /// Whether [`require`](Self::require) would accept this request, if that is known without a
    /// store call and without waiting.
    pub(crate) fn is_known_to_pass(&self, rule: Rule, request: &Parts) -> bool {
        self.check().is_ok()
            && self.known_at_once(request).is_some_and(|user| {
                rule.judge(&user) == Verdict::Allowed && self.page_first(&user, request).is_none()
            })
    }

    /// The page that this user must visit before the requested one.
    fn page_first(&self, user: &LoggedIn<U>, request: &Parts) -> Option<FirstPage> {
        let must_visit = self.settings().rejections.must_visit.as_ref()?;
        let first = must_visit(user)?;
        // Compare bytes, as the router does: another spelling may be another page.
        let path = self.path_in_browser(request);
        let path = path.split('?').next().unwrap_or_default();
        let is_open = *path == *first.path || first.besides.iter().any(|open| open == path);
        (!is_open).then_some(first)
    }
}
