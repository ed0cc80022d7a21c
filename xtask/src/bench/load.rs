//! Requests by wrk: how many a second, and how long the slow ones take.

use std::process::Command;

use anyhow::{Context, bail};

use crate::bench::server::{Server, form};
use crate::bench::{Effort, PASSWORD, USERNAME, flood};

const CONNECTIONS: &str = "32";

/// What is put under load.
pub(super) struct App {
    pub(super) name: &'static str,
    pub(super) is_ours: bool,
    /// The path of a route without the login layer.
    pub(super) bare: Option<&'static str>,
    pub(super) routes: &'static [Route],
}

/// A route that is measured.
pub(super) struct Route {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    pub(super) visitor: Visitor,
    /// What has to be in the answer.
    pub(super) shows: &'static str,
    /// The share of the bare route that it should reach.
    pub(super) goal: Option<f64>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Visitor {
    Anonymous,
    LoggedIn,
}

/// An app that is running, with a user who is logged in.
pub(super) struct Contender {
    pub(super) app: &'static App,
    pub(super) server: Server,
    /// The header that says who is logged in.
    cookie: String,
}

/// What wrk measured in one run.
#[derive(Clone, Copy)]
pub(super) struct Sample {
    pub(super) requests_per_second: f64,
    pub(super) p99_ms: f64,
}

impl Sample {
    /// The medians of each.
    pub(super) fn median(samples: &[Self]) -> Self {
        let of = |value: fn(&Self) -> f64| median(samples.iter().map(value).collect());
        Self {
            requests_per_second: of(|sample| sample.requests_per_second),
            p99_ms: of(|sample| sample.p99_ms),
        }
    }

    /// From what wrk prints. Answers that say no count for nothing.
    pub(super) fn read(text: &str) -> anyhow::Result<Self> {
        let value = |name| {
            let mut lines = text.lines().map(str::trim);
            let value = lines.find_map(|line| line.strip_prefix(name));
            value.with_context(|| format!("wrk did not measure: {text}"))
        };
        let rate: f64 = value("Requests/sec:")?.trim().parse()?;
        let refused = match value("Non-2xx or 3xx responses:") {
            Ok(refused) => refused.trim().parse::<f64>()?,
            Err(_) => 0.0,
        };
        let mut words = text.lines().filter(|line| line.contains(" requests in "));
        let all = words.next().and_then(|line| line.split_whitespace().next());
        let all: f64 = all.context("the number of requests")?.parse()?;
        Ok(Self {
            requests_per_second: rate * (all - refused) / all.max(1.0),
            p99_ms: milliseconds(value("99%")?.trim())?,
        })
    }
}

/// A route in one round, and the bare route of the same server just before.
struct Pair {
    route: Sample,
    bare: Option<Sample>,
}

/// What came of a route: the medians of the rounds.
pub(super) struct Measured {
    pub(super) app: &'static App,
    pub(super) route: &'static str,
    pub(super) requests_per_second: f64,
    pub(super) p99_ms: f64,
    /// The share of the bare axum route: that of the first contender, in the same round.
    pub(super) of_bare_axum: f64,
    /// The share of the bare route of the same server.
    pub(super) of_own_bare: Option<f64>,
    pub(super) goal: Option<f64>,
}

/// Each route of each contender in each round, so that a slow minute hits all alike.
pub(super) fn measure(contenders: &[Contender], effort: Effort) -> anyhow::Result<Vec<Measured>> {
    for contender in contenders {
        contender.check()?;
    }
    // By contender, route and round.
    let mut pairs: Vec<Vec<Vec<Pair>>> = contenders
        .iter()
        .map(|contender| contender.app.routes.iter().map(|_| Vec::new()).collect())
        .collect();
    for _ in 0..effort.rounds {
        for (contender, pairs) in contenders.iter().zip(&mut pairs) {
            for (route, pairs) in contender.app.routes.iter().zip(pairs) {
                let bare = contender.app.bare.map(|path| {
                    let url = contender.server.url(path);
                    wrk(&url, contender.header(Visitor::LoggedIn), effort)
                });
                let url = contender.server.url(route.path);
                pairs.push(Pair {
                    bare: bare.transpose()?,
                    route: wrk(&url, contender.header(route.visitor), effort)?,
                });
            }
        }
    }
    let bare_axum = bare_axum(&pairs, effort)?;
    let summaries = contenders.iter().zip(&pairs);
    let summaries = summaries.map(|(contender, pairs)| contender.summary(pairs, &bare_axum));
    let mut measured: Vec<_> = summaries.flatten().collect();
    for measured in &mut measured {
        // For the first both are the same route: what ran just before tells more.
        if measured.app.name == contenders[0].app.name
            && let Some(share) = measured.of_own_bare
        {
            measured.of_bare_axum = share;
        }
    }
    Ok(measured)
}

impl Contender {
    /// With a user who is registered and logged in.
    pub(super) fn new(app: &'static App, server: Server) -> anyhow::Result<Self> {
        let of_floods = (0..flood::CLIENTS.parse()?).map(flood::username);
        for username in of_floods.chain([USERNAME.to_owned()]) {
            server.request("POST", "/register", "", &form(&username, PASSWORD))?;
        }
        let cookie = server.log_in(USERNAME, PASSWORD)?;
        Ok(Self {
            app,
            server,
            cookie,
        })
    }

    /// The header of the user who is logged in.
    pub(super) fn cookie(&self) -> Option<&str> {
        self.header(Visitor::LoggedIn)
    }

    fn header(&self, visitor: Visitor) -> Option<&str> {
        (visitor == Visitor::LoggedIn).then_some(&self.cookie)
    }

    /// Each route answers as it should, and who is not logged in sees no page of a user.
    fn check(&self) -> anyhow::Result<()> {
        let get = |path: &str, header: Option<&str>| {
            let header = header.map(|header| format!("{header}\r\n"));
            let header = header.unwrap_or_default();
            self.server.request("GET", path, &header, "")
        };
        for route in self.app.routes {
            let page = get(route.path, self.header(route.visitor))?;
            anyhow::ensure!(
                page.starts_with("HTTP/1.1 200") && page.contains(route.shows),
                "{}: {} does not show {}: {page}",
                self.app.name,
                route.path,
                route.shows
            );
        }
        let refused = get("/welcome", None)?;
        anyhow::ensure!(
            !refused.starts_with("HTTP/1.1 200"),
            "{}: /welcome serves everybody: {refused}",
            self.app.name
        );
        Ok(())
    }

    fn summary(&self, pairs: &[Vec<Pair>], bare_axum: &[f64]) -> Vec<Measured> {
        let measured = |route: &'static str, samples: &[Sample]| {
            let sample = Sample::median(samples);
            Measured {
                app: self.app,
                route,
                requests_per_second: sample.requests_per_second,
                p99_ms: sample.p99_ms,
                of_bare_axum: 0.0,
                of_own_bare: None,
                goal: None,
            }
        };
        let mut summary = Vec::new();
        if self.app.bare.is_some() {
            let samples: Vec<_> = pairs
                .iter()
                .flatten()
                .filter_map(|pair| pair.bare)
                .collect();
            let shares = pairs.iter().flat_map(|pairs| {
                let bare = pairs.iter().filter_map(|pair| pair.bare);
                bare.zip(bare_axum)
                    .map(|(bare, axum)| bare.requests_per_second / axum)
            });
            summary.push(Measured {
                of_bare_axum: median(shares.collect()),
                ..measured("bare route", &samples)
            });
        }
        for (route, pairs) in self.app.routes.iter().zip(pairs) {
            let samples: Vec<_> = pairs.iter().map(|pair| pair.route).collect();
            let of_axum = rates(&samples).into_iter().zip(bare_axum);
            let of_own = pairs.iter().filter_map(|pair| {
                Some(pair.route.requests_per_second / pair.bare?.requests_per_second)
            });
            let of_own: Vec<_> = of_own.collect();
            summary.push(Measured {
                of_bare_axum: median(of_axum.map(|(rate, axum)| rate / axum).collect()),
                of_own_bare: (!of_own.is_empty()).then(|| median(of_own)),
                goal: route.goal,
                ..measured(route.name, &samples)
            });
        }
        summary
    }
}

/// Requests/s of the bare route of the first contender, by round.
fn bare_axum(pairs: &[Vec<Vec<Pair>>], effort: Effort) -> anyhow::Result<Vec<f64>> {
    let routes = pairs.first().context("a contender")?;
    Ok((0..effort.rounds)
        .map(|round| {
            let bare = routes.iter().filter_map(|pairs| pairs[round].bare);
            median(bare.map(|bare| bare.requests_per_second).collect())
        })
        .collect())
}

fn rates(samples: &[Sample]) -> Vec<f64> {
    let rates = samples.iter().map(|sample| sample.requests_per_second);
    rates.collect()
}

pub(super) fn wrk(url: &str, header: Option<&str>, effort: Effort) -> anyhow::Result<Sample> {
    let mut wrk = Command::new("wrk");
    wrk.args(["--threads", "1", "--connections", CONNECTIONS, "--latency"]);
    wrk.arg(format!("--duration={}s", effort.seconds));
    if let Some(header) = header {
        wrk.args(["--header", header]);
    }
    let text = String::from_utf8(wrk.arg(url).output()?.stdout)?;
    if text.contains("Non-2xx") {
        bail!("{url} does not answer with a page: {text}");
    }
    Sample::read(&text)
}

/// wrk's way to write a time: `870.00us`, `1.20ms`, `1.02s`, `1.50m`.
fn milliseconds(text: &str) -> anyhow::Result<f64> {
    let is_digit = |c: char| c.is_ascii_digit() || c == '.';
    let number = text.trim_end_matches(|c| !is_digit(c));
    let factor = match &text[number.len()..] {
        "us" => 0.001,
        "ms" => 1.0,
        "s" => 1_000.0,
        "m" => 60_000.0,
        unit => bail!("wrk measured in {unit}"),
    };
    Ok(number.parse::<f64>()? * factor)
}

pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
