//! The errors of a form.

use std::borrow::Cow;

use http::StatusCode;
use serde::Serialize;

use crate::web::Problem;

/// The errors by field, in the order of the form.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct FormErrors(Vec<FormError>);

#[derive(Debug, Serialize)]
struct FormError {
    /// The field; empty for the form as a whole.
    field: Cow<'static, str>,
    message: String,
}

impl FormErrors {
    /// One error for the form as a whole.
    pub(super) fn of_form(message: &str) -> Self {
        let mut errors = Self::default();
        errors.add("", message);
        errors
    }

    pub(super) fn add(&mut self, field: impl Into<Cow<'static, str>>, message: impl Into<String>) {
        let (field, message) = (field.into(), message.into());
        self.0.push(FormError { field, message });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_problem(&self, status: StatusCode) -> Problem {
        let problem = Problem::new(status);
        self.0.iter().fold(problem, |problem, error| {
            if error.field.is_empty() {
                problem.detail(&error.message)
            } else {
                problem.field(&*error.field, &error.message)
            }
        })
    }
}
