//! The static files, embedded.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;
use http::{StatusCode, header};
use serde::Deserialize;

use crate::crypto::digest::sha256;

/// An embedded file: its name, its content type, its text.
pub(crate) type StaticFile = (&'static str, &'static str, &'static str);

const OWN: [StaticFile; 4] = [
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
    (
        "send-once.js",
        "text/javascript; charset=utf-8",
        include_str!("static/send-once.js"),
    ),
    ("icon.svg", "image/svg+xml", include_str!("static/icon.svg")),
];

/// The files that all pages share, and those of the flows. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct StaticFiles(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The path of the route.
    route: String,
    /// What browsers see in front of `/static`.
    base: String,
    files: Vec<File>,
}

#[derive(Debug)]
struct File {
    name: &'static str,
    content_type: &'static str,
    text: &'static str,
    version: String,
}

impl StaticFiles {
    /// Our own files and those of the flows. The app's router has them below `prefix`, and browsers
    /// see them below `base`; both are empty or like `/auth`.
    pub(crate) fn new(
        of_flows: impl IntoIterator<Item = StaticFile>,
        prefix: &str,
        base: &str,
    ) -> Self {
        let all = OWN.into_iter().chain(of_flows);
        let files = all.map(|(name, content_type, text)| File {
            name,
            content_type,
            text,
            version: HEXLOWER.encode(&sha256(text.as_bytes())[..6]),
        });
        Self(Arc::new(Inner {
            route: format!("{prefix}/static/{{file}}"),
            base: base.to_owned(),
            files: files.collect(),
        }))
    }

    /// Where a file is. Its address changes with its content.
    pub(crate) fn url(&self, name: &str) -> Option<String> {
        let file = self.find(name)?;
        Some(format!("{}/static/{name}?v={}", self.0.base, file.version))
    }

    /// The path of the route that serves them.
    pub(crate) fn route(&self) -> &str {
        &self.0.route
    }

    /// The route that serves them.
    pub(crate) fn routes(&self) -> Router {
        Router::new()
            .route(self.route(), get(serve))
            .with_state(self.clone())
    }

    fn find(&self, name: &str) -> Option<&File> {
        self.0.files.iter().find(|file| file.name == name)
    }
}

#[derive(Deserialize)]
struct Version {
    v: Option<String>,
}

/// Serves a static file: for a year under its versioned address, afresh under any other.
async fn serve(
    State(files): State<StaticFiles>,
    Path(name): Path<String>,
    Query(version): Query<Version>,
) -> Response {
    let Some(file) = files.find(&name) else {
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
