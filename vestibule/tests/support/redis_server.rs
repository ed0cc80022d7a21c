//! A Redis of a test's own: on a free port, in a temporary folder. The program's tests use it too.

use std::ffi::OsString;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use vestibule::crypto::random::Random;

/// A server that ends with the test.
pub(crate) struct RedisServer {
    child: Child,
    pub(crate) port: u16,
    /// What `redis-cli` needs to be let in.
    cli: Vec<OsString>,
    _folder: TempDir,
}

impl RedisServer {
    /// One with these options, which say the port too, in a folder that may have files of its own.
    pub(crate) fn start(port: u16, folder: TempDir, options: &[&str], cli: Vec<OsString>) -> Self {
        let child = Command::new("redis-server")
            .args(["--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(options)
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server: `cargo xtask test` installs it");
        let server = Self {
            child,
            port,
            cli,
            _folder: folder,
        };
        let started = Instant::now();
        while server.say(&["PING"]) != "PONG" {
            assert!(started.elapsed() < Duration::from_secs(30), "it starts");
            std::thread::yield_now();
        }
        server
    }

    /// What it answers to a command.
    pub(crate) fn say(&self, command: &[&str]) -> String {
        let output = Command::new("redis-cli")
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(&self.cli)
            .args(command)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Whether all slots of its cluster are served, as it sees it.
    pub(crate) fn is_in_whole_cluster(&self) -> bool {
        self.say(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Makes a cluster of two masters. The second one has hardly a slot, and none of our keys.
pub(crate) fn join(a: &RedisServer, b: &RedisServer) {
    a.say(&["CLUSTER", "ADDSLOTSRANGE", "0", "16000"]);
    b.say(&["CLUSTER", "ADDSLOTSRANGE", "16001", "16383"]);
    a.say(&["CLUSTER", "MEET", "127.0.0.1", &b.port.to_string()]);
}

/// Below the ephemeral ports, and with room for that of the cluster's bus, 10,000 above.
pub(crate) fn free_port() -> u16 {
    loop {
        let random = u16::from_le_bytes(Random::system().bytes().unwrap());
        let port = 12_000 + random % 18_000;
        let is_free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if is_free(port) && is_free(port + 10_000) {
            return port;
        }
    }
}
