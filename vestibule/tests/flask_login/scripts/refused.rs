use crate::flask_login::script::{Script, cookies_were, get, request};

const LAYER_FIRST: &str = "axum asks a router's layer before it looks for the method";

pub(crate) const SCRIPTS: &[Script] = &[
    Script {
        name: "without a login page it is 401",
        options: &[],
        steps: &[
            get("/protected", "401"),
            get("/fresh", "401"),
            get("/secret", "401"),
            get("/first/protected", "401"),
            cookies_were("left alone"),
            get("/login?id=1", "True"),
            get("/protected", "Access Granted"),
            get("/fresh", "Access Granted"),
            get("/first/protected", "Access Granted"),
            get("/second/protected", "Access Granted"),
            get("/secret", "401"),
        ],
    },
    Script {
        name: "without a refresh page it is 401",
        options: &["--login-view", "/login"],
        steps: &[
            get("/needs-refresh", "401"),
            get("/login?id=1&fresh=0", "True"),
            get("/fresh", "401"),
            get("/needs-refresh", "401"),
        ],
    },
    Script {
        name: "whatever the method, without a login page",
        options: &[],
        steps: &[
            request("POST", "/method", "401"),
            request("HEAD", "/method", "401"),
            request("POST", "/secret", "401"),
            request("OPTIONS", "/method", ""),
            get("/login?id=1", "True"),
            request("POST", "/method", "Access Granted"),
            request("HEAD", "/method", ""),
            request("OPTIONS", "/method", ""),
        ],
    },
    Script {
        name: "a method that a page does not have",
        options: &[],
        steps: &[
            request("POST", "/", "405"),
            request("POST", "/protected", "401").differs("405", LAYER_FIRST),
            request("DELETE", "/method", "401").differs("405", LAYER_FIRST),
            request("OPTIONS", "/fresh", "405").differs(
                "",
                "Flask answers OPTIONS by itself, axum where a handler does",
            ),
            get("/login?id=1", "True"),
            request("POST", "/protected", "405"),
            request("DELETE", "/method", "405"),
        ],
    },
    Script {
        name: "the login page itself asks for a log-in",
        options: &["--login-view", "/protected"],
        steps: &[get("/protected", "401").differs(
            "-> /protected?next=%2Fprotected",
            "Flask-Login sends the visitor round in circles",
        )],
    },
    Script {
        name: "a script is not sent to a page",
        options: &["--login-view", "/login"],
        steps: &[
            get("/protected", "401")
                .with("accept", "application/json")
                .differs("-> /login?next=%2Fprotected", "it reads JSON (issue 491)"),
            get("/protected", "401").with("hx-request", "true").differs(
                "-> /login?next=%2Fprotected",
                "htmx would put the login page into a part of this one",
            ),
            get("/protected", "-> /login?next=%2Fprotected").with("accept", "text/html"),
        ],
    },
    Script {
        name: "another site cannot post here",
        options: &[],
        steps: &[
            get("/login?id=1", "True"),
            request("POST", "/method", "Access Granted").with("origin", "{url}"),
            request("POST", "/method", "403")
                .with("origin", "https://elsewhere.example")
                .differs(
                    "Access Granted",
                    "Flask-Login leaves cross-site requests to other extensions",
                ),
        ],
    },
];
