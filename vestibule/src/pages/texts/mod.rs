//! The catalogue: every text of the pages, by name and language.
//!
//! The texts are in [Fluent](https://projectfluent.org)'s format. Those that all pages share are
//! beside this file; each flow has its own in its folder. A folder of the operator's can replace
//! texts one by one, and add languages.

mod arguments;
mod catalogue;
mod language;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use cookie::Cookie;
use fluent_bundle::{FluentArgs, FluentValue};
use http::header::{CONTENT_LANGUAGE, VARY};
use http::{HeaderMap, HeaderValue};
use unic_langid::LanguageIdentifier;

use crate::error::{Error, Result};
use crate::web::PublicUrl;
use crate::web::cookies::{CookieMatch, OwnCookie};
use crate::web::text::{Argument, Text};

use catalogue::{Catalogue, read_folder};

/// The texts of one part of the pages, in the languages of [`SHIPPED`].
pub(crate) type PartTexts = [&'static str; SHIPPED.len()];

/// The languages that every text is shipped in. English is what a text falls back to.
const SHIPPED: [&str; 3] = ["en", "de", "es"];

/// What all pages share.
const SHARED: PartTexts = [
    include_str!("en.ftl"),
    include_str!("de.ftl"),
    include_str!("es.ftl"),
];

/// The texts of a site. Clones share them.
#[derive(Clone)]
pub(crate) struct Texts(Arc<Inner>);

struct Inner {
    /// The languages that the site offers. The first is for visitors who name none of them.
    offered: Vec<Catalogue>,
    /// The same, for the negotiation.
    languages: Vec<LanguageIdentifier>,
    english: Catalogue,
    cookie: OwnCookie,
}

/// One of the languages that a site offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Language(usize);

/// How long a browser keeps the chosen language.
const KEPT_FOR: std::time::Duration = std::time::Duration::from_hours(24 * 365);

impl Texts {
    /// The texts of these parts and those of the files `LANGUAGE.ftl` in the folder `overrides`,
    /// which replace them.
    ///
    /// `offered` are the languages of the site, the default one first; empty for all that there
    /// are, English first.
    ///
    /// # Errors
    /// When the folder or a file cannot be read, a text is malformed or uses an argument that it
    /// does not get, or there is no text in an offered language.
    pub(crate) fn new(
        parts: impl IntoIterator<Item = PartTexts>,
        overrides: Option<&Path>,
        offered: &[String],
        public_url: &PublicUrl,
    ) -> Result<Self> {
        let parts: Vec<_> = std::iter::once(SHARED).chain(parts).collect();
        let shipped = |index: usize| parts.iter().map(move |part| part[index]);
        let mut replaced = match overrides {
            Some(folder) => read_folder(folder, shipped(0))?,
            None => BTreeMap::new(),
        };
        let mut found = Vec::new();
        for (index, tag) in SHIPPED.into_iter().enumerate() {
            found.push(Catalogue::new(tag, shipped(index))?);
        }
        for catalogue in &mut found {
            if let Some(texts) = replaced.remove(catalogue.tag()) {
                catalogue.replace(texts);
            }
        }
        for (tag, texts) in replaced {
            let mut catalogue = Catalogue::new(&tag, [])?;
            catalogue.replace(texts);
            found.push(catalogue);
        }
        let offered = choose(found, offered)?;
        Ok(Self(Arc::new(Inner {
            languages: offered.iter().map(Catalogue::language).cloned().collect(),
            offered,
            english: Catalogue::new(SHIPPED[0], shipped(0))?,
            cookie: OwnCookie::new("language", Some(public_url)),
        })))
    }

    /// The language of the visitor who sent these headers: the chosen one, or the best by
    /// `Accept-Language`, or the site's default.
    pub(crate) fn language_of(&self, headers: &HeaderMap) -> Language {
        if self.0.offered.len() == 1 {
            return Language(0);
        }
        if let CookieMatch::One(tag) = self.0.cookie.find(headers)
            && let Some(chosen) = self.find(tag)
        {
            return chosen;
        }
        let best = language::best(headers, &self.0.languages);
        best.map_or_else(Language::default, Language)
    }

    /// The offered language with this tag, such as `de`.
    pub(crate) fn find(&self, wanted: &str) -> Option<Language> {
        let mut offered = self.0.offered.iter();
        let found = offered.position(|catalogue| catalogue.tag() == wanted);
        found.map(Language)
    }

    /// The cookie that keeps the language that a visitor has chosen.
    pub(crate) fn chosen(&self, language: Language) -> Cookie<'static> {
        let tag = self.catalogue(language).tag().to_owned();
        self.0.cookie.set(tag, Some(KEPT_FOR))
    }

    /// The tag of a language for `lang` and `Content-Language`, such as `de`.
    pub(crate) fn tag(&self, language: Language) -> &str {
        self.catalogue(language).tag()
    }

    /// `rtl` for a language that is written from right to left, otherwise `ltr`.
    pub(crate) fn direction(&self, language: Language) -> &'static str {
        self.catalogue(language).direction()
    }

    /// Adds the headers that say in which language the response is, and by what it was chosen.
    pub(crate) fn describe(&self, language: Language, headers: &mut HeaderMap) {
        if let Ok(tag) = HeaderValue::from_str(self.tag(language)) {
            headers.insert(CONTENT_LANGUAGE, tag);
        }
        if self.0.offered.len() > 1 {
            headers.append(VARY, HeaderValue::from_static("cookie"));
            headers.append(VARY, HeaderValue::from_static("accept-language"));
        }
    }

    /// Each offered language by its tag, with its own name for itself.
    pub(crate) fn offered(&self) -> impl Iterator<Item = (&str, String)> {
        let all = self.0.offered.iter().enumerate();
        all.map(|(index, catalogue)| {
            let name = self.say(Language(index), &Text::named("language-name"));
            (catalogue.tag(), name)
        })
    }

    /// A text in this language, or in English where it is missing.
    pub(crate) fn say(&self, language: Language, text: &Text) -> String {
        match text {
            Text::AsIs(text) => text.clone(),
            Text::Named(name, arguments) => {
                let mut given = FluentArgs::with_capacity(arguments.len());
                for (name, argument) in arguments {
                    given.set(*name, self.value(language, argument));
                }
                let text = self.format(language, name, &given);
                let text = text.map(Cow::into_owned);
                text.unwrap_or_else(|| {
                    tracing::error!(name, "there is no such text");
                    (*name).to_owned()
                })
            }
        }
    }

    /// A text without arguments by a name that may not be one of the catalogue.
    pub(crate) fn say_by_name(&self, language: Language, name: &str) -> Option<String> {
        let none = FluentArgs::new();
        self.format(language, name, &none).map(Cow::into_owned)
    }

    fn value<'a>(&self, language: Language, argument: &'a Argument) -> FluentValue<'a> {
        match argument {
            Argument::Number(number) => FluentValue::from(*number),
            Argument::Words(words) => FluentValue::from(words.as_str()),
            Argument::Text(text) => FluentValue::from(self.say(language, text)),
        }
    }

    /// A text in this language, or in English where it is missing. If only another language has it,
    /// this is its name; `None` if none has it.
    pub(crate) fn format<'a>(
        &'a self,
        language: Language,
        name: &'a str,
        arguments: &'a FluentArgs<'a>,
    ) -> Option<Cow<'a, str>> {
        let text = self.catalogue(language).format(name, arguments);
        let text = text.or_else(|| self.0.english.format(name, arguments));
        if text.is_none() && self.0.offered.iter().any(|other| other.has(name)) {
            tracing::error!(name, "a text is in another language only");
            return Some(Cow::Borrowed(name));
        }
        text
    }

    fn catalogue(&self, language: Language) -> &Catalogue {
        &self.0.offered[language.0]
    }
}

/// The languages of `offered`, in this order; all if it is empty.
fn choose(mut found: Vec<Catalogue>, offered: &[String]) -> Result<Vec<Catalogue>> {
    if offered.is_empty() {
        return Ok(found);
    }
    let mut chosen = Vec::new();
    for wanted in offered {
        let is_wanted = |catalogue: &Catalogue| catalogue.tag() == wanted;
        let Some(index) = found.iter().position(is_wanted) else {
            let tags: Vec<_> = found.iter().map(Catalogue::tag).collect();
            return Err(Error::config(format!(
                "there are no texts in the language `{wanted}`, or it is named twice; there are {}",
                tags.join(", ")
            )));
        };
        chosen.push(found.remove(index));
    }
    Ok(chosen)
}

impl Default for Language {
    /// The site's default language.
    fn default() -> Self {
        Self(0)
    }
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tags: Vec<_> = self.0.offered.iter().map(Catalogue::tag).collect();
        f.debug_tuple("Texts").field(&tags).finish()
    }
}
