//! The paths of a site's pages: as routes, and as links.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::login::Next;
use crate::web::is_base_path;

/// The start page's name.
const INDEX: &str = "index";

/// The paths of a site's pages by name.
///
/// A site has two of these. Routes are what the app's router sees. Links are what browsers see: a
/// proxy may have removed the path of the public URL in between, and the start page may be the
/// app's own.
#[derive(Debug, Clone)]
pub(super) struct Paths {
    base: String,
    pages: BTreeMap<&'static str, String>,
}

impl Paths {
    /// The paths of these pages, by name: each below `app`, the path of the app, and there below
    /// `prefix`; both are empty or like `/auth`. Well-known paths (RFC 8615) are not below `prefix`,
    /// as nobody would look there. Without a start page if the app has its own.
    pub(super) fn of<'a>(
        pages: impl Iterator<Item = &'a (&'static str, &'static str)>,
        (app, prefix): (&str, &str),
        has_index: bool,
    ) -> Self {
        let pages = pages.filter(|(name, _)| has_index || *name != INDEX);
        let below = |path: &str| match path.starts_with("/.well-known/") {
            true => format!("{app}{path}"),
            false => format!("{app}{prefix}{path}"),
        };
        Self {
            pages: pages.map(|(name, path)| (*name, below(path))).collect(),
            base: below(""),
        }
    }

    /// The same, with a start page in any case: `home`, or the site's own, or `other`.
    pub(super) fn starting_at(mut self, home: Option<&str>, other: String) -> Self {
        if let Some(home) = home {
            self.pages.insert(INDEX, home.to_owned());
        }
        self.pages.entry(INDEX).or_insert(other);
        self
    }

    /// The path of the start page without its last slash, if there is something left.
    pub(super) fn bare_index(&self) -> Option<&str> {
        let bare = self.get(INDEX)?.strip_suffix('/')?;
        (!bare.is_empty()).then_some(bare)
    }

    /// The path in front of each page; empty, or like `/auth`.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The path of this page; `None` if its flow is not enabled.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.pages.get(name).map(String::as_str)
    }

    /// The path of a flow's own page.
    ///
    /// # Panics
    /// When the flow does not list the page among its paths. Every test of the flow shows this.
    pub(super) fn own(&self, name: &str) -> &str {
        self.get(name).expect("a flow lists its own paths")
    }

    /// The names and paths.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.pages.iter().map(|(name, path)| (*name, path.as_str()))
    }
}

/// The value of [`SiteConfig::path_prefix`](crate::flows::SiteConfig::path_prefix), or nothing.
///
/// # Errors
/// When it is not a path like `/auth`.
pub(super) fn path_prefix(setting: Option<&str>) -> Result<String> {
    match setting {
        None => Ok(String::new()),
        Some(prefix) if is_base_path(prefix) => Ok(prefix.to_owned()),
        Some(prefix) => Err(Error::config(format!(
            "`{prefix}` cannot be `SiteConfig::path_prefix`: write it like `/auth`"
        ))),
    }
}

/// The path in a setting, checked as a `next` is.
///
/// # Errors
/// When it is not a path of this origin, or is one of the pages in `loops`, which would redirect in
/// a circle.
pub(super) fn destination(setting: &str, path: &str, loops: &[&str]) -> Result<String> {
    let refuse = |why: &str| {
        Error::config(format!(
            "`{path}` cannot be `SiteConfig::{setting}`: {why}; write the path of a page as \
             browsers see it, like `/dashboard`"
        ))
    };
    let next = Next::from(path);
    let found = next
        .path()
        .ok_or_else(|| refuse("it is not a path of this site"))?;
    let next = Next::from(found).unless(loops);
    let found = next
        .path()
        .ok_or_else(|| refuse("this page redirects there"))?;
    Ok(found.to_owned())
}
