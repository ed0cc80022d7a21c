//! The program waits at the start for a store that is not up yet.
#![cfg(all(unix, feature = "redis"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[allow(dead_code, reason = "no cluster is waited for here")]
#[path = "../../vestibule/tests/support/redis_server.rs"]
mod redis_server;
mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::process::{ChildStderr, Stdio};
use std::time::{Duration, Instant};

use redis_server::{RedisServer, free_port};
use support::{Client, Killed, command, run};
use tempfile::tempdir;

fn signal(pid: u32, name: &str) {
    let kill = std::process::Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(kill.unwrap().success());
}

/// A program that is being started, with its log.
fn starting(folder: &tempfile::TempDir, arguments: &[&str]) -> (Killed, BufReader<ChildStderr>) {
    let mut child = command(folder.path())
        .args(["--listen", "127.0.0.1:0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    (Killed(child), log)
}

fn read_until(log: &mut impl BufRead, text: &str) -> String {
    let mut said = String::new();
    loop {
        let start = said.len();
        assert_ne!(log.read_line(&mut said).unwrap(), 0, "{said}");
        if said[start..].contains(text) {
            return said[start..].to_owned();
        }
    }
}

#[test]
fn a_store_that_is_not_up_yet_is_waited_for() {
    let (folder, port) = (tempdir().unwrap(), free_port());
    let url = format!("redis://127.0.0.1:{port}");
    let (mut child, mut log) = starting(&folder, &["--session-store", &url]);
    let waits = read_until(&mut log, "not up yet");
    assert!(waits.contains("the session store is not up yet"), "{waits}");
    assert!(waits.contains("Connection refused"), "{waits}");

    let at = port.to_string();
    let redis = RedisServer::start(port, tempdir().unwrap(), &["--port", &at], Vec::new());

    let mut line = String::new();
    let mut stdout = BufReader::new(child.0.stdout.take().unwrap());
    stdout.read_line(&mut line).unwrap();
    let client = Client::to(line.split(' ').nth(1).unwrap());
    assert_eq!(client.get("/readyz").unwrap().status, 200);
    drop(redis);
}

#[test]
fn a_program_that_waits_can_be_stopped_and_refuses_connections() {
    let (folder, port) = (tempdir().unwrap(), free_port());
    let url = format!("redis://127.0.0.1:{port}");
    let listen = format!("127.0.0.1:{}", free_port());
    let (mut child, mut log) = starting(&folder, &["--session-store", &url]);
    read_until(&mut log, "not up yet");
    let started = Instant::now();
    signal(child.0.id(), "TERM");
    assert!(child.0.wait().unwrap().success());

    let mut waiting = command(folder.path());
    waiting.args(["--listen", &listen, "--session-store", &url]);
    let mut waiting = Killed(waiting.stderr(Stdio::piped()).spawn().unwrap());
    read_until(
        &mut BufReader::new(waiting.0.stderr.take().unwrap()),
        "not up yet",
    );
    assert!(TcpStream::connect(&listen).is_err(), "nobody waits there");
    signal(waiting.0.id(), "INT");
    assert!(waiting.0.wait().unwrap().success());
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn nothing_is_waited_for_where_waiting_does_not_help_or_is_not_wanted() {
    let (folder, port) = (tempdir().unwrap(), free_port());
    let at = port.to_string();
    let options = ["--port", &at, "--requirepass", "hunter2"];
    let cli = ["-a", "hunter2"].map(Into::into).to_vec();
    let redis = RedisServer::start(port, tempdir().unwrap(), &options, cli);
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let wrong = format!("redis://:wrong@127.0.0.1:{port}");
    for arguments in [
        &["--session-store", &*wrong][..],
        &["--session-store", &nobody, "--wait-for-stores", "0"],
        &["--session-store", &nobody, "--wait-for-stores", "1s"],
        &["--database-url", "postgresql+psycopg2://app@db/app"],
    ] {
        let started = Instant::now();
        let said = run(folder.path(), &[&["user", "list"], arguments].concat(), "");
        assert!(!said.status.success());
        let took = started.elapsed();
        assert!(took < Duration::from_secs(10), "{arguments:?}: {took:?}");
    }
    drop(redis);
}
