//! The user of a request, as templates see it.

use std::sync::Arc;

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{Error, ErrorKind, State};

use crate::accounts::Account;
use crate::login::CurrentUser;

/// `current_user` in templates: `username` and `is_fresh`, and the questions
/// `can('posts.edit')` and `has_role('admin')`.
#[derive(Debug)]
pub(super) struct TemplateUser(pub(super) CurrentUser<Account>);

const FIELDS: [&str; 2] = ["username", "is_fresh"];

impl Object for TemplateUser {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        match key.as_str()? {
            "username" => Some(self.0.username.as_str().into()),
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
        let asks: fn(&CurrentUser<Account>, &str) -> bool = match method {
            "can" => CurrentUser::can,
            "has_role" => CurrentUser::has_role,
            _ => return Err(ErrorKind::UnknownMethod.into()),
        };
        let (name,): (&str,) = minijinja::value::from_args(arguments)?;
        Ok(asks(&self.0, name).into())
    }
}
