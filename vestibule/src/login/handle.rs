//! Sessions of users, outside of requests.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::clock::Clock;
use crate::error::Result;
use crate::login::event::Listeners;
use crate::login::loader::SharedUserLoader;
use crate::login::manager::Settings;
use crate::login::{Epochs, Event, EventRecord, LoginManager, User, UserId};
use crate::session::{Methods, Session, SessionExpiry, SharedSessionStore};

/// Lists and ends the sessions of a login manager's users, outside of requests: in a job, a queue,
/// a command, or an administrator's page. From [`LoginManager::handle`]. Clones share it.
///
/// ```
/// use std::time::Duration;
/// use vestibule::login::LoginHandle;
/// # use vestibule::Error;
/// # use vestibule::login::{User, UserId};
/// # #[derive(Clone)] struct Member;
/// # impl User for Member { fn id(&self) -> UserId { 1_i64.into() } }
///
/// /// A payment has failed for good.
/// async fn suspend(handle: &LoginHandle<Member>, member: i64) -> Result<u64, Error> {
///     handle.log_out_user(&member.into()).await
/// }
/// ```
pub struct LoginHandle<U>(Arc<Inner<U>>);

struct Inner<U> {
    loader: SharedUserLoader<U>,
    store: SharedSessionStore,
    epochs: Option<Epochs>,
    realm: Arc<str>,
    expiry: SessionExpiry,
    listeners: Listeners,
    clock: Clock,
}

impl<U: User> LoginManager<U> {
    /// Lists and ends sessions of this manager's users outside of requests. It has this manager's
    /// store, realm, expiry and listeners, so call it after you have set them: after this,
    /// [`realm`](Self::realm) is an error.
    pub fn handle(&self) -> LoginHandle<U> {
        self.settings.has_handle.store(true, Ordering::Relaxed);
        LoginHandle::of(&self.settings)
    }
}

impl<U: User> LoginHandle<U> {
    pub(crate) fn of(settings: &Settings<U>) -> Self {
        Self(Arc::new(Inner {
            loader: settings.loader.clone(),
            store: settings.store.clone(),
            epochs: settings.epochs.clone(),
            realm: settings.realm.clone(),
            expiry: settings.sessions.expiry,
            listeners: settings.listeners.clone(),
            clock: settings.clock.clone(),
        }))
    }

    /// Ends all sessions and remembered logins of a user, and their
    /// [pending log-ins](crate::login::PendingLogin). Returns the number of sessions ended: 0 if the
    /// user is logged in nowhere, or does not exist. Emits [`Event::LoggedOutElsewhere`].
    ///
    /// The user can log in again. To keep them out, make
    /// [`User::is_active`](crate::login::User::is_active) return `false` first.
    ///
    /// # Errors
    /// When the session store failed. Some sessions may be left: call it again.
    pub async fn log_out_user(&self, id: &UserId) -> Result<u64> {
        let (store, realm) = (&self.0.store, &self.0.realm);
        let ended = store.revoke_user_and_pending(realm, id, None).await?;
        self.emit(Event::LoggedOutElsewhere, id, None).await;
        Ok(ended)
    }

    /// Ends one session of a user, by its [`public_id`](Session::public_id), and its remembered
    /// login. Returns whether the user has such a session. If so, emits [`Event::SessionEnded`].
    ///
    /// # Errors
    /// When the session store failed.
    pub async fn log_out_session(&self, id: &UserId, public_id: &str) -> Result<bool> {
        let (store, realm) = (&self.0.store, &self.0.realm);
        let Some(session) = store.load_by_public_id(realm, id, public_id).await? else {
            return Ok(false);
        };
        let existed = store.revoke(session.id).await?;
        if existed {
            self.emit(Event::SessionEnded, id, Some(&session)).await;
        }
        Ok(existed)
    }

    /// At most `limit` of a user's sessions that are still valid, most recently used first. With
    /// `after`, a session's [`public_id`](Session::public_id), those that follow it; the first ones
    /// if there is no such session. Empty for a user who does not exist.
    ///
    /// # Errors
    /// When the session store or the user loader failed.
    pub async fn sessions_of(
        &self,
        id: &UserId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Session>> {
        let inner = &self.0;
        let Some(user) = inner.loader.load(id.clone()).await? else {
            return Ok(Vec::new());
        };
        let epoch = Epochs::of(inner.epochs.as_ref(), &user).await?;
        let expiry = (inner.expiry, inner.clock.now());
        let of_user = (&*inner.realm, id, epoch);
        inner.store.list_alive(of_user, expiry, after, limit).await
    }

    pub(crate) async fn emit(&self, event: Event, user: &UserId, session: Option<&Session>) {
        let record = EventRecord {
            event,
            at: self.0.clock.now(),
            realm: self.0.realm.to_string(),
            user: Some(user.clone()),
            session: session.map(|session| session.public_id.clone()),
            methods: session.map_or(Methods::NONE, |session| session.methods),
            address: None,
            user_agent: None,
            rejected: None,
        };
        self.0.listeners.emit(record).await;
    }
}

impl<U> Clone for LoginHandle<U> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<U> fmt::Debug for LoginHandle<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginHandle")
            .field("realm", &self.0.realm)
            .finish_non_exhaustive()
    }
}
