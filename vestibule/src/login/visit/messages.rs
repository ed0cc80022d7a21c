//! Messages for the visitor, in this response or the next page.

use cookie::Cookie;
use data_encoding::HEXLOWER;
use http::HeaderMap;

use crate::crypto::digest::sha256_in;
use crate::error::{Error, Result};
use crate::login::visit::Visit;
use crate::login::{User, UserId};
use crate::web::{Flash, Flashes, KeptFlash};

/// The messages that are waiting.
#[derive(Default)]
pub(super) struct Messages {
    /// Read from the cookie, once per request.
    brought: Vec<KeptFlash>,
    /// Added during this request.
    added: Vec<Flash>,
    is_brought: bool,
    is_changed: bool,
}

impl Messages {
    /// The cookie to set with the response, if the messages have changed. Those of this request are
    /// for the user who is logged in at its end.
    pub(super) fn cookie(
        &self,
        flashes: &Flashes,
        user: Option<&UserId>,
    ) -> Option<Cookie<'static>> {
        if !self.is_changed {
            return None;
        }
        if self.brought.is_empty() && self.added.is_empty() {
            return self.is_brought.then(|| flashes.remove());
        }
        let user = user.map(tag_of);
        let added = self.added.iter().cloned().map(|flash| KeptFlash {
            flash,
            user: user.clone(),
        });
        let kept: Vec<_> = self.brought.iter().cloned().chain(added).collect();
        Some(flashes.set(&kept))
    }
}

/// Names a user in the cookie, without their id.
fn tag_of(user: &UserId) -> String {
    HEXLOWER.encode(&sha256_in("message", user.as_str().as_bytes())[..8])
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
                brought: flashes.read_kept(headers),
                is_brought: true,
                ..Messages::default()
            })
        });
    }

    /// The waiting messages, which are removed: those [read](Self::read_messages), and those added
    /// during this request. Messages for another user than the one who is logged in are removed, and
    /// not returned.
    pub(crate) fn take_messages(&self) -> Vec<Flash> {
        let mut state = self.state();
        let known = state.known();
        let Some(messages) = &mut state.messages else {
            return Vec::new();
        };
        messages.is_changed = true;
        let (brought, added) = (
            std::mem::take(&mut messages.brought),
            std::mem::take(&mut messages.added),
        );
        // Without a look at who the visitor is, all are shown.
        let user = known.map(|user| user.map(|logged_in| tag_of(&logged_in.user.id())));
        let is_theirs = |kept: &KeptFlash| match &user {
            Some(user) => kept.user.is_none() || kept.user == *user,
            None => true,
        };
        let theirs = brought.into_iter().filter(is_theirs);
        theirs.map(|kept| kept.flash).chain(added).collect()
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
        let messages = state.messages.get_or_insert_default();
        messages.added.push(message);
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
        let is_waiting = |messages: &Messages| {
            let mut brought = messages.brought.iter().map(|kept| &kept.flash);
            messages.added.contains(&message) || brought.any(|flash| *flash == message)
        };
        if !self.state().messages.as_deref().is_some_and(is_waiting) {
            // An app without a key has no messages.
            self.add_message(message).ok();
        }
    }
}
