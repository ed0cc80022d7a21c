//! A server that is measured.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::Context;

use crate::run;

/// A server on a free port that says its address at its start. It is stopped when dropped.
pub(super) struct Server {
    child: Child,
    address: String,
    /// Kept open, because the program fails if it writes to a closed one.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// A program that takes `--listen`; it works in `folder`.
    pub(super) fn start(program: &Path, folder: &Path, arguments: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        // Its log of requests.
        command.stderr(Stdio::null());
        Self::spawn(command, folder)
    }

    /// The app in `sources`, served by the gunicorn of this virtual environment.
    pub(super) fn gunicorn(venv: &Path, sources: &Path, folder: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(venv.join("bin/gunicorn"));
        command.args(["--bind", "127.0.0.1:0", "--workers", "2", "--preload"]);
        command.args(["--error-logfile", "/dev/stdout", "--no-control-socket"]);
        command.arg("--pythonpath").arg(sources);
        command.arg("app:application");
        Self::spawn(command, folder)
    }

    fn spawn(mut command: Command, folder: &Path) -> anyhow::Result<Self> {
        let mut child = command
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        let stdout = child.stdout.take().context("a pipe")?;
        let mut server = Self {
            child,
            address: String::new(),
            _output: BufReader::new(stdout),
        };
        while server.address.is_empty() {
            let mut line = String::new();
            let length = server._output.read_line(&mut line)?;
            anyhow::ensure!(length > 0, "it serves nowhere: {command:?}");
            let mut words = line.split_whitespace();
            if let Some(address) = words.find_map(|word| word.strip_prefix("http://")) {
                address.clone_into(&mut server.address);
            }
        }
        Ok(server)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The whole answer. `header` is empty or ends with a line break.
    pub(super) fn request(
        &self,
        method: &str,
        path: &str,
        header: &str,
        body: &str,
    ) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect(&self.address)?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{header}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }

    /// Logs in, and returns the header that says so in further requests.
    pub(super) fn log_in(&self, username: &str, password: &str) -> anyhow::Result<String> {
        let form = form(username, password);
        let answer = self.request("POST", "/login", "", &form)?;
        let cookies: Vec<_> = answer
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
            .filter_map(|(_, cookie)| cookie.split(';').next())
            .collect();
        anyhow::ensure!(!cookies.is_empty(), "not logged in: {answer}");
        Ok(format!("Cookie: {}", cookies.join("; ")))
    }

    /// What the server has in memory, with its workers. What these share counts for each.
    pub(super) fn memory_mb(&self) -> anyhow::Result<f64> {
        self.sum_mb("VmRSS:")
    }

    /// The most that it ever had.
    pub(super) fn peak_memory_mb(&self) -> anyhow::Result<f64> {
        self.sum_mb("VmHWM:")
    }

    fn sum_mb(&self, of: &str) -> anyhow::Result<f64> {
        let id = self.child.id();
        let workers = fs::read_to_string(format!("/proc/{id}/task/{id}/children"))?;
        let mut kb = status_kb(&id.to_string(), of)?;
        for worker in workers.split_whitespace() {
            // One that has just ended, and is replaced, has none.
            kb += status_kb(worker, of).unwrap_or(0.0);
        }
        Ok(kb / 1_024.0)
    }
}

/// What is sent to register and to log in.
pub(super) fn form(username: &str, password: &str) -> String {
    format!(
        "username={username}&password={}",
        password.replace(' ', "+")
    )
}

fn status_kb(process: &str, of: &str) -> anyhow::Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let kb = status
        .lines()
        .find_map(|line| line.strip_prefix(of))
        .and_then(|line| line.split_whitespace().next())
        .with_context(|| format!("{of} in /proc"))?;
    Ok(kb.parse()?)
}

impl Drop for Server {
    fn drop(&mut self) {
        // Asked, and not killed, so that gunicorn ends its workers.
        let ask = format!("kill -TERM {}", self.child.id());
        if run(Command::new("sh").args(["-c", &ask])).is_err() {
            self.child.kill().ok();
        }
        self.child.wait().ok();
    }
}
