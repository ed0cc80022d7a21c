//! `cargo xtask bench`: the release build under load, beside a bare axum route, the same app on
//! axum-login and the same in Flask.

mod chart;
mod factors;
mod flood;
mod load;
mod program;
mod server;
mod table;

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::bench::flood::Tries;
use crate::bench::load::{App, Contender, Route, Visitor};
use crate::bench::server::Server;
use crate::{cargo, packages, python, target_folder};

/// How long to measure.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    rounds: usize,
    /// Of one run of wrk.
    seconds: u32,
}

impl Effort {
    pub(crate) const FULL: Self = Self {
        rounds: 5,
        seconds: 4,
    };
    /// To try the benchmark out; its numbers say little.
    pub(crate) const QUICK: Self = Self {
        rounds: 1,
        seconds: 1,
    };

    fn is_quick(self) -> bool {
        self.rounds < Self::FULL.rounds
    }
}

const USERNAME: &str = "world";
const PASSWORD: &str = "correct horse battery staple";

const PUBLIC: Route = Route {
    name: "public page, asks nobody",
    path: "/public",
    visitor: Visitor::LoggedIn,
    shows: "<h1>Welcome world</h1>",
    goal: None,
};

const PROTECTED: Route = Route {
    name: "protected page, user loaded",
    path: "/welcome",
    visitor: Visitor::LoggedIn,
    shows: "<h1>Welcome world</h1>",
    goal: None,
};

/// Its bare route is the one that all are compared with.
const VESTIBULE: App = App {
    name: "Vestibule, SQLite",
    is_ours: true,
    bare: Some("/plain"),
    routes: &[
        Route {
            goal: Some(0.98),
            ..PUBLIC
        },
        Route {
            goal: Some(0.95),
            ..PROTECTED
        },
        Route {
            name: "the same behind a guard",
            path: "/guarded",
            ..PROTECTED
        },
    ],
};

const PROGRAM: App = App {
    name: "finished program, SQLite",
    is_ours: true,
    bare: None,
    routes: &[
        Route {
            name: "/welcome, logged in",
            shows: "world",
            ..PROTECTED
        },
        Route {
            name: "/login, anonymous",
            path: "/login",
            visitor: Visitor::Anonymous,
            shows: "<h1>Log in</h1>",
            goal: None,
        },
    ],
};

const AXUM_LOGIN_IN_MEMORY: App = App {
    name: "axum-login, memory",
    is_ours: false,
    bare: Some("/plain"),
    routes: &[PUBLIC, PROTECTED],
};

const AXUM_LOGIN: App = App {
    name: "axum-login, SQLite",
    ..AXUM_LOGIN_IN_MEMORY
};

const FLASK: App = App {
    name: "Flask, 2 workers",
    ..AXUM_LOGIN_IN_MEMORY
};

/// What to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    All,
    /// How fast they are, and what a flood of them leaves of the pages.
    LogIns,
}

/// Prints the table, and draws all of it into the book; a quick one beside the build.
pub(crate) fn run(part: Part, effort: Effort) -> anyhow::Result<()> {
    let programs = [("make", "make"), ("wrk", "wrk"), ("sqlite3", "sqlite3")];
    packages::install(&packages::missing(&programs))?;
    let venv = python::install("bench-flask", "bench/flask/requirements.txt", &[])?;
    let cffi = python::install(
        "bench-argon2-cffi",
        "bench/argon2-cffi/requirements.txt",
        &[],
    )?;
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let workspace = workspace.canonicalize()?;
    build(&workspace)?;
    let target = target_folder()?;
    let release = target.join("dist");
    let program = release.join("vestibule");

    let mut table = table::Table::default();
    if part == Part::All {
        let (start_ms, idle_mb) = program::measure_start(&program, effort)?;
        table.time("finished program, SQLite: start to first page", start_ms);
        table.memory("finished program, SQLite: memory after that", idle_mb);
        for (what, ms) in program::measure_admin(&program)? {
            table.time(&format!("{what}, {} users on SQLite", program::USERS), ms);
        }
    }

    let folders = tempfile::tempdir()?;
    let folder = |name: &str| {
        let folder = folders.path().join(name);
        fs::create_dir(&folder).map(|()| folder)
    };
    let axum_login = |store| {
        let program = release.join("bench-axum-login");
        Server::start(&program, &folder(store)?, &["--store", store])
    };
    let ours = |name: &str, arguments: &[&str]| {
        let program = release.join("bench-vestibule");
        Server::start(&program, &folder(name)?, arguments)
    };
    // Before the others start, as it is about parts of a millisecond, and they wake now and then.
    let timed = |counting: &str| {
        let server = ours(counting, &["--server-timing", "--throttle", counting])?;
        Contender::new(&VESTIBULE, server)
    };
    let [sql, memory, off] = [timed("sql")?, timed("memory")?, timed("off")?];
    table.one_by_one(&flood::one_by_one([&sql, &memory, &off], &release, effort)?);
    drop([sql, memory, off]);

    table.factors(&factors::measure(&release, effort)?);

    // All clients are in one network.
    let tries = ["--throttle-network-tries", "1000"];
    let registrations = ["--throttle-registrations", "1000"];
    let one_network = [tries, registrations].concat();
    let finished = Server::start(&program, &folder("program")?, &one_network)?;
    let sources = workspace.join("bench/flask");
    let flask = Server::gunicorn(&venv, &sources, &folder("flask")?)?;
    // The first has the bare axum route.
    let contenders = [
        Contender::new(&VESTIBULE, ours("vestibule", &[])?)?,
        Contender::new(&PROGRAM, finished)?,
        Contender::new(&AXUM_LOGIN_IN_MEMORY, axum_login("memory")?)?,
        Contender::new(&AXUM_LOGIN, axum_login("sqlite")?)?,
        Contender::new(&FLASK, flask)?,
    ];
    let mut measured = Vec::new();
    if part == Part::All {
        measured = load::measure(&contenders, effort)?;
        for measured in &measured {
            table.load(measured);
        }
        for contender in &contenders {
            let what = format!("{}: memory after the load", contender.app.name);
            table.memory(&what, contender.server.memory_mb()?);
        }
    }
    table.login_rates(&flood::rates(&contenders[0], &release, &cffi, effort)?);
    // Floods come last, and each ends its server: they leave gigabytes behind.
    for contender in contenders {
        let more: &[_] = match contender.app.is_ours {
            true => &[Tries::WrongAtOne, Tries::WrongAtMany],
            false => &[],
        };
        for tries in [&[Tries::LogIns], more].concat() {
            match flood::page(&contender, tries, effort) {
                Ok(flooded) => table.flooded(contender.app, tries, &flooded),
                Err(error) => table.lost(contender.app.name, &error),
            }
        }
    }
    table.print(effort)?;
    if part == Part::LogIns {
        return Ok(());
    }

    let drawing = match effort.is_quick() {
        true => target.join("bench.svg"),
        false => workspace.join("docs/src/bench.svg"),
    };
    Ok(fs::write(drawing, chart::draw(&measured))?)
}

fn build(workspace: &Path) -> anyhow::Result<()> {
    let packages = [
        "--package",
        "vestibule-server",
        "--package",
        "vestibule-bench",
    ];
    cargo(&[&["build", "--profile", "dist"][..], &packages].concat())?;
    let mut build = Command::new("cargo");
    build.args(["build", "--profile", "dist", "--locked", "--manifest-path"]);
    build.arg(workspace.join("bench/axum-login/Cargo.toml"));
    crate::run(build.arg("--target-dir").arg(target_folder()?))
}
