//! The static files, embedded.

use std::sync::LazyLock;

use axum::extract::{Path, Query};
use axum::response::{IntoResponse, Response};
use data_encoding::HEXLOWER;
use http::{StatusCode, header};
use serde::Deserialize;

use crate::crypto::digest::sha256;

struct File {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
    version: String,
}

static FILES: LazyLock<[File; 3]> = LazyLock::new(|| {
    [
        (
            "vestibule.css",
            "text/css; charset=utf-8",
            include_str!("static/vestibule.css"),
        ),
        (
            "show-password.js",
            "text/javascript; charset=utf-8",
            include_str!("static/show-password.js"),
        ),
        ("icon.svg", "image/svg+xml", include_str!("static/icon.svg")),
    ]
    .map(|(name, content_type, text)| File {
        name,
        content_type,
        text,
        version: HEXLOWER.encode(&sha256(text.as_bytes())[..6]),
    })
});

/// Where a static file is; its address changes with its content.
pub(crate) fn url(name: &str) -> Option<String> {
    let file = FILES.iter().find(|file| file.name == name)?;
    Some(format!("/static/{name}?v={}", file.version))
}

#[derive(Deserialize)]
pub(crate) struct Version {
    v: Option<String>,
}

/// Serves a static file: for a year under its versioned address, afresh under any other.
pub(crate) async fn serve(Path(name): Path<String>, Query(version): Query<Version>) -> Response {
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let cache = if version.v.as_ref() == Some(&file.version) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = [
        (header::CONTENT_TYPE, file.content_type),
        (header::CACHE_CONTROL, cache),
    ];
    (headers, file.text).into_response()
}
