//! A log-in that needs another factor: stored, loaded, and completed once.

use std::time::Duration;

use http::HeaderMap;

use crate::clock::Timestamp;
use crate::error::Result;
use crate::login::pending::{Intent, PendingLogin};
use crate::login::visit::Visit;
use crate::login::{Event, Next, SessionProtection, User};
use crate::session::{
    CookieToken, DataValues, Methods, Replaced, SessionId, SessionToken, pending_realm,
};

/// How long a visitor may take between two factors.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The values stored with a pending log-in's session row.
const REMEMBER: &str = "remember";
const NEXT: &str = "next";

impl<U: User> Visit<U> {
    /// Stores a log-in proved by `methods` so far. `epoch` is the user's at that moment. `until` is
    /// the end of the pending log-in that this one replaces, if any.
    pub(crate) async fn begin_pending(
        &self,
        user: &U,
        epoch: i64,
        methods: Methods,
        intent: &Intent,
        until: Option<Timestamp>,
        headers: &HeaderMap,
    ) -> Result<()> {
        self.check()?;
        self.check_unanswered()?;
        let settings = self.settings();
        let now = settings.clock.now();
        let realm = pending_realm(&settings.realm);
        let (_, mut session) = self.new_session(user.id(), epoch, now)?;
        let token = SessionToken::generate(&settings.random)?;
        session.id = token.id(&realm);
        session.realm = realm;
        session.methods = methods;
        session.confirmed_by = methods;
        let lifetime = LIFETIME.min(settings.sessions.expiry.absolute);
        session.expires_at = until.unwrap_or(now + lifetime);
        let mut data = DataValues::new();
        if intent.remember {
            data.insert(REMEMBER.to_owned(), "true".to_owned());
        }
        if let Some(next) = intent.next.path() {
            data.insert(NEXT.to_owned(), next.to_owned());
        }
        let replaced = Replaced {
            session: self.pending_id(headers),
            remembered: None,
        };
        settings.store.create(session, data, None, replaced).await?;
        self.context.sweep_if_due();
        self.state().set_cookies().pending = Some(self.context.cookies.pending.set(&token));
        self.state().pending_begun = Some(user.id());
        self.emit_pending(user.id(), methods).await;
        Ok(())
    }

    /// This browser's unfinished log-in, if it is still valid.
    pub(crate) async fn pending(&self, headers: &HeaderMap) -> Result<Option<PendingLogin<U>>> {
        self.check()?;
        // The page depends on the cookie: no cache may store it.
        self.state().set_cookies();
        let Some(id) = self.pending_id(headers) else {
            return Ok(None);
        };
        let settings = self.settings();
        let (store, now) = (&settings.store, settings.clock.now());
        let found = store.load(id).await?;
        let Some(session) = found.filter(|session| settings.sessions.expiry.is_alive(session, now))
        else {
            return Ok(None);
        };
        // The token is only valid for minutes, so ending the log-in is acceptable.
        let is_protected = settings.sessions.protection != SessionProtection::Off;
        let prefix = settings.sessions.protected_prefix;
        if is_protected && !self.sender().may_have_begun(&session, prefix) {
            store.revoke(id).await?;
            self.emit_for_session(Event::SessionProtected, &session)
                .await;
            return Ok(None);
        }
        let loaded = settings.loader.load(session.user_id.clone()).await?;
        let Some(user) = self.if_in_epoch(loaded, session.user_epoch).await? else {
            store.revoke(id).await?;
            return Ok(None);
        };
        let data = store.load_data(id).await?;
        Ok(Some(PendingLogin {
            id,
            user,
            epoch: session.user_epoch,
            methods: session.methods,
            expires_at: session.expires_at,
            intent: Intent {
                remember: data.contains_key(REMEMBER),
                next: data
                    .get(NEXT)
                    .map(|next| Next::from(&**next))
                    .unwrap_or_default(),
            },
        }))
    }

    /// Uses up a pending log-in. Returns whether it existed. Of parallel requests, only one gets
    /// `true`, and only that one may begin the session.
    pub(crate) async fn use_pending(&self, pending: &PendingLogin<U>) -> Result<bool> {
        self.check_unanswered()?;
        let is_ours = self.settings().store.revoke(pending.id).await?;
        let mut state = self.state();
        state.pending_used = Some(pending.id);
        state.set_cookies().pending = Some(self.context.cookies.pending.remove());
        Ok(is_ours)
    }

    /// Ends this browser's unfinished log-in.
    pub(super) async fn drop_pending(&self, headers: &HeaderMap) -> Result<()> {
        if !self.context.cookies.pending.is_brought(headers) {
            return Ok(());
        }
        let id = self.pending_id(headers);
        let used = self.state().pending_used;
        if let Some(id) = id.filter(|id| used != Some(*id)) {
            self.settings().store.revoke(id).await?;
        }
        self.state().set_cookies().pending = Some(self.context.cookies.pending.remove());
        Ok(())
    }

    fn pending_id(&self, headers: &HeaderMap) -> Option<SessionId> {
        match self.context.cookies.pending.read(headers) {
            CookieToken::Valid(token) => Some(token.id(&pending_realm(&self.settings().realm))),
            CookieToken::Absent | CookieToken::Malformed => None,
        }
    }
}
