//! A script: what one browser does, and the answers it gets.

/// What one browser does with an app of its own.
pub(crate) struct Script {
    pub(crate) name: &'static str,
    /// The command line of both apps.
    pub(crate) options: &'static [&'static str],
    pub(crate) steps: &'static [Step],
}

/// An action, and what comes of it on either side: a page's text, `-> /where` for a redirect,
/// the status for anything else, and nothing for what the browser does alone.
pub(crate) struct Step {
    pub(crate) action: Action,
    pub(crate) ours: &'static str,
    pub(crate) differs: Option<Difference>,
}

/// An answer in which Flask-Login differs, on purpose.
pub(crate) struct Difference {
    pub(crate) why: &'static str,
    pub(crate) theirs: &'static str,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Action {
    Request {
        method: &'static str,
        path: &'static str,
        /// `{url}` in its value stands for the app's own address.
        header: Option<(&'static str, &'static str)>,
    },
    /// Looks at what the last answer did with the remember cookie.
    LookAtRememberCookie,
    /// Looks at whether the last answer set any cookie.
    LookForCookies,
    /// Drops the cookies that have no expiry.
    CloseBrowser,
    UserAgent(&'static str),
    CopyCookies,
    /// Puts the copied cookies in the place of all others.
    BringCopiedCookies,
    /// Overwrites the cookies whose names begin like this.
    SpoilCookie(&'static str),
}

impl Step {
    /// What Flask-Login gives, and why Vestibule does not.
    pub(crate) const fn differs(mut self, theirs: &'static str, why: &'static str) -> Self {
        self.differs = Some(Difference { why, theirs });
        self
    }

    /// A header for this request alone.
    pub(crate) const fn with(mut self, name: &'static str, value: &'static str) -> Self {
        if let Action::Request { header, .. } = &mut self.action {
            *header = Some((name, value));
        }
        self
    }

    /// What either side should give: Vestibule, then Flask-Login.
    pub(crate) fn due(&self) -> (&'static str, &'static str) {
        let theirs = self.differs.as_ref().map(|differs| differs.theirs);
        (self.ours, theirs.unwrap_or(self.ours))
    }

    pub(crate) fn declares_no_difference(&self) -> bool {
        let (ours, theirs) = self.due();
        self.differs.is_some() && ours == theirs
    }
}

pub(crate) const fn get(path: &'static str, gives: &'static str) -> Step {
    request("GET", path, gives)
}

pub(crate) const fn request(method: &'static str, path: &'static str, gives: &'static str) -> Step {
    let header = None;
    let action = Action::Request {
        method,
        path,
        header,
    };
    gives_that(action, gives)
}

pub(crate) const fn remember_cookie_is(what: &'static str) -> Step {
    gives_that(Action::LookAtRememberCookie, what)
}

pub(crate) const fn cookies_were(what: &'static str) -> Step {
    gives_that(Action::LookForCookies, what)
}

pub(crate) const fn close_browser() -> Step {
    gives_that(Action::CloseBrowser, "")
}

pub(crate) const fn user_agent(name: &'static str) -> Step {
    gives_that(Action::UserAgent(name), "")
}

pub(crate) const fn copy_cookies() -> Step {
    gives_that(Action::CopyCookies, "")
}

pub(crate) const fn bring_copied_cookies() -> Step {
    gives_that(Action::BringCopiedCookies, "")
}

pub(crate) const fn spoil_cookie(name: &'static str) -> Step {
    gives_that(Action::SpoilCookie(name), "")
}

const fn gives_that(action: Action, ours: &'static str) -> Step {
    Step {
        action,
        ours,
        differs: None,
    }
}
