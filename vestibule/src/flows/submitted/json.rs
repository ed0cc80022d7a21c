//! A submitted JSON object whose members may be objects too.

use std::fmt;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::{
    BadSubmission, Field, Ignored, JsonValue, MAX_BYTES, Submitted, is_length_limit, shown,
};
use crate::flows::Site;
use crate::login::PageUser;
use crate::web::accept::{is_utf8, sends_json};

/// A submitted JSON object, for scripts alone. A known member that is repeated is rejected, so that
/// two parsers never read different values from one request.
#[derive(Debug)]
pub(in crate::flows) struct SubmittedJson<T>(pub(in crate::flows) T);

impl<U: PageUser, T: DeserializeOwned> FromRequest<Site<U>> for SubmittedJson<T> {
    type Rejection = BadSubmission;

    async fn from_request(request: Request<Body>, _: &Site<U>) -> Result<Self, BadSubmission> {
        let body = read(request).await?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|_| BadSubmission::NotJson)
    }
}

/// A submitted JSON object with the members of `T`, and the fields of a form beside them.
#[derive(Debug)]
pub(in crate::flows) struct SubmittedBeside<T>(
    pub(in crate::flows) T,
    pub(in crate::flows) Submitted,
);

/// An object beside whose members there may be the fields of a form.
pub(in crate::flows) trait Members: DeserializeOwned {
    /// The names of its members.
    const NAMES: &'static [&'static str];
}

impl<U: PageUser, T: Members> FromRequest<Site<U>> for SubmittedBeside<T> {
    type Rejection = BadSubmission;

    async fn from_request(request: Request<Body>, _: &Site<U>) -> Result<Self, BadSubmission> {
        let body = read(request).await?;
        let object: Object = serde_json::from_slice(&body).map_err(|_| BadSubmission::NotJson)?;
        let (mut members, mut fields) = (Map::new(), Vec::new());
        for (name, value) in object.0 {
            if !T::NAMES.contains(&&*name) {
                let value = JsonValue::deserialize(value).map_err(|_| BadSubmission::NotJson)?;
                fields.push(Field {
                    name,
                    value: value.into_text(),
                });
            } else if members.insert(name.clone(), value).is_some() {
                return Err(BadSubmission::Repeated(shown(&name)));
            }
        }
        let members = serde_json::from_value(Value::Object(members));
        let fields = Submitted::new(fields, Ignored::None)?;
        members
            .map(|members| Self(members, fields))
            .map_err(|_| BadSubmission::NotJson)
    }
}

async fn read(request: Request<Body>) -> Result<axum::body::Bytes, BadSubmission> {
    let (parts, body) = request.into_parts();
    if !sends_json(&parts.headers) {
        return Err(BadSubmission::WrongType);
    }
    if !is_utf8(&parts.headers) {
        return Err(BadSubmission::WrongCharset);
    }
    to_bytes(body, MAX_BYTES).await.map_err(|error| {
        if is_length_limit(&error) {
            BadSubmission::TooLarge
        } else {
            BadSubmission::Broken
        }
    })
}

/// A JSON object with its original keys, including repeated ones.
struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
