//! A submitted JSON object whose members may be objects too.

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use serde::de::DeserializeOwned;

use super::{BadSubmission, MAX_BYTES, is_length_limit};
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
        let (parts, body) = request.into_parts();
        if !sends_json(&parts.headers) {
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
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|_| BadSubmission::NotJson)
    }
}
