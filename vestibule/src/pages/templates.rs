//! The templates, and the functions they call.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde, Value};
use minijinja::{Environment, ErrorKind, State, UndefinedBehavior, context};
use url::form_urlencoded::Serializer;

use crate::error::{Error, Result};
use crate::pages::translate::Translate;
use crate::pages::{Language, Looks, StaticFiles, Texts};
use crate::web::Flash;

/// Renders pages. Clones share the templates.
#[derive(Clone)]
pub(crate) struct Pages {
    environment: Arc<Environment<'static>>,
    texts: Texts,
}

/// A template by its name, with its text.
pub(crate) type Template = (&'static str, &'static str);

impl Pages {
    /// The templates that belong to no flow.
    pub(crate) const OWN: &[Template] = &[
        ("base.html", include_str!("templates/base.html")),
        ("error.html", include_str!("templates/error.html")),
        ("form.html", include_str!("templates/form.html")),
        ("mail.html", include_str!("templates/mail.html")),
        ("mail.txt", include_str!("templates/mail.txt")),
        ("session.html", include_str!("templates/session.html")),
    ];

    /// Pages of `templates` and of all `*.html` and `*.txt` files in the folder `overrides`, which go
    /// before. Templates can name the pages in `routes`.
    ///
    /// Every template is read, compiled and tried out here, so that a mistake is told at
    /// start-up.
    ///
    /// # Errors
    /// When there is no such folder, or a template of it does not compile; the message names
    /// file and line.
    pub(crate) fn new(
        templates: &[Template],
        overrides: Option<&Path>,
        routes: impl IntoIterator<Item = (&'static str, String)>,
        static_files: &StaticFiles,
        texts: Texts,
        site_name: &str,
        looks: &Looks,
    ) -> Result<Self> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build()
            .map_err(Error::template)?;
        environment.set_syntax(syntax);
        let embedded = Self::OWN.iter().chain(templates);
        let mut sources: BTreeMap<String, String> = embedded
            .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
            .collect();
        if let Some(folder) = overrides {
            sources.extend(read_templates(folder)?);
        }
        let names: Vec<_> = sources.keys().cloned().collect();
        for (name, text) in sources {
            environment
                .add_template_owned(name.clone(), text)
                .map_err(|error| wrong_template(&name, &error))?;
        }
        let routes: BTreeMap<_, _> = routes.into_iter().collect();
        let files = static_files.clone();
        let names_of_pages: Vec<_> = routes.keys().copied().collect();
        environment.add_function("url_for", move |name: &str, arguments: Kwargs| {
            url_for(&routes, &files, name, &arguments).map(safe_if_plain)
        });
        let has_page = move |name: &str| names_of_pages.contains(&name);
        environment.add_function("has_page", has_page);
        environment.add_function("get_flashed_messages", get_flashed_messages);
        environment.add_global("site_name", site_name);
        environment.add_global(
            "styles",
            static_files
                .styles()
                .into_iter()
                .map(safe_if_plain)
                .collect::<Vec<_>>(),
        );
        if let Some(logo) = &looks.logo {
            let url = static_files.url(logo).ok_or_else(|| {
                Error::config(format!("the folder of static files has no logo `{logo}`"))
            })?;
            environment.add_global("logo", safe_if_plain(url));
        }
        looks.check_links()?;
        let links = looks.footer_links.iter();
        let links = links.map(|(text, url)| context! { text, url => safe_if_plain(url.clone()) });
        environment.add_global("footer_links", links.collect::<Vec<_>>());
        let offered = texts.offered();
        let offered = offered.map(|(tag, name)| context! { tag, name });
        environment.add_global("languages", offered.collect::<Vec<_>>());
        for name in names {
            try_out(&environment, &name, &texts)?;
        }
        Ok(Self {
            environment: Arc::new(environment),
            texts,
        })
    }

    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// Renders a template as a response in this language. `flashes` are the messages that it may
    /// show.
    ///
    /// # Errors
    /// When there is no such template or it fails ([`Error::is_template`]).
    pub(crate) fn render(
        &self,
        status: StatusCode,
        name: &str,
        language: Language,
        flashes: &[Flash],
        context: Value,
    ) -> Result<Response> {
        let context = context! { _flashes => Serde(flashes), ..context };
        let context = in_language(&self.texts, language, context);
        let html = self
            .environment
            .get_template(name)
            .and_then(|template| template.render(context))
            .map_err(|error| Error::template(format!("{error:#}")))?;
        let mut response = (status, Html(html)).into_response();
        self.texts.describe(language, response.headers_mut());
        Ok(response)
    }
}

impl Pages {
    /// Renders a mail of this kind: by the template `mail_KIND` with this ending if the site has one,
    /// otherwise by `mail`.
    ///
    /// # Errors
    /// When it fails ([`Error::is_template`]).
    pub(crate) fn render_mail(
        &self,
        kind: &str,
        ending: &str,
        language: Language,
        context: &Value,
    ) -> Result<String> {
        let own = self
            .environment
            .get_template(&format!("mail_{kind}.{ending}"));
        own.or_else(|_| self.environment.get_template(&format!("mail.{ending}")))
            .and_then(|template| {
                template.render(in_language(&self.texts, language, context.clone()))
            })
            .map_err(|error| Error::template(format!("{error:#}")))
    }
}

/// Adds what a page needs to be in this language.
fn in_language(texts: &Texts, language: Language, context: Value) -> Value {
    let translate = Translate {
        texts: texts.clone(),
        language,
    };
    context! {
        t => Value::from_object(translate),
        language => texts.tag(language),
        direction => texts.direction(language),
        ..context
    }
}

/// The templates of a folder, by their file names.
fn read_templates(folder: &Path) -> Result<Vec<(String, String)>> {
    let cannot =
        |path: &Path, error| Error::config(format!("cannot read {}: {error}", path.display()));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| cannot(folder, error))? {
        let path = entry.map_err(|error| cannot(folder, error))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|name| name.ends_with(".html") || name.ends_with(".txt")) {
            let text = std::fs::read_to_string(&path).map_err(|error| cannot(&path, error))?;
            found.push((name.to_owned(), text));
        }
    }
    Ok(found)
}

/// Renders a template without data, to find missing templates, filters and functions at start-up.
/// Ignores other errors, because they may come from the missing data.
fn try_out(environment: &Environment<'_>, name: &str, texts: &Texts) -> Result<()> {
    let outcome = environment
        .get_template(name)
        .and_then(|template| template.render(in_language(texts, Language::default(), context! {})));
    match outcome {
        Err(error) if calls_for_what_is_not_there(&error) => Err(wrong_template(name, &error)),
        _ => Ok(()),
    }
}

fn calls_for_what_is_not_there(error: &minijinja::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::TemplateNotFound
            | ErrorKind::UnknownFilter
            | ErrorKind::UnknownFunction
            | ErrorKind::UnknownTest
    ) || error
        .detail()
        .is_some_and(|detail| detail.starts_with(NOT_THERE))
}

/// How the message begins about a page, a file or a text that does not exist.
pub(super) const NOT_THERE: &str = "there is no ";

fn wrong_template(name: &str, error: &minijinja::Error) -> Error {
    Error::config(format!("the template {name}: {error:#}"))
}

/// An address without a character that means anything in HTML needs no escaping.
fn safe_if_plain(url: String) -> Value {
    if url.contains(['&', '<', '>', '"', '\'']) {
        url.into()
    } else {
        Value::from_safe_string(url)
    }
}

fn url_for(
    routes: &BTreeMap<&str, String>,
    static_files: &StaticFiles,
    name: &str,
    arguments: &Kwargs,
) -> Result<String, minijinja::Error> {
    if name == "static" {
        let filename: &str = arguments.get("filename")?;
        arguments.assert_all_used()?;
        return static_files.url(filename).ok_or_else(|| {
            minijinja::Error::new(
                ErrorKind::InvalidOperation,
                format!("{NOT_THERE}static file {filename}"),
            )
        });
    }
    let path = routes.get(name).ok_or_else(|| {
        let names: Vec<_> = routes.keys().copied().collect();
        minijinja::Error::new(
            ErrorKind::InvalidOperation,
            format!("{NOT_THERE}page {name}; there are {}", names.join(", ")),
        )
    })?;
    let mut query = Serializer::new(String::new());
    for argument in arguments.args() {
        let value: Value = arguments.get(argument)?;
        if !value.is_none() && !value.is_undefined() {
            query.append_pair(argument, &value.to_string());
        }
    }
    let query = query.finish();
    Ok(if query.is_empty() {
        path.clone()
    } else {
        format!("{path}?{query}")
    })
}

/// As in Flask: the messages, or pairs of category and message.
#[expect(
    clippy::needless_pass_by_value,
    reason = "minijinja hands arguments over by value"
)]
fn get_flashed_messages(
    state: &State<'_, '_>,
    arguments: Kwargs,
) -> Result<Value, minijinja::Error> {
    let with_categories: Option<bool> = arguments.get("with_categories")?;
    arguments.assert_all_used()?;
    let mut messages = Vec::new();
    for flash in state.lookup("_flashes").unwrap_or_default().try_iter()? {
        let message = flash.get_attr("message")?;
        messages.push(match with_categories {
            Some(true) => Value::from(vec![flash.get_attr("category")?, message]),
            _ => message,
        });
    }
    Ok(messages.into())
}

impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.environment.templates().map(|(name, _)| name).collect();
        f.debug_tuple("Pages").field(&names).finish()
    }
}
