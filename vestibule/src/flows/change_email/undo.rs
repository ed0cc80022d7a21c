//! Taking back a changed address.

use axum::extract::Query;
use axum::response::Response;
use http::HeaderMap;
use serde_json::json;

use super::UNDO;
use crate::credentials::LinkCheck;
use crate::credentials::tokens::Purpose;
use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::link_token::{self, LinkQuery, dead};
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::flows::throttled::{Tried, throttled};
use crate::login::{Login, PageUser};
use crate::web::text::Text;

pub(super) const TEMPLATE: &str = "undo_email.html";

pub(super) async fn show<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    Query(query): Query<LinkQuery>,
    headers: HeaderMap,
) -> Result<Response> {
    let purpose = Purpose::UndoEmail;
    if let Some(token) = query.token {
        return Ok(link_token::move_into_cookie(
            &page.site, UNDO, purpose, &token,
        ));
    }
    let Some(token) = link_token::of_cookie(&page.site, UNDO, &headers) else {
        return dead(&page, UNDO);
    };
    match page
        .site
        .credentials()
        .check_link(&login, purpose, &token)
        .await?
    {
        LinkCheck::Works(link) => {
            let view = json!({
                "username": link.user.name(),
                "former": link.address().as_str(),
                "email": link.user.email(),
            });
            page.answer(Answer::page(TEMPLATE, view))
        }
        LinkCheck::Dead => dead(&page, UNDO),
        LinkCheck::Throttled(wait) => {
            page.answer(throttled(Tried::Token, wait, TEMPLATE, json!({})))
        }
    }
}

pub(super) async fn undo<U: PageUser>(
    page: Page<U>,
    login: Login<U>,
    headers: HeaderMap,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["token"])?;
    let field = submitted.take("token");
    let Some(token) = link_token::of_form(&page.site, UNDO, field, &headers) else {
        return Ok(dead(&page, UNDO)?);
    };
    let credentials = page.site.credentials();
    let check = credentials.check_link(&login, Purpose::UndoEmail, &token);
    let link = match check.await? {
        LinkCheck::Works(link) => *link,
        LinkCheck::Dead => return Ok(dead(&page, UNDO)?),
        LinkCheck::Throttled(wait) => {
            return Ok(page.answer(throttled(Tried::Token, wait, TEMPLATE, json!({})))?);
        }
    };
    let Some(reset) = credentials.undo_email(&login, link).await? else {
        return Ok(dead(&page, UNDO)?);
    };
    let done = Text::named("undo-email-done");
    Ok(link_token::choose_password(&page, UNDO, &reset, done)?)
}
