//! Making recovery codes.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;

use crate::flows::answer::Answer;
use crate::flows::factor_user::FactorUser;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::{Login, PageUser};
use crate::web::Problem;
use crate::web::text::Text;

pub(super) const TEMPLATE: &str = "recovery_codes.html";

pub(super) async fn renew<U: PageUser>(
    user: FactorUser<U>,
    page: Page<U>,
    login: Login<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    submitted.only(&[])?;
    let credentials = page.site.credentials();
    if let Some(codes) = credentials.renew_recovery_codes(&login, &user).await? {
        let codes: Vec<_> = codes.iter().map(|code| code.expose()).collect();
        let view = json!({ "codes": codes });
        return Ok(page.answer(Answer::page(TEMPLATE, view))?);
    }
    if !login.is_still_logged_in().await? {
        return Ok(login.unauthorized().await.into_response());
    }
    let problem = Problem::new(StatusCode::CONFLICT)
        .code("no_factor")
        .text(Text::named("recovery-codes-no-factor"));
    Ok(page.answer(Answer::problem(problem))?)
}
