//! The browsers in which the user need not show a second factor.

use axum::extract::Path;
use axum::response::Response;
use http::StatusCode;

use super::{LIST, done};
use crate::flows::answer::Answer;
use crate::flows::factor_user::FactorUser;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::PageUser;
use crate::web::text::Text;

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
