//! A hint to a user whose password was accepted, but is easier to guess than most.

use http::StatusCode;
use serde_json::Value;

use crate::flows::answer::Answer;
use crate::flows::page::Page;
use crate::login::PageUser;
use crate::web::text::Text;

impl<U: PageUser> Page<U> {
    /// Adds the hint, if the password `is_weak`: for browsers as a message of its own, for scripts in
    /// the field `advice` of `view`, the JSON of the answer.
    pub(super) fn with_advice(
        &self,
        answer: Answer,
        status: StatusCode,
        mut view: Value,
        is_weak: bool,
    ) -> Answer {
        if !is_weak {
            return answer.json(status, view);
        }
        let advice = Text::named("password-weak");
        if let Some(view) = view.as_object_mut() {
            view.insert("advice".to_owned(), self.say(&advice).into());
        }
        answer.message("info", advice).json(status, view)
    }
}
