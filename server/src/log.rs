//! The log: where it goes, and one line for each request.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::time::Instant;

use anyhow::Context;
use axum::extract::Request;
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, Settings};

/// Sends the log to standard error.
pub(crate) fn init(settings: &Settings) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.logging.log)
        .with_context(|| format!("`{}` is not a log filter", settings.logging.log))?;
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        // It would panic if standard error is closed, for instance because the terminal is gone.
        .log_internal_errors(false)
        .with_writer(io::stderr);
    match settings.logging.log_format {
        LogFormat::Text => {
            let is_terminal = io::stderr().is_terminal();
            subscriber.with_target(false).with_ansi(is_terminal).init();
        }
        LogFormat::Json => subscriber
            .json()
            .flatten_event(true)
            .with_writer(|| OneLine(io::stderr()))
            .init(),
    }
    Ok(())
}

/// Escapes the control characters and line ends that JSON allows in a string. Some readers end
/// lines at U+2028 or U+0085, and would treat a visitor's text after one as a line of the log.
struct OneLine<W>(W);

impl<W: Write> Write for OneLine<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let is_left =
            |c| c == '\n' || !(char::is_control(c) || matches!(c, '\u{2028}' | '\u{2029}'));
        let text = String::from_utf8_lossy(bytes);
        if text.chars().all(is_left) {
            self.0.write_all(bytes)?;
            return Ok(bytes.len());
        }
        let mut escaped = String::with_capacity(2 * bytes.len());
        for c in text.chars() {
            if is_left(c) {
                escaped.push(c);
            } else {
                write!(escaped, "\\u{:04x}", u32::from(c)).map_err(io::Error::other)?;
            }
        }
        self.0.write_all(escaped.as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The maximum length of a path in the log.
const MAX_PATH_CHARS: usize = 200;

/// Writes one line for a request. It has no query, header or body, because any of them may be
/// secret.
pub(crate) async fn request_line(request: Request, next: Next) -> Response {
    let mut line = Line {
        started: Instant::now(),
        method: request.method().clone(),
        path: request.uri().path().chars().take(MAX_PATH_CHARS).collect(),
        status: CLIENT_HUNG_UP,
    };
    let response = next.run(request).await;
    line.status = response.status().as_u16();
    response
}

/// The status of a request whose client hung up before the response, as nginx logs it.
const CLIENT_HUNG_UP: u16 = 499;

/// The line of a request, written when it is dropped, so also when the client hangs up.
struct Line {
    started: Instant,
    method: Method,
    path: String,
    status: u16,
}

impl Drop for Line {
    fn drop(&mut self) {
        tracing::info!(
            target: "vestibule::request",
            method = %self.method,
            path = self.path,
            status = self.status,
            ms = self.started.elapsed().as_micros() as f64 / 1_000.0,
            "request"
        );
    }
}
