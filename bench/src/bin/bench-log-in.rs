//! What a log-in takes beside its hash. A bare hash of libsodium's here and a log-in at a server,
//! which hashes by it too, take turns, so that a machine that is now faster and now slower is so to
//! both. The visitor has no cookies. Prints medians in milliseconds: of the log-in, what it takes
//! more than the bare hash before it, and more than its own hash, which the server tells in
//! `Server-Timing`.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

use anyhow::Context;
use clap::Parser;
use vestibule_bench::{hash_by_libsodium, median};

/// A hash and a log-in, again and again.
#[derive(Debug, Parser)]
struct Arguments {
    /// Where the server listens
    server: SocketAddr,
    /// The form that logs in
    form: String,
    pairs: usize,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let mut visitor = Visitor::connect(arguments.server)?;
    let mut measured: [Vec<f64>; 3] = Default::default();
    for _ in 0..arguments.pairs {
        let started = Instant::now();
        hash_by_libsodium()?;
        let bare = milliseconds(started);
        let (log_in, own) = visitor.log_in(&arguments.form)?;
        for (values, value) in measured
            .iter_mut()
            .zip([log_in, log_in - bare, log_in - own])
        {
            values.push(value);
        }
    }
    let [log_in, over_bare, over_own] = measured.map(median);
    writeln!(
        std::io::stdout(),
        "{log_in:.3} {over_bare:.3} {over_own:.3}"
    )?;
    Ok(())
}

/// One connection, without cookies.
struct Visitor {
    stream: TcpStream,
    answers: BufReader<TcpStream>,
}

impl Visitor {
    fn connect(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        let answers = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, answers })
    }

    /// How many milliseconds it takes from the first byte sent to the last byte read, and how many
    /// of these are its hash.
    fn log_in(&mut self, form: &str) -> anyhow::Result<(f64, f64)> {
        let request = format!(
            "POST /login HTTP/1.1\r\nHost: localhost\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        let started = Instant::now();
        self.stream.write_all(request.as_bytes())?;
        let head = self.read_answer()?;
        let took = milliseconds(started);
        anyhow::ensure!(
            head.starts_with("http/1.1 303") && head.contains("set-cookie"),
            "this is no log-in: {head}"
        );
        let own = value(&head, "server-timing: hash;dur=").context("the time of the hash")?;
        let own: f64 = own.parse()?;
        anyhow::ensure!(own > 0.0, "the server measured no hash");
        Ok((took, own))
    }

    /// The head of the answer, in small letters.
    fn read_answer(&mut self) -> anyhow::Result<String> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let read = self.answers.read_line(&mut head)?;
            anyhow::ensure!(read > 0, "the server hung up: {head}");
        }
        head.make_ascii_lowercase();
        let length = value(&head, "content-length: ").map_or(Ok(0), str::parse)?;
        let mut body = self.answers.by_ref().take(length);
        std::io::copy(&mut body, &mut std::io::sink())?;
        Ok(head)
    }
}

/// What follows `name` in the line that begins with it.
fn value<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name))
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1_000.0
}
