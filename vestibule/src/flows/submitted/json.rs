//! A submitted JSON object whose members may be objects too.

use std::fmt;
use std::marker::PhantomData;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{BadSubmission, Field, Ignored, JsonValue, MAX_BYTES, Submitted, is_length_limit};
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
        let wrong = |_| BadSubmission::NotJson;
        let fields: FieldsBeside<T> = serde_json::from_slice(&body).map_err(wrong)?;
        let fields = Submitted::new(fields.fields, Ignored::None)?;
        let members = serde_json::from_slice(&body).map_err(wrong)?;
        Ok(Self(members, fields))
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

/// The members of a JSON object that are none of `T`, including repeated ones.
struct FieldsBeside<T> {
    fields: Vec<Field>,
    members: PhantomData<T>,
}

impl<'de, T: Members> Deserialize<'de> for FieldsBeside<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Members> Visitor<'de> for Fields<T> {
            type Value = FieldsBeside<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    if T::NAMES.contains(&&*name) {
                        map.next_value::<IgnoredAny>()?;
                    } else {
                        let value = map.next_value::<JsonValue>()?.into_text();
                        fields.push(Field { name, value });
                    }
                }
                Ok(FieldsBeside {
                    fields,
                    members: self.0,
                })
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}
