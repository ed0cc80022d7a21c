//! Events of a request.

use http::request::Parts;

use crate::login::rule::Demand;
use crate::login::visit::Visit;
use crate::login::visit::reject::original_path;
use crate::login::{Event, EventRecord, Rejected, User, UserId};
use crate::session::Session;

impl<U: User> Visit<U> {
    /// Emits an event about whoever is logged in.
    pub(crate) async fn emit(&self, event: Event) {
        if !self.settings().listeners.want(event) {
            return;
        }
        let (user, session) = self.known_ids();
        self.emit_for(event, user, session).await;
    }

    /// Emits an event about this user and session.
    pub(crate) async fn emit_for(
        &self,
        event: Event,
        user: Option<UserId>,
        session: Option<String>,
    ) {
        let record = self.record(event, user, session);
        self.settings().listeners.emit(record).await;
    }

    /// Emits an event about the user of this session.
    pub(super) async fn emit_for_session(&self, event: Event, session: &Session) {
        let user = Some(session.user_id.clone());
        self.emit_for(event, user, Some(session.public_id.clone()))
            .await;
    }

    /// Emits that whoever is logged in, or nobody, was rejected.
    pub(super) async fn emit_rejected(&self, event: Event, demand: Demand, request: &Parts) {
        if !self.settings().listeners.want(event) {
            return;
        }
        let (user, session) = self.known_ids();
        let mut record = self.record(event, user, session);
        let path = original_path(request).split('?').next();
        record.rejected = Some(Rejected {
            rule: demand.to_string(),
            method: request.method.to_string(),
            path: path
                .into_iter()
                .flat_map(str::chars)
                .take(Rejected::MAX_PATH_CHARS)
                .collect(),
        });
        self.settings().listeners.emit(record).await;
    }

    /// Whoever is logged in, and the public id of the session.
    fn known_ids(&self) -> (Option<UserId>, Option<String>) {
        let Some(logged_in) = self.known().flatten() else {
            return (None, None);
        };
        let session = logged_in.session.as_ref();
        let session = session.map(|session| session.public_id.clone());
        (Some(logged_in.user.id()), session)
    }

    fn record(&self, event: Event, user: Option<UserId>, session: Option<String>) -> EventRecord {
        let (settings, sender) = (self.settings(), &self.tokens().sender);
        EventRecord {
            event,
            at: settings.clock.now(),
            realm: settings.realm.to_string(),
            user,
            session,
            address: sender.address,
            user_agent: sender.user_agent(),
            rejected: None,
        }
    }
}
