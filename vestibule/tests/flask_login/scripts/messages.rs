use crate::flask_login::script::{Script, close_browser, get, request};

const LOG_IN: &str = "message: Please log in to access this page.";
const REFRESH: &str = "message: Please reauthenticate to access this page.";

pub(crate) const SCRIPTS: &[Script] = &[
    Script {
        name: "who is sent to the login page is told why, once",
        options: &["--login-view", "/login"],
        steps: &[
            get("/protected", "-> /login?next=%2Fprotected"),
            get("/messages", LOG_IN),
            get("/messages", ""),
            request("HEAD", "/method", "-> /login?next=%2Fmethod"),
            get("/messages", LOG_IN),
        ],
    },
    Script {
        name: "who is sent to the refresh page is told why",
        options: &["--login-view", "/login", "--refresh-view", "/refresh"],
        steps: &[
            get("/login?id=1&fresh=0", "True"),
            get("/fresh", "-> /refresh?next=%2Ffresh"),
            get("/messages", REFRESH),
            get("/messages", ""),
        ],
    },
    Script {
        name: "an area's visitors are told the same",
        options: &["--login-view", "/login"],
        steps: &[
            get(
                "/first/protected",
                "-> /first_login?next=%2Ffirst%2Fprotected",
            ),
            get("/messages", LOG_IN),
        ],
    },
    Script {
        name: "who gets 401 is told nothing more",
        options: &[],
        steps: &[
            get("/protected", "401"),
            get("/needs-refresh", "401"),
            get("/messages", ""),
        ],
    },
    Script {
        name: "a message waits for the log-in and the log-out",
        options: &["--login-view", "/login"],
        steps: &[
            get("/protected", "-> /login?next=%2Fprotected"),
            get("/login?id=1", "True"),
            get("/logout", "True"),
            get("/messages", LOG_IN),
        ],
    },
    Script {
        name: "both messages",
        options: &["--login-view", "/login", "--refresh-view", "/refresh"],
        steps: &[
            get("/secret", "-> /login?next=%2Fsecret"),
            get("/needs-refresh", "-> /refresh?next=%2Fneeds-refresh"),
            get(
                "/messages",
                "message: Please log in to access this page.\n\
                 message: Please reauthenticate to access this page.",
            ),
        ],
    },
    Script {
        name: "nobody is told the same twice",
        options: &["--login-view", "/login"],
        steps: &[
            get("/protected", "-> /login?next=%2Fprotected"),
            get("/secret", "-> /login?next=%2Fsecret"),
            get("/messages", LOG_IN).differs(
                "message: Please log in to access this page.\n\
                 message: Please log in to access this page.",
                "a browser that opens many tabs would be told as many times",
            ),
        ],
    },
    Script {
        name: "who was posting is told that it was not saved",
        options: &["--login-view", "/login"],
        steps: &[
            request("POST", "/method", "-> /login")
                .differs("-> /login?next=%2Fmethod", "a redirect asks by GET"),
            get(
                "/messages",
                "message: What you sent may not have been saved. Log in first, then check.",
            )
            .differs(LOG_IN, "what was sent is lost, and the visitor should know"),
        ],
    },
    Script {
        name: "a message goes with the browser",
        options: &["--login-view", "/login"],
        steps: &[
            get("/protected", "-> /login?next=%2Fprotected"),
            close_browser(),
            get("/messages", ""),
        ],
    },
];
