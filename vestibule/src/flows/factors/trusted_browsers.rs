//! The browsers in which the user need not show a second factor.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;

use super::gate::FactorUser;
use super::{LIST, done};
use crate::error::Result;
use crate::flows::Site;
use crate::flows::answer::Answer;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::PageUser;
use crate::web::text::Text;

/// A trusted browser as shown to its user.
#[derive(Serialize)]
pub(in crate::flows) struct TrustedBrowserView {
    id: String,
    browser: Option<String>,
    created_at: String,
    last_used_at: Option<String>,
    expires_at: String,
}

impl<U: PageUser> Site<U> {
    /// The trusted browsers of a user, for pages.
    pub(in crate::flows) async fn trusted_browser_views(
        &self,
        user: &U,
    ) -> Result<Vec<TrustedBrowserView>> {
        let trusted = self.credentials().trusted_browsers(user).await?;
        let views = trusted.into_iter().map(|trusted| TrustedBrowserView {
            id: trusted.id,
            browser: trusted.browser,
            created_at: trusted.created_at.to_string(),
            last_used_at: trusted.last_used_at.map(|at| at.to_string()),
            expires_at: trusted.expires_at.to_string(),
        });
        Ok(views.collect())
    }
}

pub(super) async fn remove<U: PageUser>(
    user: FactorUser<U>,
    page: Page<U>,
    Path(id): Path<String>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    submitted.only(&[])?;
    let trusted = &page.site.credentials().factors()?.trusted_browsers;
    if !trusted.remove(&user.id(), &id).await? {
        return Ok(page.answer(Answer::not_found())?);
    }
    let text = Text::named("trusted-browsers-ended");
    Ok(page.answer(done(
        &page,
        page.site.inner().paths.own(LIST),
        StatusCode::OK,
        text,
    ))?)
}
