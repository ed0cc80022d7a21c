//! Choosing the language of the pages.
//!
//! # Steps
//! `POST /language` with `language`, one of the site's, and `next` keeps the language in a cookie for
//! a year and redirects to `next`, or to the start page. A script gets 204. Nothing else sets this
//! cookie; without it, `Accept-Language` decides.
//!
//! # What it protects against
//! Redirects to other sites by `next`; a form on another site, as for every POST.
//!
//! # Settings
//! [`SiteConfig::languages`](crate::flows::SiteConfig::languages) and
//! [`SiteConfig::texts`](crate::flows::SiteConfig::texts).

use axum::Router;
use axum::response::Response;
use axum::routing::post;
use http::{HeaderValue, StatusCode, header};

use crate::error::Error;
use crate::flows::answer::Answer;
use crate::flows::flow::Flow;
use crate::flows::page::Page;
use crate::flows::submitted::Submitted;
use crate::login::{Next, PageUser};
use crate::web::text::Text;

#[cfg(test)]
mod tests;

pub(super) fn flow<U: PageUser>() -> Flow<U> {
    Flow {
        paths: &[("language", "/language")],
        public: &["language"],
        routes: |paths| Router::new().route(paths.own("language"), post(choose::<U>)),
        texts: Some([
            include_str!("en.ftl"),
            include_str!("de.ftl"),
            include_str!("es.ftl"),
        ]),
        ..Flow::new("language")
    }
}

async fn choose<U: PageUser>(
    page: Page<U>,
    submitted: Submitted,
) -> axum::response::Result<Response> {
    let mut submitted = submitted.only(&["language", "next"])?;
    let tag = submitted.take("language");
    let next = Next::from(submitted.take("next"));
    let start = page.site.path("index").unwrap_or("/");
    let texts = page.site.inner().pages.texts();
    let answer = match texts.find(&tag) {
        Some(language) => {
            let cookie = HeaderValue::from_str(&texts.chosen(language).to_string());
            let cookie = cookie.map_err(Error::internal)?;
            Answer::done(next.or(start)).header(header::SET_COOKIE, cookie)
        }
        None => {
            let all: Vec<_> = texts.offered().map(|(tag, _)| tag.to_owned()).collect();
            let text = Text::named("language-unknown").with("all", all.join(", "));
            Answer::rejected_to(start, StatusCode::UNPROCESSABLE_ENTITY, text)
        }
    };
    Ok(page.answer(answer)?)
}
