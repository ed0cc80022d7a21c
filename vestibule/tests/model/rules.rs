//! The rules: what each step does to a small table, and what a visit must show.

use std::collections::HashMap;

use crate::{
    ABSOLUTE, BROWSERS, FRESH_FOR, FROM_REPLACED, GRACE, IDLE, PENDING, REMEMBERED, Seen,
    TOUCH_EVERY, user_agent,
};

#[derive(Default)]
pub(crate) struct Table {
    pub(crate) now: i64,
    pub(crate) epoch: i64,
    pub(crate) is_inactive: bool,
    next: usize,
    sessions: HashMap<usize, TableSession>,
    logins: HashMap<usize, TableLogin>,
    pending: HashMap<usize, TablePending>,
    pub(crate) browsers: [TableBrowser; BROWSERS],
}

#[derive(Clone, Copy)]
struct TableSession {
    epoch: i64,
    user_agent: usize,
    seen_at: i64,
    shown_at: i64,
    ends_at: i64,
    is_fresh: bool,
    login: Option<usize>,
    /// Whether a token that had just been replaced began it.
    is_from_replaced: bool,
    began_at: i64,
    renewed_from: Option<usize>,
    factors: FactorsShown,
}

/// Whether a second factor was shown: in the whole log-in, and by its last proof.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct FactorsShown {
    pub(crate) ever: bool,
    pub(crate) last: bool,
}

#[derive(Clone, Copy)]
struct TableLogin {
    epoch: i64,
    began_at: i64,
    token: usize,
    previous: Option<usize>,
    rotated_at: i64,
    factors: FactorsShown,
}

/// A log-in that is proved in part.
#[derive(Clone, Copy)]
pub(crate) struct TablePending {
    epoch: i64,
    user_agent: usize,
    began_at: i64,
    pub(crate) remember: bool,
}

/// The cookies.
#[derive(Clone, Copy, Default)]
pub(crate) struct TableBrowser {
    pub(crate) pending: Option<usize>,
    pub(crate) session: Option<usize>,
    remember: Option<(usize, usize)>,
}

impl Table {
    fn new_id(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn end_login(&mut self, login: usize) {
        self.logins.remove(&login);
        self.sessions
            .retain(|_, session| session.login != Some(login));
    }

    /// Also under the id that it was renewed as.
    fn end_session(&mut self, id: usize) {
        let renewed = self.sessions.iter();
        let mut renewed = renewed.filter(|(_, session)| session.renewed_from == Some(id));
        let id = renewed.next().map_or(id, |(id, _)| *id);
        if let Some(login) = self.sessions.remove(&id).and_then(|ended| ended.login) {
            self.end_login(login);
        }
    }

    pub(crate) fn log_in(&mut self, browser: usize, remember: bool, is_fresh: bool) {
        if self.is_inactive {
            return;
        }
        let before = self.browsers[browser];
        if let Some(pending) = before.pending {
            self.pending.remove(&pending);
        }
        if let Some(session) = before.session {
            self.end_session(session);
        }
        if let Some((login, _)) = before.remember {
            self.end_login(login);
        }
        let remember = remember.then(|| {
            let (id, token) = (self.new_id(), self.new_id());
            let login = TableLogin {
                epoch: self.epoch,
                began_at: self.now,
                token,
                previous: None,
                rotated_at: self.now,
                factors: FactorsShown::default(),
            };
            self.logins.insert(id, login);
            (id, token)
        });
        let login = remember.map(|(id, _)| id);
        let session = self.begin(browser, is_fresh, login, self.now, i64::MAX);
        self.browsers[browser] = TableBrowser {
            pending: None,
            session: Some(session),
            remember,
        };
    }

    pub(crate) fn show_password(&mut self, browser: usize, remember: bool) {
        if self.is_inactive {
            return;
        }
        if let Some(before) = self.browsers[browser].pending {
            self.pending.remove(&before);
        }
        let id = self.new_id();
        let pending = TablePending {
            epoch: self.epoch,
            user_agent: user_agent(browser),
            began_at: self.now,
            remember,
        };
        self.pending.insert(id, pending);
        self.browsers[browser].pending = Some(id);
    }

    pub(crate) fn show_code(&mut self, browser: usize) {
        if let Some(pending) = self.pending(browser) {
            self.log_in(browser, pending.remember, true);
        }
    }

    /// The log-in that this browser can complete by a second factor.
    pub(crate) fn pending(&mut self, browser: usize) -> Option<TablePending> {
        let id = self.browsers[browser].pending?;
        let pending = self.pending.get(&id).copied()?;
        if self.now >= pending.began_at + PENDING {
            return None;
        }
        if pending.user_agent != user_agent(browser) || pending.epoch != self.epoch {
            self.pending.remove(&id);
            return None;
        }
        Some(pending)
    }

    /// The factors that this browser's session has shown.
    pub(crate) fn factors_shown(&self, browser: usize) -> FactorsShown {
        let session = self.browsers[browser].session;
        let session = session.and_then(|id| self.sessions.get(&id));
        session.map_or_else(FactorsShown::default, |session| session.factors)
    }

    /// Sets the factors that this browser's session has shown.
    pub(crate) fn show_factors(&mut self, browser: usize, factors: FactorsShown) {
        let session = self.browsers[browser].session;
        if let Some(session) = session.and_then(|id| self.sessions.get_mut(&id)) {
            session.factors = factors;
        }
    }

    /// The same, of a log-in that has just begun, whose remembered login has shown them too.
    pub(crate) fn begin_with_factors(&mut self, browser: usize, factors: FactorsShown) {
        self.show_factors(browser, factors);
        let remembered = self.browsers[browser].remember;
        if let Some(login) = remembered.and_then(|(id, _)| self.logins.get_mut(&id)) {
            login.factors = factors;
        }
    }

    fn begin(
        &mut self,
        browser: usize,
        is_fresh: bool,
        login: Option<usize>,
        shown_at: i64,
        latest: i64,
    ) -> usize {
        let id = self.new_id();
        let login_factors = login.and_then(|login| self.logins.get(&login));
        let session = TableSession {
            factors: login_factors.map_or_else(FactorsShown::default, |login| login.factors),
            epoch: self.epoch,
            user_agent: user_agent(browser),
            seen_at: self.now,
            shown_at,
            ends_at: (self.now + ABSOLUTE).min(latest),
            is_fresh,
            login,
            is_from_replaced: false,
            began_at: self.now,
            renewed_from: None,
        };
        self.sessions.insert(id, session);
        id
    }

    pub(crate) fn visit(&mut self, browser: usize) -> Seen {
        self.by_session(browser)
            .or_else(|| self.by_remember_cookie(browser))
            .unwrap_or(Seen::Nobody)
    }

    fn by_session(&mut self, browser: usize) -> Option<Seen> {
        let cookies = self.browsers[browser];
        let id = cookies.session?;
        let (now, epoch) = (self.now, self.epoch);
        let session = self.sessions.get_mut(&id)?;
        if now >= session.ends_at || now >= session.seen_at + IDLE {
            return None;
        }
        if session.epoch != epoch {
            self.end_session(id);
            return None;
        }
        if self.is_inactive {
            return None;
        }
        if session.user_agent != user_agent(browser) {
            session.is_fresh = false;
        }
        if now - session.seen_at >= TOUCH_EVERY {
            let before = *session;
            session.seen_at = now;
            if self.is_of_copied_cookie(before) {
                self.end_copied(browser, before.login?);
                return None;
            }
        }
        let session = self.sessions[&id];
        let login = cookies.remember.map(|(login, _)| login);
        Some(Seen::User {
            is_fresh: session.is_fresh && now - session.shown_at < FRESH_FOR,
            is_remembered: login.is_some() && login == session.login,
        })
    }

    fn by_remember_cookie(&mut self, browser: usize) -> Option<Seen> {
        let (id, token) = self.browsers[browser].remember?;
        let login = *self.logins.get(&id)?;
        if self.now >= login.began_at + REMEMBERED {
            return None;
        }
        let is_current = login.token == token;
        let is_just_replaced = login.previous == Some(token) && self.now - login.rotated_at < GRACE;
        let of_login = || self.sessions.values().filter(|of| of.login == Some(id));
        let is_replaced_elsewhere = of_login().any(|of| {
            !of.is_from_replaced
                && of.began_at == login.rotated_at
                && of.user_agent != user_agent(browser)
        });
        if !is_current && (!is_just_replaced || is_replaced_elsewhere) {
            self.end_copied(browser, id);
            return None;
        }
        if login.epoch != self.epoch {
            self.end_login(id);
            return None;
        }
        if self.is_inactive {
            return None;
        }
        let mut successor = login.token;
        if is_current {
            successor = self.new_id();
            let rotated = TableLogin {
                token: successor,
                previous: Some(token),
                rotated_at: self.now,
                ..login
            };
            self.logins.insert(id, rotated);
        }
        let mut latest = login.began_at + ABSOLUTE.max(REMEMBERED);
        if !is_current {
            latest = latest.min(self.now + FROM_REPLACED);
        }
        self.sessions
            .retain(|_, of| of.login != Some(id) || of.is_from_replaced == is_current);
        let session = self.begin(browser, false, Some(id), login.began_at, latest);
        self.sessions.entry(session).and_modify(|session| {
            session.is_from_replaced = !is_current;
        });
        self.browsers[browser].session = Some(session);
        self.browsers[browser].remember = Some((id, successor));
        Some(Seen::User {
            is_fresh: false,
            is_remembered: true,
        })
    }

    /// Both sessions of a remembered login are in use, when a browser would have only one of them.
    fn is_of_copied_cookie(&self, session: TableSession) -> bool {
        let over_at = session.began_at + GRACE;
        let used_before = over_at.max(session.seen_at);
        let is_other = |other: &TableSession| {
            other.login == session.login && !other.is_from_replaced && other.seen_at >= used_before
        };
        session.is_from_replaced
            && session.seen_at > session.began_at
            && self.now >= over_at
            && self.sessions.values().any(is_other)
    }

    fn end_copied(&mut self, browser: usize, login: usize) {
        self.end_login(login);
        self.browsers[browser].session = None;
        self.browsers[browser].remember = None;
    }

    pub(crate) fn confirm(&mut self, browser: usize) {
        if self.visit(browser) == Seen::Nobody {
            return;
        }
        let old = self.browsers[browser].session.unwrap();
        let before = self.sessions.remove(&old).unwrap();
        let session = self.begin(browser, true, before.login, self.now, i64::MAX);
        let renewed = self.sessions.get_mut(&session).unwrap();
        renewed.is_from_replaced = before.is_from_replaced;
        renewed.factors = before.factors;
        renewed.renewed_from = Some(old);
        self.browsers[browser].session = Some(session);
    }

    pub(crate) fn log_out(&mut self, browser: usize) {
        let cookies = std::mem::take(&mut self.browsers[browser]);
        if let Some(pending) = cookies.pending {
            self.pending.remove(&pending);
        }
        if let Some(session) = cookies.session {
            self.end_session(session);
        }
        if let Some((login, _)) = cookies.remember {
            self.end_login(login);
        }
    }

    /// Ends all but the session of this browser and the remembered login that began it.
    pub(crate) fn end_elsewhere(&mut self, browser: usize) {
        let kept = self.browsers[browser].session;
        let login = kept.and_then(|id| self.sessions.get(&id)?.login);
        self.sessions.retain(|id, _| Some(*id) == kept);
        self.logins.retain(|id, _| Some(*id) == login);
        self.pending.clear();
    }

    pub(crate) fn end_all(&mut self) {
        self.sessions.clear();
        self.logins.clear();
        self.pending.clear();
    }
}
