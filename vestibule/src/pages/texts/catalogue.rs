//! The texts of one language.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use unic_langid::{CharacterDirection, LanguageIdentifier};

use crate::error::{Error, Result};
use crate::pages::texts::arguments::arguments_of;

/// The texts of one language.
pub(super) struct Catalogue {
    tag: String,
    language: LanguageIdentifier,
    bundle: FluentBundle<FluentResource>,
}

impl Catalogue {
    /// The texts of these files.
    ///
    /// # Errors
    /// When `tag` is not a language, a file is malformed or two have a text of the same name.
    pub(super) fn new(tag: &str, files: impl IntoIterator<Item = &'static str>) -> Result<Self> {
        let language: LanguageIdentifier = tag
            .parse()
            .map_err(|_| Error::config(format!("`{tag}` is not a language")))?;
        let mut bundle = FluentBundle::new_concurrent(vec![language.clone()]);
        // The templates isolate what could have another direction, with `<bdi>`.
        bundle.set_use_isolating(false);
        for file in files {
            let texts = parse(file.to_owned())
                .map_err(|error| Error::config(format!("the texts in `{tag}`: {error}")))?;
            bundle
                .add_resource(texts)
                .map_err(|errors| Error::config(format!("the texts in `{tag}`: {errors:?}")))?;
        }
        Ok(Self {
            tag: language.to_string(),
            language,
            bundle,
        })
    }

    /// Adds texts, in place of those with the same names.
    pub(super) fn replace(&mut self, texts: FluentResource) {
        self.bundle.add_resource_overriding(texts);
    }

    /// The tag of the language in its canonical form, such as `pt-BR`.
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    pub(super) fn language(&self) -> &LanguageIdentifier {
        &self.language
    }

    /// `rtl` for a language that is written from right to left, otherwise `ltr`.
    pub(super) fn direction(&self) -> &'static str {
        match self.language.character_direction() {
            CharacterDirection::RTL => "rtl",
            _ => "ltr",
        }
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.bundle.has_message(name)
    }

    /// A text; `None` if it is missing.
    pub(super) fn format<'a>(
        &'a self,
        name: &str,
        arguments: &'a FluentArgs<'a>,
    ) -> Option<Cow<'a, str>> {
        let pattern = self.bundle.get_message(name)?.value()?;
        let mut errors = Vec::new();
        let text = self
            .bundle
            .format_pattern(pattern, Some(arguments), &mut errors);
        if !errors.is_empty() {
            tracing::error!(name, language = self.tag, ?errors, "a text is not complete");
        }
        Some(text)
    }
}

/// The texts of the files `LANGUAGE.ftl` in a folder, by language. `english` are the shipped files.
///
/// # Errors
/// When one cannot be read, is malformed, or uses an argument that the English text does not get.
pub(super) fn read_folder(
    folder: &Path,
    english: impl IntoIterator<Item = &'static str>,
) -> Result<BTreeMap<String, FluentResource>> {
    let mut known = BTreeMap::new();
    for file in english {
        let texts = parse(file.to_owned()).map_err(Error::config)?;
        known.extend(arguments_of(&texts));
    }
    let cannot =
        |path: &Path, error| Error::config(format!("cannot read {}: {error}", path.display()));
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|error| cannot(folder, error))? {
        let path = entry.map_err(|error| cannot(folder, error))?.path();
        if path.extension().is_none_or(|extension| extension != "ftl") {
            continue;
        }
        let wrong = |why: String| Error::config(format!("{}: {why}", path.display()));
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let language: Option<LanguageIdentifier> = stem.and_then(|stem| stem.parse().ok());
        let Some(language) = language else {
            return Err(wrong(
                "name the file by its language, such as `fr.ftl` or `pt-BR.ftl`".to_owned(),
            ));
        };
        let text = std::fs::read_to_string(&path).map_err(|error| cannot(&path, error))?;
        let texts = parse(text).map_err(wrong)?;
        for (name, used) in arguments_of(&texts) {
            match known.get(&name) {
                Some(known) => {
                    if let Some(other) = used.difference(known).next() {
                        return Err(wrong(format!(
                            "the text `{name}` gets no argument `${other}`"
                        )));
                    }
                }
                None => tracing::info!(
                    file = %path.display(),
                    name,
                    "a text that our pages do not use; your own templates may"
                ),
            }
        }
        found.insert(language.to_string(), texts);
    }
    Ok(found)
}

/// # Errors
/// What is wrong, with the line.
pub(super) fn parse(text: String) -> std::result::Result<FluentResource, String> {
    FluentResource::try_new(text).map_err(|(texts, errors)| {
        let Some(error) = errors.first() else {
            return "malformed".to_owned();
        };
        let before = texts.source().get(..error.pos.start).unwrap_or_default();
        let line = before.lines().count().max(1);
        format!("line {line}: {}", error.kind)
    })
}
