//! Events of a request.

use http::request::Parts;

use crate::login::rule::Demand;
use crate::login::visit::Visit;
use crate::login::visit::reject::original_path;
use crate::login::visit::tokens::RequestTokens;
use crate::login::{Event, EventRecord, Rejected, User, UserId};
use crate::session::{Methods, Session};

impl<U: User> Visit<U> {
    /// Emits an event about the current user.
    pub(crate) async fn emit(&self, event: Event) {
        if !self.settings().listeners.want(event) {
            return;
        }
        let record = self.record_of_visitor(event);
        self.settings().listeners.emit(record).await;
    }

    /// Emits an event about this user, with an unknown session.
    pub(crate) async fn emit_for(&self, event: Event, user: Option<UserId>) {
        let record = self.record(event, user, None);
        self.settings().listeners.emit(record).await;
    }

    /// As [`emit_for`](Self::emit_for), for an event that can happen at each request.
    pub(crate) async fn emit_for_if_wanted(&self, event: Event, user: Option<UserId>) {
        if self.settings().listeners.want(event) {
            self.emit_for(event, user).await;
        }
    }

    /// Emits that this user has shown the first factor, by these methods.
    pub(super) async fn emit_pending(&self, user: UserId, methods: Methods) {
        let mut record = self.record(Event::LoginPending, Some(user), None);
        record.methods = methods;
        self.settings().listeners.emit(record).await;
    }

    /// Emits an event about the user of this session.
    pub(super) async fn emit_for_session(&self, event: Event, session: &Session) {
        let record = self.record(event, Some(session.user_id.clone()), Some(session));
        self.settings().listeners.emit(record).await;
    }

    /// Emits that this visitor was rejected.
    pub(in crate::login) async fn emit_rejected(
        &self,
        event: Event,
        demand: Demand,
        request: &Parts,
    ) {
        if !self.settings().listeners.want(event) {
            return;
        }
        let mut record = self.record_of_visitor(event);
        record.rejected = Some(rejected(&demand.to_string(), request));
        self.settings().listeners.emit(record).await;
    }

    /// Emits that a request from another site was rejected. Looks up the session of its user, but
    /// changes nothing, because the request was rejected.
    pub(super) async fn emit_cross_origin(&self, request: &Parts) {
        self.note_sender(&request.headers, &request.extensions);
        let tokens = RequestTokens::read(&self.context, &request.headers);
        let session = match tokens.session {
            // Emit the event even if the store fails.
            Some(id) => self.settings().store.load(id).await.ok().flatten(),
            None => None,
        };
        let (expiry, now) = (self.settings().sessions.expiry, self.settings().clock.now());
        let session = session.filter(|session| expiry.is_alive(session, now));
        let user = session.as_ref().map(|session| session.user_id.clone());
        let mut record = self.record(Event::CrossOrigin, user, session.as_ref());
        record.rejected = Some(rejected("same origin", request));
        self.settings().listeners.emit(record).await;
    }

    /// Emits that a credential of this user, if known, was wrong, in a log-in by these methods.
    pub(in crate::login) async fn emit_failed(&self, methods: Methods, user: Option<UserId>) {
        let mut record = self.record(Event::LoginFailed, user, None);
        record.methods = methods;
        self.settings().listeners.emit(record).await;
    }

    /// A record about the current user.
    fn record_of_visitor(&self, event: Event) -> EventRecord {
        let logged_in = self.known().flatten();
        let user = logged_in.as_ref().map(|logged_in| logged_in.user.id());
        let session = logged_in
            .as_ref()
            .and_then(|logged_in| logged_in.session.as_deref());
        self.record(event, user, session)
    }

    fn record(&self, event: Event, user: Option<UserId>, session: Option<&Session>) -> EventRecord {
        let (settings, sender) = (self.settings(), self.sender());
        EventRecord {
            event,
            at: settings.clock.now(),
            realm: settings.realm.to_string(),
            user,
            session: session.map(|session| session.public_id.clone()),
            methods: session.map_or(Methods::NONE, |session| session.methods),
            address: sender.address,
            user_agent: sender.user_agent(),
            rejected: None,
        }
    }
}

/// The target of a request that does not meet `rule`.
fn rejected(rule: &str, request: &Parts) -> Rejected {
    let path = original_path(request).split('?').next();
    Rejected {
        rule: rule.to_owned(),
        method: request.method.to_string(),
        path: path
            .into_iter()
            .flat_map(str::chars)
            .take(Rejected::MAX_PATH_CHARS)
            .collect(),
    }
}
