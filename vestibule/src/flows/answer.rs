//! The outcome of an action, and its rendering in one place: as a page, as JSON, or as
//! problem+json.

use std::fmt;

use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};
use crate::flows::form::{FormErrors, with_errors};
use crate::flows::page::Page;
use crate::login::PageUser;
use crate::web::text::Text;
use crate::web::{Client, Flash, Problem};

/// The outcome of an action.
#[must_use = "render it by `Page::answer`"]
pub(super) struct Answer {
    status: StatusCode,
    /// For browsers: a template with the view, or a redirect.
    shown: Shown,
    /// For scripts, and for browsers if a template shows it.
    view: Value,
    /// The problem, if there is one.
    problem: Option<Problem>,
    errors: FormErrors,
    headers: HeaderMap,
}

/// Omits what is shown, because the view may have a temporary password.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

enum Shown {
    Template(&'static str),
    /// With messages by category.
    Redirect(String, Vec<(&'static str, Text)>),
    /// The error page.
    Problem,
}

impl Answer {
    /// A page; scripts get the view as JSON.
    pub(super) fn page(template: &'static str, view: impl Serialize) -> Self {
        Self {
            status: StatusCode::OK,
            shown: Shown::Template(template),
            view: to_json(view),
            problem: None,
            errors: FormErrors::default(),
            headers: HeaderMap::new(),
        }
    }

    /// The same, with another status.
    pub(super) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// Done: browsers are redirected (303), scripts get 204.
    pub(super) fn done(path: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            shown: Shown::Redirect(path.into(), Vec::new()),
            view: Value::Null,
            problem: None,
            errors: FormErrors::default(),
            headers: HeaderMap::new(),
        }
    }

    /// Nothing to do here: browsers and scripts are redirected (303).
    pub(super) fn see(path: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SEE_OTHER,
            ..Self::done(path)
        }
    }

    /// Browsers are redirected as before, and scripts get a problem.
    pub(super) fn problem_for_scripts(mut self, problem: Problem) -> Self {
        self.status = problem.status();
        self.problem = Some(problem);
        self
    }

    /// Adds a message for the page that browsers are redirected to.
    pub(super) fn message(mut self, category: &'static str, message: Text) -> Self {
        if let Shown::Redirect(_, messages) = &mut self.shown {
            messages.push((category, message));
        }
        self
    }

    /// Sends this body to scripts, instead of 204.
    pub(super) fn json(mut self, status: StatusCode, view: impl Serialize) -> Self {
        self.status = status;
        self.view = to_json(view);
        self
    }

    /// Rejected: browsers get the form again, with the errors, scripts a problem.
    pub(super) fn rejected(
        status: StatusCode,
        code: &'static str,
        errors: FormErrors,
        template: &'static str,
        view: impl Serialize,
    ) -> Self {
        Self {
            status,
            shown: Shown::Template(template),
            view: to_json(view),
            problem: Some(Problem::new(status).code(code)),
            errors,
            headers: HeaderMap::new(),
        }
    }

    /// Rejected: browsers are redirected, with the text as a message; scripts get a problem.
    pub(super) fn rejected_to(path: impl Into<String>, status: StatusCode, text: Text) -> Self {
        let problem = Problem::new(status).text(text.clone());
        Self {
            status,
            shown: Shown::Redirect(path.into(), vec![("error", text)]),
            view: Value::Null,
            problem: Some(problem),
            errors: FormErrors::default(),
            headers: HeaderMap::new(),
        }
    }

    /// Rejected, with the problem page.
    pub(super) fn problem(problem: Problem) -> Self {
        Self {
            status: problem.status(),
            shown: Shown::Problem,
            view: Value::Null,
            problem: Some(problem),
            errors: FormErrors::default(),
            headers: HeaderMap::new(),
        }
    }

    /// Not found: 404.
    pub(super) fn not_found() -> Self {
        Self::problem(Problem::new(StatusCode::NOT_FOUND).text(Text::named("explain-404")))
    }

    /// Also removes pages that a browser keeps despite `no-store` (W3C Clear Site Data).
    pub(super) fn forgotten_by_browser(self) -> Self {
        let name = HeaderName::from_static("clear-site-data");
        self.header(name, HeaderValue::from_static("\"cache\""))
    }

    pub(super) fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }
}

impl<U: PageUser> Page<U> {
    /// Renders an answer for the script of one of our pages, which goes to the page that a browser
    /// without the script would be redirected to, and finds the messages there.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub(super) fn answer_own_script(&self, answer: Answer) -> Result<Response> {
        if let (Client::Json, Shown::Redirect(_, messages)) = (self.client, &answer.shown) {
            for (category, text) in messages {
                self.add_message(Flash::new(*category, self.say(text)));
            }
        }
        self.answer(answer)
    }

    /// Renders an answer for this client.
    ///
    /// # Errors
    /// When its template fails.
    pub(super) fn answer(&self, answer: Answer) -> Result<Response> {
        let Answer {
            status,
            shown,
            view,
            problem,
            errors,
            headers,
        } = answer;
        let say = |text: &Text| self.say(text);
        let errors = errors.localized(say);
        let problem = problem.map(|problem| with_errors(problem.localized(say), &errors));
        let mut response = match (self.client, shown, problem) {
            (_, Shown::Problem, Some(problem)) | (Client::Json, _, Some(problem)) => {
                problem.into_response()
            }
            (Client::Json, Shown::Redirect(path, _), None) if status == StatusCode::SEE_OTHER => {
                Redirect::to(&path).into_response()
            }
            (Client::Json, _, None) if status == StatusCode::NO_CONTENT => status.into_response(),
            (Client::Json, ..) => (status, axum::Json(view)).into_response(),
            (_, Shown::Template(template), _) => self.render_as(status, template, &errors, view)?,
            (_, Shown::Redirect(path, messages), _) => {
                for (category, text) in messages {
                    self.add_message(Flash::new(category, say(&text)));
                }
                Redirect::to(&path).into_response()
            }
            (_, Shown::Problem, None) => {
                return Err(Error::internal("an answer is a problem and has none"));
            }
        };
        response.headers_mut().extend(headers);
        Ok(response)
    }
}

/// Our views are plain data, so they always serialize to JSON.
fn to_json(view: impl Serialize) -> Value {
    serde_json::to_value(view).unwrap_or_default()
}
