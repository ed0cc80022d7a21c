//! Messages for the visitor, in this response or the next page.

use cookie::Cookie;
use http::HeaderMap;

use crate::error::{Error, Result};
use crate::login::User;
use crate::login::visit::Visit;
use crate::web::{Flash, Flashes};

/// The messages that are waiting, read from the cookie once per request.
pub(super) struct Messages {
    waiting: Vec<Flash>,
    is_brought: bool,
    is_changed: bool,
}

impl Messages {
    /// The cookie to set with the response, if the messages have changed.
    pub(super) fn cookie(&self, flashes: &Flashes) -> Option<Cookie<'static>> {
        if !self.is_changed {
            return None;
        }
        match self.waiting.is_empty() {
            true => self.is_brought.then(|| flashes.remove()),
            false => Some(flashes.set(&self.waiting)),
        }
    }
}

impl<U: User> Visit<U> {
    /// Reads the messages that the browser sent, unless that was done before.
    pub(crate) fn read_messages(&self, headers: &HeaderMap) {
        let flashes = self.context.cookies.messages.as_ref();
        let Some(flashes) = flashes.filter(|flashes| flashes.is_brought(headers)) else {
            return;
        };
        let messages = &mut self.state().messages;
        messages.get_or_insert_with(|| {
            Box::new(Messages {
                waiting: flashes.read(headers),
                is_brought: true,
                is_changed: false,
            })
        });
    }

    /// The waiting messages, which are removed: those [read](Self::read_messages), and those added
    /// during this request.
    pub(crate) fn take_messages(&self) -> Vec<Flash> {
        let mut state = self.state();
        let Some(messages) = &mut state.messages else {
            return Vec::new();
        };
        messages.is_changed = true;
        std::mem::take(&mut messages.waiting)
    }

    /// Adds a message to those [read](Self::read_messages).
    ///
    /// # Errors
    /// When the app has set no key for messages, or the response has begun.
    pub(crate) fn add_message(&self, message: Flash) -> Result<()> {
        if self.context.cookies.messages.is_none() {
            return Err(Error::config(
                "there is no key that signs messages: set one with `LoginManager::messages`",
            ));
        }
        let mut state = self.state();
        if state.is_answered {
            return Err(Error::config(
                "the response has begun, and the cookie with a message cannot go with it",
            ));
        }
        let messages = state.messages.get_or_insert_with(|| {
            Box::new(Messages {
                waiting: Vec::new(),
                is_brought: false,
                is_changed: false,
            })
        });
        messages.waiting.push(message);
        messages.is_changed = true;
        Ok(())
    }

    /// Adds a message for a visitor who is redirected, in their language, unless it is waiting
    /// already.
    pub(super) fn leave_message(&self, message: Option<Flash>, headers: &HeaderMap) {
        let Some(mut message) = message else {
            return;
        };
        if let Some(localize) = &self.settings().rejections.localize {
            message.message = localize(&message.message, headers);
        }
        self.read_messages(headers);
        let is_waiting = |messages: &Messages| messages.waiting.contains(&message);
        if !self.state().messages.as_deref().is_some_and(is_waiting) {
            // An app without a key has no messages.
            self.add_message(message).ok();
        }
    }
}
