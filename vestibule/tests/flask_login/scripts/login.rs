use crate::flask_login::script::{
    Script, bring_copied_cookies, close_browser, cookies_were, copy_cookies, get, spoil_cookie,
};

pub(crate) const SCRIPTS: &[Script] = &[
    Script {
        name: "a visitor is anonymous, and gets no cookie",
        options: &[],
        steps: &[
            get("/", "The index"),
            cookies_were("left alone"),
            get("/username", "Anonymous"),
            cookies_were("left alone"),
            get("/is-fresh", "False"),
            get("/is-remembered", "False"),
            get("/messages", ""),
            get("/next", "None"),
            cookies_were("left alone"),
        ],
    },
    Script {
        name: "a log-in lasts, and is fresh",
        options: &[],
        steps: &[
            get("/login", "login page"),
            get("/login?id=1", "True"),
            get("/username", "Notch"),
            cookies_were("left alone"),
            get("/is-fresh", "True"),
            get("/is-remembered", "False"),
            get("/username", "Notch"),
            close_browser(),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "nobody is logged in as a user that is not there",
        options: &[],
        steps: &[
            get("/login?id=9000", "False"),
            get("/username", "Anonymous"),
            get("/login?id=1", "True"),
            get("/login?id=9000", "False"),
            get("/username", "Notch"),
        ],
    },
    Script {
        name: "a log-in that is not fresh",
        options: &[],
        steps: &[
            get("/login?id=1&fresh=0", "True"),
            get("/username", "Notch"),
            get("/is-fresh", "False"),
            get("/protected", "Access Granted"),
            get("/fresh", "401"),
            get("/confirm-login", "True"),
            get("/is-fresh", "True"),
            get("/fresh", "Access Granted"),
        ],
    },
    Script {
        name: "an inactive user is not logged in",
        options: &[],
        steps: &[
            get("/login?id=3", "False"),
            get("/username", "Anonymous"),
            get("/login?id=1", "True"),
            get("/login?id=3", "False"),
            get("/username", "Notch"),
        ],
    },
    Script {
        name: "an inactive user can be logged in by force, and still may see nothing",
        options: &[],
        steps: &[
            get("/login?id=3&force=1", "True"),
            get("/username", "Anonymous"),
            get("/protected", "401"),
            get("/is-fresh", "False").differs(
                "True",
                "Flask-Login says that nobody's log-in is fresh: it does not ask whose it is",
            ),
        ],
    },
    Script {
        name: "another log-in takes the place of the first",
        options: &[],
        steps: &[
            get("/login?id=1", "True"),
            get("/login?id=2&fresh=0", "True"),
            get("/username", "Steve"),
            get("/is-fresh", "False"),
            get("/logout", "True"),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "a log-out lasts",
        options: &[],
        steps: &[
            get("/login?id=1", "True"),
            get("/logout", "True"),
            get("/username", "Anonymous"),
            get("/is-fresh", "False"),
            get("/protected", "401"),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "an anonymous visitor can log out",
        options: &[],
        steps: &[
            get("/logout", "True"),
            cookies_were("set").differs(
                "left alone",
                "whoever logs out has nothing of ours afterwards, whatever was there before",
            ),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "an anonymous visitor has nothing to confirm",
        options: &[],
        steps: &[
            get("/confirm-login", "True"),
            get("/username", "Anonymous"),
            get("/is-fresh", "False").differs(
                "True",
                "Flask-Login makes a visitor fresh who is not logged in",
            ),
            get("/fresh", "401"),
            get("/login?id=1&fresh=0", "True"),
            get("/is-fresh", "False"),
        ],
    },
    Script {
        name: "a user who is deleted is logged out",
        options: &[],
        steps: &[
            get("/login?id=1", "True"),
            get("/delete-user?id=9000", "False"),
            get("/delete-user?id=1", "True"),
            get("/username", "Anonymous"),
            get("/protected", "401"),
            get("/is-fresh", "False").differs(
                "True",
                "Flask-Login leaves the log-in of a deleted user in the session; \
                 ours has ended",
            ),
        ],
    },
    Script {
        name: "a user who is deactivated may see nothing any more",
        options: &[],
        steps: &[
            get("/login?id=2", "True"),
            get("/deactivate?id=9000", "False"),
            get("/deactivate?id=2", "True"),
            get("/username", "Anonymous"),
            get("/protected", "401"),
            get("/login?id=2", "False"),
            get("/is-fresh", "False").differs(
                "True",
                "Flask-Login says that nobody's log-in is fresh: it does not ask whose it is",
            ),
        ],
    },
    Script {
        name: "names and ids are any text",
        options: &[],
        steps: &[
            get("/login?id=%E4%BD%90%E8%97%A4", "True"),
            get("/username", "Müller"),
            get("/login?id=%E4%BD%90%E8%97%A4&remember=1", "True"),
            close_browser(),
            get("/username", "Müller"),
            get("/is-remembered", "True"),
        ],
    },
    Script {
        name: "a session cookie that is no such thing is none",
        options: &[],
        steps: &[
            get("/login?id=1", "True"),
            spoil_cookie("session"),
            get("/username", "Anonymous"),
            get("/login?id=1", "True"),
            get("/username", "Notch"),
        ],
    },
    Script {
        name: "copied cookies are worth nothing after the log-out",
        options: &[],
        steps: &[
            get("/login?id=1", "True"),
            copy_cookies(),
            get("/logout", "True"),
            bring_copied_cookies(),
            get("/username", "Anonymous").differs(
                "Notch",
                "Flask's session is all in the cookie, and nothing ends it on the server",
            ),
        ],
    },
    Script {
        name: "a session from before a log-in is not adopted",
        options: &[],
        steps: &[
            get("/login?id=2", "True"),
            copy_cookies(),
            get("/login?id=1", "True"),
            bring_copied_cookies(),
            get("/username", "Anonymous").differs(
                "Steve",
                "Flask's session is all in the cookie, and nothing ends it on the server",
            ),
        ],
    },
];
