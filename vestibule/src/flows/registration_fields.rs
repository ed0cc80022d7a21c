//! The app's own fields of the registration form.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::json;

use crate::error::{Error, Result};
use crate::flows::form::FormErrors;
use crate::flows::submitted::{BadSubmission, Submitted};
use crate::web::text::Text;

/// A field of the registration form besides username and password, for
/// [`SiteConfig::registration_fields`](crate::flows::SiteConfig::registration_fields). It is one
/// line of text.
///
/// ```
/// use vestibule::flows::RegistrationField;
///
/// # fn sample(config: &mut vestibule::flows::SiteConfig) {
/// config.registration_fields = vec![
///     RegistrationField::new("display_name", "Your name").required().max_chars(80),
///     RegistrationField::new("company", "Company"),
/// ];
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistrationField {
    name: String,
    label: String,
    is_required: bool,
    max_chars: usize,
}

impl RegistrationField {
    /// The maximum number of characters, unless [`max_chars`](Self::max_chars) says otherwise.
    pub const MAX_CHARS: usize = 100;

    /// An optional field. `name` has up to 32 of `a` to `z`, `0` to `9` and `_`, begins with a
    /// letter, and is none of the form's own names. `label` is shown above the field.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            is_required: false,
            max_chars: Self::MAX_CHARS,
        }
    }

    /// The field must not be empty.
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// The maximum number of characters, at most 1,000.
    pub fn max_chars(mut self, max_chars: usize) -> Self {
        self.max_chars = max_chars;
        self
    }

    /// Why this value is not accepted, if it is not.
    fn objection(&self, value: &str) -> Option<Text> {
        if self.is_required && value.is_empty() {
            Some(Text::named("field-missing").with("label", self.label.as_str()))
        } else if value.chars().count() > self.max_chars {
            Some(Text::named("field-too-long").with("max", self.max_chars))
        } else if value.chars().any(char::is_control) {
            Some(Text::named("field-one-line"))
        } else {
            None
        }
    }
}

/// What a visitor entered in the [fields](RegistrationField) of the registration form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RegistrationValues(BTreeMap<String, String>);

impl RegistrationValues {
    /// The value of a field, without surrounding white space; empty if the visitor left it out, or
    /// there is no such field.
    pub fn get(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }
}

/// The fields of a registration form that are not the app's. The last three are members of a passkey,
/// which is sent beside the fields.
const OWN: [&str; 7] = [
    "username", "email", "password", "next", "id", "type", "response",
];

/// The fields of a site's registration form.
#[derive(Debug, Clone, Default)]
pub(super) struct RegistrationFields(Vec<RegistrationField>);

/// A field on the page.
#[derive(Serialize)]
struct FieldView<'a> {
    name: &'a str,
    label: &'a str,
    is_required: bool,
    max_chars: usize,
    value: &'a str,
}

impl RegistrationFields {
    /// More fit neither on a page nor into a form.
    const MAX_FIELDS: usize = 8;
    const MAX_NAME_CHARS: usize = 32;
    const MAX_CHARS: usize = 1_000;

    /// # Errors
    /// When there are too many, a name is not valid, or is there twice, or a length is out of range.
    pub(super) fn new(fields: Vec<RegistrationField>) -> Result<Self> {
        if fields.len() > Self::MAX_FIELDS {
            let most = Self::MAX_FIELDS;
            return Err(Error::config(format!(
                "a registration form has at most {most} fields of the app's own"
            )));
        }
        for (i, field) in fields.iter().enumerate() {
            let is_inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            let name = &field.name;
            let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
                && name.len() <= Self::MAX_NAME_CHARS
                && name.chars().all(is_inside)
                && !OWN.contains(&&**name)
                && fields[..i].iter().all(|other| other.name != *name);
            if !is_name {
                return Err(Error::config(format!(
                    "`{name}` cannot be the name of a registration field: write one like \
                     `display_name`, once, and none of {}",
                    OWN.join(", ")
                )));
            }
            if !(1..=Self::MAX_CHARS).contains(&field.max_chars) {
                let most = Self::MAX_CHARS;
                return Err(Error::config(format!(
                    "the registration field `{name}` must have 1 to {most} characters"
                )));
            }
        }
        Ok(Self(fields))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rejects unknown fields, and takes the app's own values. `own` are the names of the form's
    /// other fields.
    pub(super) fn take(
        &self,
        own: &[&str],
        submitted: &mut Submitted,
    ) -> std::result::Result<RegistrationValues, BadSubmission> {
        let names = self.0.iter().map(|field| field.name.as_str());
        let known: Vec<_> = own.iter().copied().chain(names).collect();
        submitted.check(&known)?;
        let values = self.0.iter().map(|field| {
            let value = submitted.take_name(&field.name);
            (field.name.clone(), value)
        });
        Ok(RegistrationValues(values.collect()))
    }

    /// Adds what is wrong with the values.
    pub(super) fn check(&self, values: &RegistrationValues, errors: &mut FormErrors) {
        for field in &self.0 {
            if let Some(objection) = field.objection(values.get(&field.name)) {
                errors.add(field.name.clone(), objection);
            }
        }
    }

    /// The fields on the page, with these values.
    pub(super) fn form(&self, values: &RegistrationValues) -> serde_json::Value {
        let fields = self.0.iter().map(|field| FieldView {
            name: &field.name,
            label: &field.label,
            is_required: field.is_required,
            max_chars: field.max_chars,
            value: values.get(&field.name),
        });
        json!(fields.collect::<Vec<_>>())
    }
}
