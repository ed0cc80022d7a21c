//! The mails of the flows: which there are, and how one is written out.

use std::sync::Arc;
use std::time::Duration;

use fluent_bundle::FluentArgs;
use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use crate::credentials::is_visible;
use crate::error::{Error, Result};
use crate::mail::outbox::{Compose, Values};
use crate::mail::{Email, Mail};
use crate::pages::{Language, Pages};
use crate::web::PublicUrl;

/// A mail by the names of its texts, which are in the folder of its flow. They get what the
/// [letter](crate::mail::outbox::Letter) has, and `site`, the site's name, and `url`, its address.
pub(super) struct MailTexts {
    /// Under which it is in the outbox, and by which a template can replace its looks:
    /// `mail_KIND.html`, `mail_KIND.txt`.
    pub(super) kind: &'static str,
    pub(super) subject: &'static str,
    /// Paragraphs, with an empty line between two.
    pub(super) text: &'static str,
    /// What is on the button, if the letter has a `link`.
    pub(super) button: &'static str,
    /// What stands after the button.
    pub(super) after: &'static str,
}

/// A stranger can cause one mail to an address in this time.
pub(super) const ONE_IN: Duration = Duration::from_mins(1);

/// A code in two halves, which is easier to read and to type: `abcd-efgh`, `1234 5678`.
pub(super) fn in_groups(code: &str, separator: &str) -> String {
    match code.split_at_checked(code.len() / 2) {
        Some((first, second)) => format!("{first}{separator}{second}"),
        None => code.to_owned(),
    }
}

impl MailTexts {
    /// A mail without a button.
    pub(super) const fn new(kind: &'static str, subject: &'static str, text: &'static str) -> Self {
        Self {
            kind,
            subject,
            text,
            button: "",
            after: "",
        }
    }
}

/// A line of the mail about where and when something happened.
#[derive(Serialize)]
struct Detail {
    label: String,
    value: String,
}

/// The details, by the names of their labels and of their values in the letter.
const DETAILS: [(&str, &str); 3] = [
    ("mail-when", "when"),
    ("mail-browser", "browser"),
    ("mail-address", "address"),
];

/// Writes out the mails of these flows.
pub(super) fn composer(
    pages: Pages,
    mails: Vec<&'static MailTexts>,
    site_name: String,
    url: &PublicUrl,
    not_me: Option<String>,
) -> Compose {
    let writer = Writer {
        pages,
        mails,
        site_name,
        url: url.to_string(),
        not_me,
    };
    Arc::new(move |kind, to, language, values| writer.write(kind, to, language, values))
}

struct Writer {
    pages: Pages,
    mails: Vec<&'static MailTexts>,
    site_name: String,
    url: String,
    /// Where users go who did not cause what a mail reports.
    not_me: Option<String>,
}

impl Writer {
    fn write(&self, kind: &str, to: Email, language: &str, mut values: Values) -> Result<Mail> {
        let texts = self.mails.iter().find(|texts| texts.kind == kind);
        let texts = texts.ok_or_else(|| {
            Error::undeliverable(format!("this site has no mail of the kind `{kind}`"))
        })?;
        for (name, value) in &mut values {
            if name != "link" {
                *value = plain(value);
            }
        }
        let not_me = match values.get("not_me") {
            Some(not_me) => Some(&**not_me).filter(|not_me| !not_me.is_empty()),
            // A mail that says when something happened reports something.
            None => self
                .not_me
                .as_deref()
                .filter(|_| values.contains_key("when")),
        };
        let not_me = not_me.map(str::to_owned);
        values.insert("site".to_owned(), self.site_name.clone());
        values.insert("url".to_owned(), self.url.clone());
        let catalogue = self.pages.texts();
        let language = catalogue.find(language).unwrap_or_default();
        let mut arguments = FluentArgs::with_capacity(values.len());
        for (name, value) in &values {
            match value.parse::<u64>() {
                // Numbers choose the plural.
                Ok(number) => arguments.set(&**name, number),
                Err(_) => arguments.set(&**name, value.as_str()),
            }
        }
        let say = |name: &'static str| self.say(language, name, &arguments);
        let subject = say(texts.subject)?;
        let details = DETAILS.into_iter().filter_map(|(label, name)| {
            let value = values.get(name).filter(|value| !value.is_empty())?.clone();
            Some(say(label).map(|label| Detail { label, value }))
        });
        let details = details.collect::<Result<Vec<_>>>()?;
        let optional = |name: &'static str| match name {
            "" => Ok(None),
            name => say(name).map(Some),
        };
        let (button, after) = (optional(texts.button)?, optional(texts.after)?);
        let context = context! {
            kind,
            subject => &*subject,
            paragraphs => paragraphs(&say(texts.text)?),
            button,
            link => values.get("link"),
            code => values.get("code"),
            after => after.as_deref().map(paragraphs),
            details => Serde(&details),
            not_me,
            url => &*self.url,
        };
        let rendered = |ending| self.pages.render_mail(kind, ending, language, &context);
        Ok(Mail::new(to, &subject, rendered("txt")?)
            .with_html(rendered("html")?)
            .in_language(catalogue.tag(language)))
    }

    fn say(&self, language: Language, name: &str, arguments: &FluentArgs<'_>) -> Result<String> {
        let text = self.pages.texts().format(language, name, arguments);
        let text = text.ok_or_else(|| Error::template(format!("there is no text {name}")))?;
        Ok(text.into_owned())
    }
}

/// The most that a mail says of a name, a browser or an address.
const MAX_VALUE_CHARS: usize = 300;

/// A value without what could add lines to a mail, reverse its text or fill it: names and browsers
/// come from strangers. The template escapes it for HTML.
fn plain(value: &str) -> String {
    let is_plain = |c: &char| *c == ' ' || is_visible(*c) || c.is_whitespace();
    let visible = value.chars().filter(is_plain);
    let spaced = visible.map(|c| if c.is_whitespace() { ' ' } else { c });
    spaced.take(MAX_VALUE_CHARS).collect()
}

fn paragraphs(text: &str) -> Vec<String> {
    let paragraphs = text.split("\n\n").map(str::trim);
    let paragraphs = paragraphs.filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(str::to_owned).collect()
}
