use crate::flask_login::script::{
    Script, close_browser, cookies_were, get, spoil_cookie, user_agent,
};

pub(crate) const SCRIPTS: &[Script] = &[
    Script {
        name: "without a request loader a request brings nobody",
        options: &[],
        steps: &[get("/username?user_id=2", "Anonymous")],
    },
    Script {
        name: "a request brings its user, for itself alone",
        options: &["--request-loader"],
        steps: &[
            get("/username", "Anonymous"),
            get("/protected", "401"),
            get("/username?user_id=2", "Steve"),
            cookies_were("left alone"),
            get("/protected?user_id=2", "Access Granted"),
            get("/username", "Anonymous"),
            get("/protected", "401"),
        ],
    },
    Script {
        name: "a request brings a user who is not there, or not active",
        options: &["--request-loader"],
        steps: &[
            get("/username?user_id=9000", "Anonymous"),
            get("/protected?user_id=9000", "401"),
            get("/username?user_id=3", "Anonymous"),
            get("/protected?user_id=3", "401"),
        ],
    },
    Script {
        name: "a request's user is not fresh",
        options: &["--request-loader", "--refresh-view", "/refresh"],
        steps: &[
            get("/is-fresh?user_id=2", "False"),
            get("/is-remembered?user_id=2", "False"),
            get(
                "/fresh?user_id=2",
                "-> /refresh?next=%2Ffresh%3Fuser_id%3D2",
            ),
            get("/confirm-login?user_id=2", "True"),
            get(
                "/fresh?user_id=2",
                "-> /refresh?next=%2Ffresh%3Fuser_id%3D2",
            )
            .differs(
                "Access Granted",
                "Flask-Login makes the session of nobody fresh, and takes it for the user's",
            ),
        ],
    },
    Script {
        name: "who is logged in comes first",
        options: &["--request-loader"],
        steps: &[
            get("/login?id=1", "True"),
            get("/username?user_id=2", "Notch"),
            get("/username?user_id=9000", "Notch"),
            get("/protected?user_id=9000", "Access Granted"),
            get("/logout", "True"),
            get("/username?user_id=2", "Steve"),
        ],
    },
    Script {
        name: "who is remembered comes first",
        options: &["--request-loader"],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            get("/username?user_id=2", "Notch"),
        ],
    },
    Script {
        name: "a request brings its user where the session's is deleted",
        options: &["--request-loader"],
        steps: &[
            get("/login?id=1", "True"),
            get("/delete-user?id=1", "True"),
            get("/username?user_id=2", "Steve"),
        ],
    },
    Script {
        name: "a request brings its user where the session's is deactivated",
        options: &["--request-loader"],
        steps: &[
            get("/login?id=1", "True"),
            get("/deactivate?id=1", "True"),
            get("/username?user_id=2", "Steve").differs(
                "Anonymous",
                "in Flask-Login a session that is good for nothing hides the request's user",
            ),
        ],
    },
    Script {
        name: "a request brings its user beside a spoilt remember cookie",
        options: &["--request-loader"],
        steps: &[
            get("/login?id=1&remember=1", "True"),
            close_browser(),
            spoil_cookie("remember"),
            get("/username?user_id=2", "Steve").differs(
                "Anonymous",
                "in Flask-Login a cookie that is worth nothing hides the request's user \
                 (pull request 901)",
            ),
        ],
    },
    Script {
        name: "strong protection lets a request with a message bring its user",
        options: &[
            "--request-loader",
            "--session-protection",
            "strong",
            "--login-view",
            "/login",
        ],
        steps: &[
            get("/protected", "-> /login?next=%2Fprotected"),
            get("/username?user_id=2", "Steve").differs(
                "Anonymous",
                "Flask-Login takes a session with but a message for a stolen one (issue 569)",
            ),
        ],
    },
    Script {
        name: "strong protection lets another browser's request bring its user",
        options: &["--request-loader", "--session-protection", "strong"],
        steps: &[
            get("/login?id=1", "True"),
            user_agent("Browser/2"),
            get("/username?user_id=2", "Steve").differs(
                "Anonymous",
                "what a request brings is good whatever became of the session beside it",
            ),
            get("/username?user_id=2", "Steve"),
        ],
    },
];
