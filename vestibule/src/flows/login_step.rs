//! The next step of a log-in that needs a second factor.

use http::StatusCode;
use serde_json::json;

use crate::error::Result;
use crate::flows::answer::Answer;
use crate::flows::page::Page;
use crate::login::{Login, PageUser};
use crate::session::Methods;
use crate::web::Problem;
use crate::web::text::Text;

/// The name of the page that asks for a second factor, if its flow is enabled.
pub(super) const SECOND_FACTOR: &str = "second_factor";

/// The response to a visitor who has shown one factor and needs another. Browsers are redirected to
/// the page that asks for it. Scripts learn by which methods; if the app checks its own factor, they
/// get a problem.
pub(super) async fn second_factor<U: PageUser>(page: &Page<U>, login: &Login<U>) -> Result<Answer> {
    let ours = page.site.path(SECOND_FACTOR);
    let view = login.second_factor_view();
    let is_ours = ours.is_some() && view.as_deref() == ours;
    if is_ours && let Some(user) = login.pending_begun() {
        let methods = page.site.credentials().pending_methods(&user).await?;
        if !methods.is_empty() {
            let path = view.unwrap_or_default();
            return Ok(Answer::done(path).json(StatusCode::OK, step(&methods)));
        }
    }
    let problem = Problem::new(StatusCode::FORBIDDEN)
        .code("second_factor_required")
        .text(Text::named("second-factor-needed"));
    Ok(match view.filter(|_| !is_ours) {
        Some(path) => Answer::done(path).problem_for_scripts(problem),
        None => Answer::problem(problem),
    })
}

/// The next step of a log-in, for scripts.
pub(super) fn step(methods: &[Methods]) -> serde_json::Value {
    json!({ "step": SECOND_FACTOR, "methods": names(methods) })
}

pub(super) fn names(methods: &[Methods]) -> Vec<&'static str> {
    methods.iter().flat_map(|method| method.names()).collect()
}
