use crate::flask_login::script::{
    Script, bring_copied_cookies, close_browser, cookies_were, copy_cookies, get,
    remember_cookie_is, spoil_cookie, user_agent,
};

const ROTATED: &str = "our token is good for one use, and the browser gets the next one";

pub(crate) const SCRIPTS: &[Script] = &[
    Script {
        name: "a remembered user is still there after the browser was closed, not fresh",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            get("/username", "Notch"),
            get("/is-fresh", "True"),
            get("/is-remembered", "True"),
            close_browser(),
            get("/username", "Notch"),
            get("/is-fresh", "False"),
            get("/is-remembered", "True"),
            get("/username", "Notch"),
        ],
    },
    Script {
        name: "the first question after a restart may be any",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            get("/is-fresh", "False"),
            get("/is-remembered", "True"),
            close_browser(),
            get("/is-remembered", "True"),
            close_browser(),
            get("/protected", "Access Granted"),
        ],
    },
    Script {
        name: "a remembered user confirms the log-in",
        options: &[],
        steps: &[
            get("/fresh", "401"),
            get("/login?id=1&remember=1", "True"),
            get("/fresh", "Access Granted"),
            close_browser(),
            get("/fresh", "401"),
            get("/confirm-login", "True"),
            get("/is-fresh", "True"),
            get("/is-remembered", "True"),
            get("/fresh", "Access Granted"),
        ],
    },
    Script {
        name: "without remember the cookie is left alone, whatever the duration",
        options: &[],
        steps: &[
            get("/login?id=1&seconds=3600", "True"),
            remember_cookie_is("left alone"),
            get("/is-remembered", "False"),
            close_browser(),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "the default duration",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            remember_cookie_is("set for 43200 minutes").differs(
                "set for 525600 minutes",
                "a year is longer than a forgotten browser should be good for: 30 days",
            ),
        ],
    },
    Script {
        name: "a duration of the app's own",
        options: &["--remember-seconds", "172800"],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            remember_cookie_is("set for 2880 minutes"),
            close_browser(),
            get("/username", "Notch"),
            get("/is-fresh", "False"),
            get("/is-remembered", "True"),
        ],
    },
    Script {
        name: "a duration of the log-in's own",
        options: &["--remember-seconds", "172800"],
        steps: &[
            get("/login?id=1&remember=1&seconds=25200", "True"),
            remember_cookie_is("set for 420 minutes"),
            close_browser(),
            get("/username", "Notch"),
            get("/is-fresh", "False"),
            get("/is-remembered", "True"),
            get("/logout", "True"),
            remember_cookie_is("removed"),
            close_browser(),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "one log-in's duration is not the next one's",
        options: &["--remember-seconds", "172800"],
        steps: &[
            get("/login?id=1&remember=1&seconds=25200", "True"),
            get("/login?id=1&remember=1", "True"),
            remember_cookie_is("set for 2880 minutes").differs(
                "set for 420 minutes",
                "Flask-Login leaves the duration in the session for the next log-in",
            ),
        ],
    },
    Script {
        name: "a duration past what browsers keep",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1&seconds=43200000", "True"),
            remember_cookie_is("set for 576000 minutes").differs(
                "set for 720000 minutes",
                "browsers keep no cookie for longer than 400 days (RFC 6265bis section 5.5)",
            ),
        ],
    },
    Script {
        name: "no duration at all",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1&seconds=0", "True"),
            remember_cookie_is("removed"),
            get("/username", "Notch"),
            get("/is-remembered", "False"),
            close_browser(),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "a log-out is for good",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            get("/logout", "True"),
            remember_cookie_is("removed"),
            get("/is-remembered", "False"),
            get("/username", "Anonymous"),
            close_browser(),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "a log-out is for good after the browser was closed",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            get("/logout", "True"),
            get("/username", "Anonymous"),
            close_browser(),
            get("/username", "Anonymous"),
        ],
    },
    Script {
        name: "a copied remember cookie is worth nothing after the log-out",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            copy_cookies(),
            get("/logout", "True"),
            bring_copied_cookies(),
            get("/username", "Anonymous").differs(
                "Notch",
                "Flask-Login's token is the same for every log-in, and good for ever",
            ),
        ],
    },
    Script {
        name: "a remember cookie that two browsers have used is good for neither",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            copy_cookies(),
            get("/username", "Notch"),
            close_browser(),
            get("/username", "Notch"),
            bring_copied_cookies(),
            get("/username", "Anonymous").differs(
                "Notch",
                "our token is good for one use, and a second shows that there is a copy",
            ),
        ],
    },
    Script {
        name: "the next user of the browser does not leave it to the one before",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            get("/login?id=2", "True"),
            get("/is-remembered", "False").differs(
                "True",
                "Flask-Login takes the first user's cookie for the second user's",
            ),
            close_browser(),
            get("/username", "Anonymous").differs(
                "Notch",
                "Flask-Login still remembers the user before; ours ends that with the log-in",
            ),
        ],
    },
    Script {
        name: "a remember cookie that is no such thing is none",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            spoil_cookie("remember"),
            get("/username", "Anonymous"),
            get("/is-remembered", "False"),
            get("/login?id=1", "True"),
            get("/username", "Notch"),
        ],
    },
    Script {
        name: "a deleted user is not remembered",
        options: &[],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            get("/delete-user?id=1", "True"),
            get("/username", "Anonymous"),
            get("/protected", "401"),
            get("/is-remembered", "False").differs(
                "True",
                "Flask-Login looks at the signature alone, not for the user",
            ),
        ],
    },
    Script {
        name: "a deactivated user is not remembered",
        options: &[],
        steps: &[
            get("/login?id=2&remember=1", "True"),
            close_browser(),
            get("/deactivate?id=2", "True"),
            get("/username", "Anonymous"),
            get("/protected", "401"),
            get("/is-remembered", "False").differs(
                "True",
                "Flask-Login looks at the signature alone, not for the user",
            ),
        ],
    },
    Script {
        name: "the duration counts from the log-in",
        options: &["--remember-seconds", "172800"],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            get("/username", "Notch"),
            cookies_were("left alone"),
            close_browser(),
            get("/username", "Notch"),
            remember_cookie_is("set for 2880 minutes").differs("left alone", ROTATED),
            get("/username", "Notch"),
            remember_cookie_is("left alone"),
        ],
    },
    Script {
        name: "the duration counts from every visit, where that is asked for",
        options: &["--remember-seconds", "172800", "--refresh-each-request"],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            get("/username", "Notch"),
            remember_cookie_is("set for 2880 minutes"),
            close_browser(),
            get("/username", "Notch"),
            remember_cookie_is("set for 2880 minutes"),
            get("/", "The index"),
            remember_cookie_is("left alone").differs(
                "set for 2880 minutes",
                "a page that does not ask who is there costs no look-up, and stays cacheable",
            ),
        ],
    },
    Script {
        name: "who did not ask to be remembered is not",
        options: &["--refresh-each-request"],
        steps: &[
            get("/login?id=1", "True"),
            remember_cookie_is("left alone").differs(
                "set for 525600 minutes",
                "Flask-Login 0.6.3 remembers every log-in here, a known mistake (issue 424)",
            ),
            get("/username", "Notch"),
            remember_cookie_is("left alone").differs(
                "set for 525600 minutes",
                "Flask-Login 0.6.3 remembers every log-in here, a known mistake (issue 424)",
            ),
            close_browser(),
            get("/username", "Anonymous").differs(
                "Notch",
                "Flask-Login 0.6.3 remembers every log-in here, a known mistake (issue 424)",
            ),
        ],
    },
    Script {
        name: "another browser may bring a remember cookie",
        options: &["--session-protection", "strong"],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            user_agent("Browser/2"),
            get("/username", "Notch"),
            get("/is-fresh", "False"),
        ],
    },
];
