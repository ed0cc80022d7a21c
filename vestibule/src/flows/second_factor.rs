//! The response to a log-in that needs a second factor.

use http::StatusCode;

use crate::flows::answer::Answer;
use crate::flows::page::Page;
use crate::login::{Login, PageUser};
use crate::web::Problem;
use crate::web::text::Text;

/// The response to a visitor who has shown one factor and needs another. Browsers are redirected to
/// the page of a flow or of the app that asks for it; scripts get a problem.
pub(super) fn second_factor<U: PageUser>(page: &Page<U>, login: &Login<U>) -> Answer {
    let problem = Problem::new(StatusCode::FORBIDDEN)
        .code("second_factor_required")
        .text(Text::named("second-factor-needed"));
    let of_a_flow = || page.site.path("second_factor").map(str::to_owned);
    match login.second_factor_view().or_else(of_a_flow) {
        Some(path) => Answer::done(path).problem_for_scripts(problem),
        None => Answer::problem(problem),
    }
}
