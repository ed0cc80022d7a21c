//! The two apps, each on a port of its own.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::parity;

/// The app on Flask-Login, in a process of its own that ends with this.
pub(crate) struct FlaskLogin {
    pub(crate) url: String,
    process: Child,
}

impl FlaskLogin {
    pub(crate) fn start(options: &[&str]) -> Self {
        let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flask_login/app.py");
        let python = python();
        let mut process = Command::new(&python)
            .arg(app)
            .args(["--listen", "127.0.0.1:0"])
            .args(options)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                let python = python.display();
                panic!("no Flask-Login, `cargo xtask test` installs it: {python}: {error}")
            });
        let stdout = process.stdout.take().unwrap();
        let mut started = Self {
            url: String::new(),
            process,
        };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("Open ");
        started.url = url.expect("app.py says where it listens").to_owned();
        started
    }
}

impl Drop for FlaskLogin {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn python() -> PathBuf {
    std::env::var_os("FLASK_LOGIN_PYTHON").map_or_else(
        || Path::new(env!("CARGO_TARGET_TMPDIR")).join("../flask-login/bin/python"),
        PathBuf::from,
    )
}

/// The app on Vestibule, in this process.
pub(crate) struct Vestibule {
    pub(crate) url: String,
    _runtime: tokio::runtime::Runtime,
}

impl Vestibule {
    pub(crate) fn start(options: &[&str]) -> Self {
        let words = ["--listen", "127.0.0.1:0"].iter().chain(options);
        let (listen, options) = parity::options(words.map(|&word| word.to_owned())).unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind(listen))
            .unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = parity::app(&url, &options).unwrap();
        let app = app.into_make_service_with_connect_info::<SocketAddr>();
        runtime.spawn(async { axum::serve(listener, app).await });
        Self {
            url,
            _runtime: runtime,
        }
    }
}
