//! Starts the program as a user does, in a folder of its own.
#![allow(dead_code, reason = "no test uses all of it")]

pub(crate) mod mails;
#[cfg(feature = "browser-tests")]
pub(crate) mod visit;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a command may take that ends by itself. On a busy machine, 1,800 requests take a minute.
const LONGEST: Duration = Duration::from_mins(10);

/// Quick hashing, for tests that make many users.
pub(crate) const QUICK: [&str; 4] = ["--argon2-memory-kib", "8", "--argon2-passes", "1"];

pub(crate) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    command.current_dir(folder);
    command
}

/// Runs the program to its end, with `input` on standard input.
pub(crate) fn run(folder: &Path, arguments: &[&str], input: &str) -> Output {
    run_to_end(command(folder).args(arguments), input)
}

fn run_to_end(command: &mut Command, input: &str) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It may end without reading.
    child.stdin.take().unwrap().write_all(input.as_bytes()).ok();
    let pid = child.id().to_string();
    let (ended, wait) = std::sync::mpsc::channel::<()>();
    // A program that serves where it should have refused would never end.
    let watch = std::thread::spawn(move || {
        if wait.recv_timeout(LONGEST) == Err(RecvTimeoutError::Timeout) {
            Command::new("kill").args(["-KILL", &pid]).status().unwrap();
        }
    });
    let output = child.wait_with_output().unwrap();
    drop(ended);
    watch.join().unwrap();
    output
}

/// What a failed run says.
pub(crate) fn refusal(folder: &Path, arguments: &[&str]) -> String {
    refusal_of(command(folder).args(arguments))
}

/// The same, with what a test did to the command.
pub(crate) fn refusal_of(command: &mut Command) -> String {
    let output = run_to_end(command, "");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success(), "{said}");
    said
}

/// A process that a failed test does not leave behind.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// The program, serving on a free port.
pub(crate) struct Program {
    pub(crate) url: String,
    /// What it said on standard output when it had started.
    pub(crate) said: String,
    child: Child,
    log: Option<std::thread::JoinHandle<String>>,
    _stdout: BufReader<ChildStdout>,
}

impl Program {
    pub(crate) fn start(folder: &TempDir, arguments: &[&str]) -> Self {
        Self::start_by(command(folder.path()), arguments)
    }

    /// The same, by a command that a test did something to.
    pub(crate) fn start_by(mut command: Command, arguments: &[&str]) -> Self {
        let mut arguments = arguments.to_vec();
        if !arguments.contains(&"--listen") {
            arguments.extend(["--listen", "127.0.0.1:0"]);
        }
        let mut child = command
            .args(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let log = std::thread::spawn(move || {
            let mut log = String::new();
            stderr.read_to_string(&mut log).unwrap();
            log
        });
        let mut said = String::new();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let url = loop {
            let start = said.len();
            if stdout.read_line(&mut said).unwrap() == 0 {
                panic!("it does not serve: {}", log.join().unwrap());
            }
            let url = said[start..].strip_prefix("Open ");
            if let Some(url) = url.and_then(|url| url.split(' ').next()) {
                break url.to_owned();
            }
        };
        Self {
            url,
            child,
            said,
            log: Some(log),
            _stdout: stdout,
        }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    /// A connection on which nothing waits for ever.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    /// Ends it as a service manager does; returns the log.
    pub(crate) fn terminate(self) -> String {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        self.ended()
    }

    /// Waits until it has ended by itself; returns the log.
    pub(crate) fn ended(mut self) -> String {
        let status = self.child.wait().unwrap();
        let log = self.log.take().unwrap().join().unwrap();
        assert!(status.success(), "{status} {log}");
        log
    }

    /// Ends it as a power cut does.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A failed test leaves no program behind.
impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A browser, as far as these tests need one.
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    cookie: String,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) text: String,
}

impl Client {
    pub(crate) fn new(program: &Program) -> Self {
        Self::to(&program.url)
    }

    /// One of a server that may be none of the program's pages.
    pub(crate) fn to(url: &str) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0);
        Self {
            agent: config.build().new_agent(),
            url: url.to_owned(),
            cookie: String::new(),
        }
    }

    /// The same browser after the program has been started again.
    pub(crate) fn at(mut self, program: &Program) -> Self {
        self.url = program.url.clone();
        self
    }

    /// The value of its session cookie.
    pub(crate) fn token(&self) -> &str {
        self.cookie.split_once('=').unwrap().1
    }

    pub(crate) fn get(&self, path: &str) -> Result<Answer, ureq::Error> {
        let request = self.agent.get(format!("{}{path}", self.url));
        answer(request.header("cookie", &self.cookie).call()?).map(|(answer, _)| answer)
    }

    pub(crate) fn post(
        &mut self,
        path: &str,
        body: &[(&str, &str)],
    ) -> Result<Answer, ureq::Error> {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("cookie", &self.cookie);
        let (answer, cookies) = answer(request.send_form(body.iter().copied())?)?;
        if let Some(session) = cookies.iter().find(|cookie| cookie.starts_with("session-")) {
            self.cookie = session.split(';').next().unwrap().to_owned();
        }
        Ok(answer)
    }
}

type Parts = (Answer, Vec<String>);

fn answer(mut response: ureq::http::Response<ureq::Body>) -> Result<Parts, ureq::Error> {
    let header = |value: &ureq::http::HeaderValue| value.to_str().unwrap().to_owned();
    let cookies = response.headers().get_all("set-cookie");
    let cookies = cookies.iter().map(header).collect();
    let answer = Answer {
        status: response.status().as_u16(),
        location: response.headers().get("location").map(header),
        text: response.body_mut().read_to_string()?,
    };
    Ok((answer, cookies))
}
