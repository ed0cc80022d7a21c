//! The fields of a submitted form, or of a JSON object.
//!
//! Stricter than browsers need: repeated or unknown fields, invalid UTF-8, and JSON numbers or
//! nested values are rejected, so that two parsers never read different values from one request.
//! Only a form may have what form libraries and captchas add to it.

#[cfg(feature = "passkeys")]
mod json;

#[cfg(feature = "passkeys")]
pub(super) use json::{Members, SubmittedBeside, SubmittedJson};

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use zeroize::Zeroizing;

use crate::flows::Site;
use crate::login::PageUser;
use crate::web::Problem;
use crate::web::accept::{is_utf8, media_type, sends_json};
use crate::web::text::Text;

/// The maximum size of a form in bytes. A password of 256 characters takes 3,072 if each has 4
/// bytes and each byte is percent-encoded; this leaves room for the rest.
const MAX_BYTES: usize = 16 * 1024;

/// None of our forms has more.
const MAX_FIELDS: usize = 16;

/// What form libraries and captchas add to a form, and none of our actions reads.
const ADDED_TO_FORMS: [&str; 5] = [
    "submit",
    "csrf_token",
    "g-recaptcha-response",
    "h-captcha-response",
    "cf-turnstile-response",
];

/// The fields of a submitted form or JSON object.
#[derive(Debug)]
pub(super) struct Submitted {
    fields: Vec<Field>,
    /// The fields that are left out if an action does not know them.
    ignored: Ignored,
}

/// The fields that an action need not know.
#[derive(Debug, Clone)]
enum Ignored {
    /// Of a form: [`ADDED_TO_FORMS`], and those of the app.
    AddedToForms(Arc<[String]>),
    /// Of JSON, which a program writes.
    None,
}

impl Ignored {
    fn contains(&self, name: &str) -> bool {
        match self {
            Self::AddedToForms(more) => {
                ADDED_TO_FORMS.contains(&name) || more.iter().any(|other| other == name)
            }
            Self::None => false,
        }
    }
}

struct Field {
    name: String,
    value: Zeroizing<String>,
}

/// Shows only the name, because the value may be a password.
impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=…", self.name)
    }
}

/// Why a submission was rejected.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BadSubmission {
    WrongType,
    WrongCharset,
    TooLarge,
    TooMany,
    Broken,
    NotUtf8,
    NotJson,
    Nul(String),
    Repeated(String),
    Unknown(String, String),
}

impl Submitted {
    /// Rejects any field except these, and except what may be added to a form.
    pub(super) fn only(self, known: &[&str]) -> Result<Self, BadSubmission> {
        self.check(known)?;
        Ok(self)
    }

    /// As [`only`](Self::only).
    pub(super) fn check(&self, known: &[&str]) -> Result<(), BadSubmission> {
        for field in &self.fields {
            if !known.contains(&&*field.name) && !self.ignored.contains(&field.name) {
                return Err(BadSubmission::Unknown(shown(&field.name), known.join(", ")));
            }
        }
        Ok(())
    }

    /// Takes a field's value; empty if the field is missing.
    pub(super) fn take(&mut self, name: &str) -> String {
        self.fields
            .iter_mut()
            .find(|field| field.name == name)
            .map(|field| std::mem::take(&mut *field.value))
            .unwrap_or_default()
    }

    /// Takes a name without surrounding white space, which phones and pasting add.
    pub(super) fn take_name(&mut self, name: &str) -> String {
        self.take(name).trim().to_owned()
    }

    fn new(fields: Vec<Field>, ignored: Ignored) -> Result<Self, BadSubmission> {
        if fields.len() > MAX_FIELDS {
            return Err(BadSubmission::TooMany);
        }
        for (i, field) in fields.iter().enumerate() {
            if fields[..i].iter().any(|other| other.name == field.name) {
                return Err(BadSubmission::Repeated(shown(&field.name)));
            }
            if field.name.contains('\0') || field.value.contains('\0') {
                return Err(BadSubmission::Nul(shown(&field.name)));
            }
        }
        Ok(Self { fields, ignored })
    }
}

impl<U: PageUser> FromRequest<Site<U>> for Submitted {
    type Rejection = BadSubmission;

    async fn from_request(request: Request<Body>, site: &Site<U>) -> Result<Self, BadSubmission> {
        Self::read(request, &site.inner().ignored_fields).await
    }
}

impl Submitted {
    /// Reads a form or a JSON object. `ignored` are the app's own fields that a form may have.
    async fn read(request: Request<Body>, ignored: &Arc<[String]>) -> Result<Self, BadSubmission> {
        let (parts, body) = request.into_parts();
        let is_json = sends_json(&parts.headers);
        let is_form = media_type(&parts.headers)
            .is_some_and(|media_type| media_type == "application/x-www-form-urlencoded");
        if !is_json && !is_form {
            return Err(BadSubmission::WrongType);
        }
        if !is_utf8(&parts.headers) {
            return Err(BadSubmission::WrongCharset);
        }
        let body = to_bytes(body, MAX_BYTES).await.map_err(|error| {
            if is_length_limit(&error) {
                BadSubmission::TooLarge
            } else {
                BadSubmission::Broken
            }
        })?;
        if is_json {
            return Self::new(parse_json(&body)?, Ignored::None);
        }
        let ignored = Ignored::AddedToForms(ignored.clone());
        Self::new(parse_form(&body)?, ignored)
    }
}

fn is_length_limit(error: &axum::Error) -> bool {
    let mut source: Option<&dyn Error> = Some(error);
    while let Some(error) = source {
        if error.is::<LengthLimitError>() {
            return true;
        }
        source = error.source();
    }
    false
}

/// Parses a form as browsers send it (WHATWG URL, section 5.1). Rejects invalid UTF-8, because the
/// standard's parser would put replacement characters into a password.
fn parse_form(body: &[u8]) -> Result<Vec<Field>, BadSubmission> {
    if percent_decode(body).decode_utf8().is_err() {
        return Err(BadSubmission::NotUtf8);
    }
    let fields = url::form_urlencoded::parse(body)
        .map(|(name, value)| Field {
            name: name.into_owned(),
            value: Zeroizing::new(value.into_owned()),
        })
        .collect();
    Ok(fields)
}

fn parse_json(body: &[u8]) -> Result<Vec<Field>, BadSubmission> {
    if str::from_utf8(body).is_err() {
        return Err(BadSubmission::NotUtf8);
    }
    serde_json::from_slice::<JsonFields>(body)
        .map(|fields| fields.0)
        .map_err(|_| BadSubmission::NotJson)
}

/// A JSON object with its original keys, including repeated ones.
struct JsonFields(Vec<Field>);

/// A field's value: text, a checkbox, or nothing.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum JsonValue {
    Text(String),
    Ticked(bool),
    Nothing,
}

impl JsonValue {
    /// The value as a form has it.
    fn into_text(self) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Text(text) => text,
            Self::Ticked(true) => "on".to_owned(),
            Self::Ticked(false) | Self::Nothing => String::new(),
        })
    }
}

impl<'de> Deserialize<'de> for JsonFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = JsonFields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonFields, A::Error> {
                let mut fields = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, JsonValue>()? {
                    let value = value.into_text();
                    fields.push(Field { name, value });
                }
                Ok(JsonFields(fields))
            }
        }

        deserializer.deserialize_map(Fields)
    }
}

/// A field's name for an error message: shortened, without control characters.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(32).collect()
}

impl BadSubmission {
    fn status(&self) -> StatusCode {
        match self {
            Self::WrongType | Self::WrongCharset => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl BadSubmission {
    fn code(&self) -> &'static str {
        match self {
            Self::WrongType | Self::WrongCharset => "unsupported_media_type",
            Self::TooLarge => "too_large",
            Self::Unknown(..) => "unknown_field",
            Self::Repeated(_) => "repeated_field",
            Self::TooMany | Self::Broken | Self::NotUtf8 | Self::NotJson | Self::Nul(_) => {
                "malformed_form"
            }
        }
    }
}

impl BadSubmission {
    /// What was wrong and what to send instead.
    fn text(&self) -> Text {
        match self {
            Self::WrongType => Text::named("form-wrong-type"),
            Self::WrongCharset => Text::named("form-wrong-charset"),
            Self::TooLarge => Text::named("form-too-large").with("max", MAX_BYTES),
            Self::TooMany => Text::named("form-too-many-fields").with("max", MAX_FIELDS),
            Self::Broken => Text::named("form-broken"),
            Self::NotUtf8 => Text::named("form-not-utf8"),
            Self::NotJson => Text::named("form-not-json"),
            Self::Nul(name) => Text::named("form-nul").with("field", name.as_str()),
            Self::Repeated(name) => Text::named("form-repeated").with("field", name.as_str()),
            Self::Unknown(name, known) if known.is_empty() => {
                Text::named("form-unknown-and-none").with("field", name.as_str())
            }
            Self::Unknown(name, known) => Text::named("form-unknown")
                .with("field", name.as_str())
                .with("known", known.as_str()),
        }
    }
}

impl IntoResponse for BadSubmission {
    fn into_response(self) -> Response {
        Problem::new(self.status())
            .code(self.code())
            .text(self.text())
            .into_response()
    }
}

#[cfg(test)]
mod tests;
