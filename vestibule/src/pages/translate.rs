//! `t(name, …)` in templates: a text of the catalogue in the visitor's language.

use std::sync::Arc;

use fluent_bundle::{FluentArgs, FluentValue};
use minijinja::value::{Kwargs, Object, Value, ValueKind, from_args};
use minijinja::{Error, ErrorKind, HtmlEscape, State};

use super::templates::NOT_THERE;
use crate::pages::{Language, Texts};

/// The function `t` of one page. It is a value of the context, so that macros have it too.
#[derive(Debug)]
pub(super) struct Translate {
    pub(super) texts: Texts,
    pub(super) language: Language,
}

impl Object for Translate {
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, arguments: &[Value]) -> Result<Value, Error> {
        let (name, arguments): (&str, Kwargs) = from_args(arguments)?;
        self.translate(name, &arguments)
    }
}

/// Stands for an argument that is HTML, until the text around it is escaped.
const MARK: char = '\u{e000}';

impl Translate {
    /// The text as HTML. Arguments are escaped, except those that are HTML already, such as what a
    /// macro or a `{% set %}` block made.
    fn translate(&self, name: &str, arguments: &Kwargs) -> Result<Value, Error> {
        let mut given = FluentArgs::new();
        let mut markup = Vec::new();
        for argument in arguments.args() {
            let value: Value = arguments.get(argument)?;
            let fluent = if value.is_safe() {
                markup.push(value.to_string());
                FluentValue::from(format!("{MARK}{}{MARK}", markup.len() - 1))
            } else if value.kind() == ValueKind::Number {
                i64::try_from(value.clone())
                    .map_or_else(|_| FluentValue::from(value.to_string()), FluentValue::from)
            } else {
                FluentValue::from(value.to_string().replace(MARK, ""))
            };
            given.set(argument.to_owned(), fluent);
        }
        let text = self.texts.format(self.language, name, &given);
        let text = text.ok_or_else(|| {
            let message = format!("{NOT_THERE}text {name}");
            Error::new(ErrorKind::InvalidOperation, message)
        })?;
        let mut html = HtmlEscape(&text).to_string();
        for (index, markup) in markup.iter().enumerate() {
            html = html.replace(&format!("{MARK}{index}{MARK}"), markup);
        }
        Ok(Value::from_safe_string(html))
    }
}
