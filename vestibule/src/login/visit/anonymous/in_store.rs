//! Values of anonymous visitors in the session store, in a session without a user.

use cookie::Cookie;
use http::HeaderMap;

use crate::error::Result;
use crate::login::User;
use crate::login::manager::AnonymousSession;
use crate::login::visit::Visit;
use crate::login::visit::anonymous::AnonymousValues;
use crate::login::visit::state::{AnonymousId, AnonymousValue};
use crate::session::{
    CookieToken, DataChanges, DataOutcome, DataValues, Replaced, Session, SessionId, SessionToken,
    changed_data, new_public_id,
};

impl<U: User> Visit<U> {
    pub(super) async fn data_in_store(
        &self,
        anonymous: &AnonymousSession,
        headers: &HeaderMap,
    ) -> Result<AnonymousValues> {
        let Some(id) = self.anonymous_session(anonymous, headers).await? else {
            return Ok(AnonymousValues::new());
        };
        let values = self.data_of(id).await?.into_iter();
        Ok(values
            .filter_map(|(name, text)| Some((name, AnonymousValue::from_text(&text)?)))
            .collect())
    }

    pub(super) async fn set_in_store(
        &self,
        anonymous: &AnonymousSession,
        name: &str,
        value: Option<AnonymousValue>,
        headers: &HeaderMap,
    ) -> Result<DataOutcome> {
        let is_removed = value.is_none();
        let text = value.as_ref().map(AnonymousValue::to_text);
        let changes = DataChanges::from([(name.to_owned(), text)]);
        if changed_data(&DataValues::new(), &changes).is_none() {
            return Ok(DataOutcome::TooMuch);
        }
        // Of two parallel writes in this request, only one must begin the session.
        let _alone = self.resolving.lock().await;
        let id = match self.anonymous_session(anonymous, headers).await? {
            Some(id) => id,
            None if is_removed => return Ok(DataOutcome::Written),
            None => match self.begin_anonymous_session(anonymous).await? {
                Some(id) => id,
                None => return Ok(DataOutcome::NoSession),
            },
        };
        self.change_data_of(id, &changes).await
    }

    pub(super) async fn drop_from_store(&self, anonymous: &AnonymousSession, headers: &HeaderMap) {
        let set = self.state().anonymous_session;
        let (has_cookie, id) = match (set, anonymous.cookie.read(headers)) {
            (AnonymousId::Set(id), _) => (true, Some(id)),
            (AnonymousId::Removed, _) | (AnonymousId::Unchanged, CookieToken::Malformed) => {
                (true, None)
            }
            (AnonymousId::Unchanged, CookieToken::Valid(token)) => {
                (true, Some(token.id(&anonymous.realm)))
            }
            (AnonymousId::Unchanged, CookieToken::Absent) => (false, None),
        };
        if let Some(id) = id
            && let Err(error) = self.settings().store.revoke(id).await
        {
            // The browser deletes its cookie, and the values expire in the store.
            tracing::warn!(%error, "values of an anonymous visitor were not removed");
        }
        if has_cookie {
            self.set_anonymous_session(AnonymousId::Removed, anonymous.cookie.remove());
        }
    }

    /// The valid session that the browser has, or gets with this response.
    async fn anonymous_session(
        &self,
        anonymous: &AnonymousSession,
        headers: &HeaderMap,
    ) -> Result<Option<SessionId>> {
        match self.state().anonymous_session {
            AnonymousId::Unchanged => {}
            AnonymousId::Removed => return Ok(None),
            AnonymousId::Set(id) => return Ok(Some(id)),
        }
        let CookieToken::Valid(token) = anonymous.cookie.read(headers) else {
            return Ok(None);
        };
        let id = token.id(&anonymous.realm);
        if self.has_read_data_of(id).await {
            return Ok(Some(id));
        }
        let settings = self.settings();
        let now = settings.clock.now();
        let found = settings.store.load(id).await?;
        let Some(mut session) =
            found.filter(|session| settings.sessions.expiry.is_alive(session, now))
        else {
            return Ok(None);
        };
        if settings.sessions.expiry.is_touch_due(&session, now) {
            self.touch(&mut session, now).await;
        }
        Ok(Some(id))
    }

    /// `None` if the response has begun, because the token would not reach the browser.
    async fn begin_anonymous_session(
        &self,
        anonymous: &AnonymousSession,
    ) -> Result<Option<SessionId>> {
        if self.state().is_answered {
            return Ok(None);
        }
        let settings = self.settings();
        let now = settings.clock.now();
        let token = SessionToken::generate(&settings.random)?;
        let id = token.id(&anonymous.realm);
        // Each session gets its own user id, so that no user has very many sessions in the store.
        let public_id = new_public_id(&settings.random)?;
        let user = public_id.as_str().into();
        let mut session = Session::new(
            id,
            public_id,
            user,
            0,
            now,
            settings.sessions.expiry.absolute,
        );
        session.realm.clone_from(&anonymous.realm);
        settings
            .store
            .create(session, DataValues::new(), None, Replaced::default())
            .await?;
        self.context.sweep_if_due();
        self.set_anonymous_session(AnonymousId::Set(id), anonymous.cookie.set(&token));
        if self.state().is_answered {
            settings.store.revoke(id).await?;
            return Ok(None);
        }
        Ok(Some(id))
    }

    fn set_anonymous_session(&self, id: AnonymousId, cookie: Cookie<'static>) {
        let mut state = self.state();
        state.anonymous_session = id;
        state.set_cookies().anonymous = Some(cookie);
    }
}
