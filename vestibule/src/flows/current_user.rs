//! The current user in templates.

use std::fmt;
use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{Error, ErrorKind, State};

use crate::login::{CurrentUser, PageUser};

/// `current_user` in templates: the fields `username` and `is_fresh`, and the methods
/// `can('posts.edit')` and `has_role('admin')`.
pub(super) struct TemplateUser<U>(pub(super) CurrentUser<U>);

const FIELDS: [&str; 2] = ["username", "is_fresh"];

impl<U> fmt::Debug for TemplateUser<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TemplateUser")
    }
}

impl<U: PageUser> Object for TemplateUser<U> {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "username" => Some(self.0.name().into()),
            "is_fresh" => Some(self.0.is_fresh().into()),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Str(&FIELDS)
    }

    fn call_method(
        self: &Arc<Self>,
        _: &mut State<'_, '_>,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, Error> {
        let asks: fn(&CurrentUser<U>, &str) -> bool = match method {
            "can" => CurrentUser::can,
            "has_role" => CurrentUser::has_role,
            _ => return Err(ErrorKind::UnknownMethod.into()),
        };
        let (name,): (&str,) = minijinja::value::from_args(arguments)?;
        Ok(asks(&self.0, name).into())
    }
}
