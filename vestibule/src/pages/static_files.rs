//! The static files: those of the site, embedded, and those of the operator's folder.

use std::borrow::Cow;
use std::path::Path as FilePath;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use data_encoding::HEXLOWER;
use http::{StatusCode, header};
use serde::Deserialize;

use crate::crypto::digest::sha256;
use crate::error::{Error, Result};
use crate::pages::Looks;

/// An embedded file: its name, its content type, its text.
pub(crate) type StaticFile = (&'static str, &'static str, &'static str);

const OWN: [StaticFile; 5] = [
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
        "times.js",
        "text/javascript; charset=utf-8",
        include_str!("static/times.js"),
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
    name: Cow<'static, str>,
    content_type: &'static str,
    content: Bytes,
    version: String,
}

impl File {
    fn new(name: impl Into<Cow<'static, str>>, content_type: &'static str, content: Bytes) -> Self {
        Self {
            name: name.into(),
            content_type,
            version: HEXLOWER.encode(&sha256(&content)[..6]),
            content,
        }
    }
}

impl StaticFiles {
    /// Our own files and those of the flows, with the site's `looks`. The app's router has them below
    /// `prefix`, and browsers see them below `base`; both are empty or like `/auth`.
    ///
    /// # Errors
    /// When a file of the operator's folder cannot be read or is of an unknown kind, or the looks
    /// are not valid.
    pub(crate) fn new(
        of_flows: impl IntoIterator<Item = StaticFile>,
        looks: &Looks,
        prefix: &str,
        base: &str,
    ) -> Result<Self> {
        // The first of a name is served.
        let mut files = match &looks.static_folder {
            Some(folder) => read_folder(folder)?,
            None => Vec::new(),
        };
        if let Some(style) = looks.accent_style()? {
            files.push(File::new(ACCENT, "text/css; charset=utf-8", style.into()));
        }
        let ours = OWN.into_iter().chain(of_flows);
        files.extend(ours.map(|(name, content_type, text)| {
            File::new(name, content_type, Bytes::from_static(text.as_bytes()))
        }));
        Ok(Self(Arc::new(Inner {
            route: format!("{prefix}/static/{{file}}"),
            base: base.to_owned(),
            files,
        })))
    }

    /// The addresses of the styles that every page links, in this order.
    pub(crate) fn styles(&self) -> Vec<String> {
        let names = ["vestibule.css", ACCENT, "theme.css"];
        names
            .into_iter()
            .filter_map(|name| self.url(name))
            .collect()
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
    (headers, file.content.clone()).into_response()
}

/// The style that sets the accent color.
const ACCENT: &str = "accent.css";

/// Larger files are for a server of files.
const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// The files of a folder, without those below it.
///
/// # Errors
/// When one cannot be read, is too large or of an unknown kind.
fn read_folder(folder: &FilePath) -> Result<Vec<File>> {
    let cannot =
        |path: &FilePath, error| Error::config(format!("cannot read {}: {error}", path.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| cannot(folder, error))? {
        let path = entry.map_err(|error| cannot(folder, error))?.path();
        let metadata = path.metadata().map_err(|error| cannot(&path, error))?;
        let name = path.file_name().and_then(|name| name.to_str());
        let is_hidden = name.is_some_and(|name| name.starts_with('.'));
        if metadata.is_dir() || is_hidden {
            continue;
        }
        let wrong = |why: &str| Error::config(format!("{}: {why}", path.display()));
        let is_inside = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let name = name.filter(|name| name.chars().all(is_inside));
        let name = name.ok_or_else(|| {
            wrong("the name of a static file has only letters, digits and `.`, `_`, `-`")
        })?;
        let content_type = content_type(name).ok_or_else(|| {
            wrong("a file of this kind is not served; serve it by a route of your own")
        })?;
        if metadata.len() > MAX_BYTES {
            return Err(wrong("a static file may have at most 4 MiB"));
        }
        let content = std::fs::read(&path).map_err(|error| cannot(&path, error))?;
        files.push(File::new(name.to_owned(), content_type, content.into()));
    }
    Ok(files)
}

/// The content type by a file's ending. None that a browser would show as a page of ours.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    Some(match &*ending.to_ascii_lowercase() {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "txt" => "text/plain; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "webmanifest" => "application/manifest+json",
        _ => return None,
    })
}
