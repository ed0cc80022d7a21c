//! The response: its cookies, and whether it may be cached.

use axum::response::Response;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, Entry, VARY};

use crate::login::User;
use crate::login::visit::Visit;
use crate::login::visit::state::Visitor;
use crate::web::{ToUser, cookies};

const BY_COOKIE: HeaderValue = HeaderValue::from_static("cookie");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

impl<U: User> Visit<U> {
    /// Sets the cookies on the response. If the current user was used, no cache may store the page.
    pub(in crate::login) fn finish(&self, response: &mut Response) {
        let mut state = self.state();
        state.is_answered = true;
        let status = response.status();
        // Only error pages need it, and it allocates.
        let is_error = status.is_client_error() || status.is_server_error();
        if is_error && matches!(state.known(), Some(Some(_))) {
            response.extensions_mut().insert(ToUser);
        }
        let messages = state
            .messages
            .as_ref()
            .zip(self.context.cookies.messages.as_ref());
        let user = || state.known().flatten().map(|logged_in| logged_in.user.id());
        let messages =
            messages.and_then(|(messages, flashes)| messages.cookie(flashes, user().as_ref()));
        let sets_cookies = state.set_cookies.is_some() || messages.is_some();
        if !sets_cookies && matches!(state.visitor, Visitor::NotAsked) {
            return;
        }
        let headers = response.headers_mut();
        match headers.entry(VARY) {
            Entry::Vacant(vary) => drop(vary.insert(BY_COOKIE)),
            Entry::Occupied(mut vary) => {
                if vary.iter().all(|vary| *vary != BY_COOKIE) {
                    vary.append(BY_COOKIE);
                }
            }
        }
        // Overrides the handler's header: a page that depends on the user must not be shared.
        headers.insert(CACHE_CONTROL, NO_STORE);
        if let Some(cookie) = &messages {
            cookies::append(headers, cookie);
        }
        let Some(set) = &state.set_cookies else {
            return;
        };
        let cookies = [
            &set.session,
            &set.remember,
            &set.pending,
            &set.next,
            &set.anonymous,
            &set.device,
            &set.trusted,
        ];
        let data = set.data.values().map(|set| &set.cookie);
        for cookie in cookies.into_iter().flatten().chain(data) {
            cookies::append(headers, cookie);
        }
    }
}
