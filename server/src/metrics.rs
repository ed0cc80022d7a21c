//! What a monitor reads: the metrics, in Prometheus's text format, at an address of their own where
//! nobody has to log in. There is nothing of visitors in them.

use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::time::interval;

/// Where they are.
pub(crate) const PATH: &str = "/metrics";

/// Prometheus's own, for version 0.0.4 of its text.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper ends, in seconds: a hash takes some hundredths, and nobody waits for more than a few.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How often what was recorded is summed up where nobody reads it: until then all of it is kept.
const SUM_UP_EVERY: Duration = Duration::from_secs(5);

/// Records from now on. Returns the app that shows what.
///
/// # Errors
/// When something else in this process records already.
pub(crate) fn record() -> anyhow::Result<Router> {
    let recorder = PrometheusBuilder::new().set_buckets(&BUCKETS)?;
    let recorded = recorder.install_recorder()?;
    describe();
    let summed_up = recorded.clone();
    tokio::spawn(async move {
        let mut again = interval(SUM_UP_EVERY);
        loop {
            again.tick().await;
            summed_up.run_upkeep();
        }
    });
    let show = async move || ([(CONTENT_TYPE, TEXT)], recorded.render());
    Ok(Router::new().route(PATH, get(show)))
}

fn describe() {
    describe_gauge!(
        "vestibule_hashing_queue",
        "Log-ins that wait for a hashing thread"
    );
    describe_histogram!(
        "vestibule_hashing_wait_seconds",
        Unit::Seconds,
        "How long they waited"
    );
    describe_histogram!(
        "vestibule_hashing_seconds",
        Unit::Seconds,
        "How long a hash took"
    );
    describe_counter!(
        "vestibule_throttled_total",
        "Tries at a password that were rejected unseen, as too many wrong ones came before"
    );
    describe_counter!(
        "vestibule_hashing_refused_total",
        "Log-ins sent away as the queue was full or too slow"
    );
}
