//! One mail.

use lettre::message::header::{
    ContentTransferEncoding, ContentType, Header, HeaderName, HeaderValue,
};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use std::time::{Duration, UNIX_EPOCH};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::mail::{Email, MailFrom};

/// A mail to one user, as plain text and optionally as HTML.
///
/// No part of it can add a header: the recipient is an [`Email`], and the subject is made one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    to: Email,
    subject: String,
    text: String,
    html: Option<String>,
    kind: String,
    id: Option<String>,
    language: Option<String>,
    written_at: Option<Timestamp>,
}

impl Mail {
    /// A mail. Line breaks and other control characters in the subject become spaces. In the text,
    /// lines end with `\n`.
    pub fn new(to: Email, subject: &str, text: impl Into<String>) -> Self {
        let plain = |c: char| if is_break(c) { ' ' } else { c };
        Self {
            to,
            subject: subject.trim().chars().map(plain).collect(),
            text: text.into(),
            html: None,
            kind: "other".to_owned(),
            id: None,
            language: None,
            written_at: None,
        }
    }

    /// Adds the same text as HTML.
    #[must_use]
    pub fn with_html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    pub(crate) fn of_kind(mut self, kind: &str) -> Self {
        kind.clone_into(&mut self.kind);
        self
    }

    pub(crate) fn in_language(mut self, language: &str) -> Self {
        self.language = Some(language.to_owned());
        self
    }

    /// The id, which is the same each time this mail is sent, and when it was written.
    pub(crate) fn written(mut self, id: &str, at: Timestamp) -> Self {
        self.id = Some(id.to_owned());
        self.written_at = Some(at);
        self
    }

    /// The recipient.
    pub fn to(&self) -> &Email {
        &self.to
    }

    /// One line.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The text. A link is on a line of its own.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same as HTML.
    pub fn html(&self) -> Option<&str> {
        self.html.as_deref()
    }

    /// What the mail is about, as in the book's list of mails: `reset_password`,
    /// `password_changed`, …; `other` for a mail of the app's own.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// An id that is the same each time the mail is sent, so that a provider can drop a second copy.
    pub fn id(&self) -> Option<&str> {
        self.id.as_deref()
    }

    /// The message as it goes over the wire (RFC 5322), with `Auto-Submitted` (RFC 3834), so that
    /// no absence note answers it.
    ///
    /// # Errors
    /// When a part of it cannot be encoded ([`Error::is_undeliverable`]).
    pub(super) fn to_message(&self, from: &MailFrom, now: Timestamp) -> Result<lettre::Message> {
        let to = self.to.to_lettre().ok_or_else(|| {
            Error::undeliverable("the address of the recipient has no form for mail servers")
        })?;
        let at = self.written_at.unwrap_or(now);
        let millis = u64::try_from(at.as_millis()).unwrap_or(0);
        let mut builder = MessageBuilder::new()
            .from(from.mailbox().clone())
            .to(Mailbox::new(None, to))
            .subject(&*self.subject)
            .date(UNIX_EPOCH + Duration::from_millis(millis))
            .header(AutoSubmitted);
        if let Some(id) = &self.id {
            let domain = from.mailbox().email.domain();
            builder = builder.message_id(Some(format!("<{id}@{domain}>")));
        }
        if let Some(language) = &self.language {
            builder = builder.header(ContentLanguage(language.clone()));
        }
        let text = part(ContentType::TEXT_PLAIN, &self.text);
        let message = match &self.html {
            None => builder.singlepart(text),
            Some(html) => builder.multipart(
                MultiPart::alternative()
                    .singlepart(text)
                    .singlepart(part(ContentType::TEXT_HTML, html)),
            ),
        };
        message.map_err(Error::undeliverable)
    }
}

/// Lines of a mail may not be long, and many servers take ASCII only.
fn part(content_type: ContentType, text: &str) -> SinglePart {
    SinglePart::builder()
        .header(content_type)
        .header(ContentTransferEncoding::QuotedPrintable)
        .body(text.to_owned())
}

/// Whether a character ends a line for some reader, or does something else than being shown.
fn is_break(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// <https://www.rfc-editor.org/rfc/rfc3834#section-5>.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// <https://www.rfc-editor.org/rfc/rfc3282>.
#[derive(Clone)]
struct ContentLanguage(String);

impl Header for ContentLanguage {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Content-Language")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), self.0.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::Mail;
    use crate::clock::Timestamp;

    fn wire(mail: &Mail) -> String {
        let from = "Example <noreply@example.com>".parse().unwrap();
        let message = mail.to_message(&from, Timestamp::from_millis(1_800_000_000_000));
        String::from_utf8(message.unwrap().formatted()).unwrap()
    }

    fn mail(subject: &str, text: &str) -> Mail {
        Mail::new("alice@example.com".parse().unwrap(), subject, text)
    }

    #[test]
    fn a_mail_says_that_a_program_sent_it_and_when() {
        let mail = mail("Grüße", "Hello\n")
            .with_html("<p>Hello</p>")
            .in_language("de")
            .written("0190", Timestamp::from_millis(1_800_000_000_000));

        let wire = wire(&mail);

        for line in [
            "From: Example <noreply@example.com>\r\n",
            "To: alice@example.com\r\n",
            "Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Message-ID: <0190@example.com>\r\n",
            "Content-Language: de\r\n",
            "Content-Type: multipart/alternative;",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(wire.contains(line), "{line} in {wire}");
        }
        assert!(!wire.contains("List-Unsubscribe"), "security mail");
    }

    #[test]
    fn no_text_of_a_mail_adds_a_header_or_a_recipient() {
        for evil in [
            "\r\nBcc: b@example.com",
            "\nX: y",
            "\u{2028}X: y",
            "\0",
            "\u{85}",
        ] {
            let mail = mail(&format!("Hello{evil}"), &format!("Hi{evil}"));

            let wire = wire(&mail);

            let head = wire.split("\r\n\r\n").next().unwrap();
            let names: Vec<_> = head
                .split("\r\n")
                .filter(|line| !line.starts_with(' '))
                .filter_map(|line| line.split(':').next())
                .collect();
            assert!(
                !names.iter().any(|name| ["Bcc", "X"].contains(name)),
                "{head}"
            );
        }
    }
}
