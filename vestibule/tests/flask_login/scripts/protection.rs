use crate::flask_login::script::{
    Script, close_browser, cookies_were, get, remember_cookie_is, user_agent,
};

pub(crate) const SCRIPTS: &[Script] = &[
    Script {
        name: "off: another browser has it all",
        options: &["--session-protection", "off"],
        steps: &[
            get("/login?id=1", "True"),
            user_agent("Browser/2"),
            get("/username", "Notch"),
            get("/is-fresh", "True"),
            get("/fresh", "Access Granted"),
        ],
    },
    Script {
        name: "off: an anonymous visitor gets no cookie",
        options: &["--session-protection", "off"],
        steps: &[get("/username", "Anonymous"), cookies_were("left alone")],
    },
    Script {
        name: "basic: the same browser stays fresh",
        options: &["--session-protection", "basic"],
        steps: &[
            get("/login?id=1", "True"),
            get("/username", "Notch"),
            get("/is-fresh", "True"),
            get("/username", "Notch"),
            get("/is-fresh", "True"),
        ],
    },
    Script {
        name: "basic: another browser is not fresh, and the first one neither any more",
        options: &["--session-protection", "basic"],
        steps: &[
            get("/login?id=1", "True"),
            user_agent("Browser/2"),
            get("/username", "Notch"),
            get("/is-fresh", "False"),
            get("/protected", "Access Granted"),
            get("/fresh", "401"),
            user_agent("Browser/1"),
            get("/username", "Notch"),
            get("/is-fresh", "False"),
        ],
    },
    Script {
        name: "basic: another browser confirms, and is the one from then on",
        options: &["--session-protection", "basic"],
        steps: &[
            get("/login?id=1", "True"),
            user_agent("Browser/2"),
            get("/fresh", "401"),
            get("/confirm-login", "True"),
            get("/fresh", "Access Granted"),
            user_agent("Browser/1"),
            get("/fresh", "401"),
        ],
    },
    Script {
        name: "basic: another browser is not fresh from its first question on",
        options: &["--session-protection", "basic"],
        steps: &[
            get("/login?id=1", "True"),
            user_agent("Browser/2"),
            get("/is-fresh", "False").differs(
                "True",
                "Flask-Login protects the session only where the user is asked for",
            ),
        ],
    },
    Script {
        name: "basic: an address that the visitor claims is no protection",
        options: &["--session-protection", "basic"],
        steps: &[
            get("/login?id=1", "True"),
            get("/username", "Notch").with("x-forwarded-for", "192.0.2.1"),
            get("/is-fresh", "True").differs(
                "False",
                "Flask-Login 0.6.3 believes X-Forwarded-For, whoever sends it (issue 700)",
            ),
        ],
    },
    Script {
        name: "strong: the same browser stays",
        options: &["--session-protection", "strong"],
        steps: &[
            get("/login?id=1", "True"),
            get("/username", "Notch"),
            get("/is-fresh", "True"),
            get("/username", "Notch"),
            get("/is-fresh", "True"),
        ],
    },
    Script {
        name: "strong: another browser ends the session",
        options: &["--session-protection", "strong"],
        steps: &[
            get("/login?id=1", "True"),
            user_agent("Browser/2"),
            get("/username", "Anonymous"),
            user_agent("Browser/1"),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "strong: another browser is not remembered any more",
        options: &["--session-protection", "strong"],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            user_agent("Browser/2"),
            get("/username", "Anonymous"),
            remember_cookie_is("removed"),
            close_browser(),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "strong: messages are left when the session ends",
        options: &["--session-protection", "strong", "--login-view", "/login"],
        steps: &[
            get("/login?id=1", "True"),
            get("/secret", "-> /login?next=%2Fsecret"),
            user_agent("Browser/2"),
            get("/username", "Anonymous"),
            get("/messages", "message: Please log in to access this page."),
        ],
    },
    Script {
        name: "strong: a remembered user stays remembered",
        options: &["--session-protection", "strong"],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            get("/username", "Notch"),
            get("/username", "Notch").differs(
                "Anonymous",
                "Flask-Login takes the session it began from the cookie for a stolen one \
                 (issue 241)",
            ),
        ],
    },
];
