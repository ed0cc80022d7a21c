use crate::flask_login::script::{Script, close_browser, get, request};

const DECODES: &str = "Flask decodes what it can of an address first; both mean the same";
const POSTED: &str = "a redirect asks by GET, for a page that may know but POST (issue 479)";
const ELSEWHERE: &str = "-> https://auth.example.com/login?next=http%3A%2F%2FOWN-ADDRESS%2Fsecret";

pub(crate) const SCRIPTS: &[Script] = &[
    Script {
        name: "the login page learns where the visitor was going",
        options: &["--login-view", "/login"],
        steps: &[
            get("/secret", "-> /login?next=%2Fsecret"),
            get("/protected", "-> /login?next=%2Fprotected"),
            get("/fresh", "-> /login?next=%2Ffresh"),
            request("HEAD", "/method", "-> /login?next=%2Fmethod"),
            get(
                "/secret?a=b&c=d",
                "-> /login?next=%2Fsecret%3Fa%3Db%26c%3Dd",
            ),
            get(
                "/secret?a=b+c%20d",
                "-> /login?next=%2Fsecret%3Fa%3Db%2Bc%2520d",
            ),
            get("/secret?a=", "-> /login?next=%2Fsecret%3Fa%3D"),
            get("/next", "None"),
        ],
    },
    Script {
        name: "the way back is as the visitor wrote it",
        options: &["--login-view", "/login"],
        steps: &[
            get("/secret?a=%2F", "-> /login?next=%2Fsecret%3Fa%3D%252F")
                .differs("-> /login?next=%2Fsecret%3Fa%3D%2F", DECODES),
            get(
                "/secret?a=%E4%BD%90",
                "-> /login?next=%2Fsecret%3Fa%3D%25E4%25BD%2590",
            )
            .differs("-> /login?next=%2Fsecret%3Fa%3D%E4%BD%90", DECODES),
            get("/secret?", "-> /login?next=%2Fsecret%3F").differs(
                "-> /login?next=%2Fsecret",
                "Flask drops the sign of a query that is empty",
            ),
        ],
    },
    Script {
        name: "a login page of another name",
        options: &["--login-view", "/app_login"],
        steps: &[
            get("/protected", "-> /app_login?next=%2Fprotected"),
            get("/app_login?next=%2Fprotected", "login page"),
        ],
    },
    Script {
        name: "a login page with arguments of its own",
        options: &["--login-view", "/login?a=1&a=2&b="],
        steps: &[get("/secret", "-> /login?a=1&a=2&b=&next=%2Fsecret")],
    },
    Script {
        name: "a login page with a `next` of its own",
        options: &["--login-view", "/login?next=%2Fold&a=1"],
        steps: &[get("/secret", "-> /login?a=1&next=%2Fsecret").differs(
            "-> /login?next=%2Fsecret&a=1",
            "the order of arguments makes no difference",
        )],
    },
    Script {
        name: "a login page on another host learns the whole address",
        options: &["--login-view", "https://auth.example.com/login"],
        steps: &[
            get("/secret", ELSEWHERE),
            get("/secret", ELSEWHERE)
                .with("host", "foo.example")
                .differs(
                    "-> https://auth.example.com/login?next=http%3A%2F%2Ffoo.example%2Fsecret",
                    "Flask-Login believes the Host header, which anybody can write",
                ),
        ],
    },
    Script {
        name: "the host that was asked for makes no difference",
        options: &["--login-view", "/login"],
        steps: &[get("/secret", "-> /login?next=%2Fsecret").with("host", "foo.example")],
    },
    Script {
        name: "an area has a login page of its own",
        options: &["--login-view", "/app_login"],
        steps: &[
            get("/protected", "-> /app_login?next=%2Fprotected"),
            get(
                "/first/protected",
                "-> /first_login?next=%2Ffirst%2Fprotected",
            ),
            get(
                "/second/protected?a=b",
                "-> /second_login?next=%2Fsecond%2Fprotected%3Fa%3Db",
            ),
            get("/first_login", "first login page"),
            get("/second_login", "second login page"),
        ],
    },
    Script {
        name: "the refresh page learns where the visitor was going",
        options: &["--login-view", "/login", "--refresh-view", "/refresh-view"],
        steps: &[
            get("/needs-refresh", "-> /refresh-view?next=%2Fneeds-refresh"),
            get("/fresh", "-> /login?next=%2Ffresh"),
            get("/login?id=1&fresh=0", "True"),
            get("/fresh", "-> /refresh-view?next=%2Ffresh"),
            get("/refresh-view?next=%2Ffresh", "refresh page"),
            get("/protected", "Access Granted"),
        ],
    },
    Script {
        name: "`next` is kept with the visitor, where that is asked for",
        options: &["--login-view", "/login", "--next-in-session"],
        steps: &[
            get("/next", "None"),
            get("/secret?a=b", "-> /login"),
            get("/login", "login page"),
            get("/next", "/secret?a=b"),
            get("/next", "/secret?a=b"),
            get("/protected", "-> /login"),
            get("/next", "/protected"),
            get("/first/protected", "-> /first_login"),
            get("/next", "/first/protected"),
        ],
    },
    Script {
        name: "a log-in uses up the `next` that was kept",
        options: &["--login-view", "/login", "--next-in-session"],
        steps: &[
            get("/secret", "-> /login"),
            get("/login?id=1", "True"),
            get("/next", "None").differs(
                "/secret",
                "Flask-Login leaves it until the app takes it; ours is for one log-in",
            ),
        ],
    },
    Script {
        name: "`next` is kept with the visitor under strong protection",
        options: &[
            "--login-view",
            "/login",
            "--next-in-session",
            "--session-protection",
            "strong",
        ],
        steps: &[
            get("/secret", "-> /login"),
            get("/username", "Anonymous"),
            get("/next", "/secret"),
        ],
    },
    Script {
        name: "`next` is kept with the visitor for the refresh page",
        options: &["--refresh-view", "/refresh-view", "--next-in-session"],
        steps: &[
            get("/needs-refresh", "-> /refresh-view"),
            get("/next", "/needs-refresh"),
            get("/login?id=1&fresh=0", "True"),
            get("/fresh", "-> /refresh-view"),
            get("/next", "/fresh"),
        ],
    },
    Script {
        name: "what was posted is not asked for again",
        options: &["--login-view", "/login"],
        steps: &[
            request("POST", "/method", "-> /login").differs("-> /login?next=%2Fmethod", POSTED),
            request("POST", "/method", "-> /login?next=%2Fform%3Fid%3D1")
                .with("referer", "{url}/form?id=1")
                .differs(
                    "-> /login?next=%2Fmethod",
                    "the visitor is led back to the form, to send it again",
                ),
            request("POST", "/method", "-> /login")
                .with("referer", "https://elsewhere.example/form")
                .differs("-> /login?next=%2Fmethod", "as without a form of our own"),
        ],
    },
    Script {
        name: "what was posted is not kept with the visitor either",
        options: &["--login-view", "/login", "--next-in-session"],
        steps: &[
            request("POST", "/method", "-> /login"),
            get("/next", "None").differs("/method", POSTED),
        ],
    },
    Script {
        name: "the `next` that was kept goes with the browser",
        options: &["--login-view", "/login", "--next-in-session"],
        steps: &[
            get("/secret", "-> /login"),
            close_browser(),
            get("/next", "None"),
        ],
    },
];
