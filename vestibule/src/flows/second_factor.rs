//! The way from a log-in that is proved in part to the page that asks for a second factor.

use http::StatusCode;

use crate::flows::answer::Answer;
use crate::flows::page::Page;
use crate::login::{Login, PageUser};
use crate::web::Problem;

/// What a visitor gets who has shown one factor and needs another: browsers the page that asks for
/// it, of a flow or of the app; scripts a problem. The browser has a pending log-in.
pub(super) fn second_factor<U: PageUser>(page: &Page<U>, login: &Login<U>) -> Answer {
    let problem = Problem::new(StatusCode::FORBIDDEN)
        .code("second_factor_required")
        .detail("That is right so far. Show a second factor to log in.");
    let of_a_flow = || page.site.path("second_factor").map(str::to_owned);
    match login.second_factor_view().or_else(of_a_flow) {
        Some(path) => Answer::done(path).problem_for_scripts(problem),
        None => Answer::problem(problem),
    }
}
