//! The errors of a form.

use std::borrow::Cow;

use serde::Serialize;

use crate::web::Problem;
use crate::web::text::Text;

/// The errors by field, in the order of the form.
#[derive(Debug, Default)]
pub(super) struct FormErrors(Vec<(Cow<'static, str>, Text)>);

/// An error in the visitor's language.
#[derive(Debug, Serialize)]
pub(super) struct FormError {
    /// The field; empty for the form as a whole.
    field: Cow<'static, str>,
    message: String,
}

impl FormErrors {
    /// One error for the form as a whole.
    pub(super) fn of_form(message: Text) -> Self {
        Self::at("", message)
    }

    /// One error at this field.
    pub(super) fn at(field: impl Into<Cow<'static, str>>, message: Text) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    pub(super) fn add(&mut self, field: impl Into<Cow<'static, str>>, message: Text) {
        self.0.push((field.into(), message));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The errors in the visitor's language.
    pub(super) fn localized(self, say: impl Fn(&Text) -> String) -> Vec<FormError> {
        let errors = self.0.into_iter();
        let localized = errors.map(|(field, message)| FormError {
            field,
            message: say(&message),
        });
        localized.collect()
    }
}

/// Adds these errors to a problem: that of the form as its detail, the others at their fields.
pub(super) fn with_errors(problem: Problem, errors: &[FormError]) -> Problem {
    errors.iter().fold(problem, |problem, error| {
        if error.field.is_empty() {
            problem.detail(&error.message)
        } else {
            problem.field(&*error.field, &error.message)
        }
    })
}
