//! The metrics, in Prometheus's text format, at their own address and without a log-in. They
//! contain no data of visitors.

use std::time::Duration;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::time::interval;

/// Their path.
pub(crate) const PATH: &str = "/metrics";

/// The content type of version 0.0.4 of Prometheus's text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Upper bounds, in seconds: a hash takes some hundredths, and nobody waits for more than a few
/// seconds.
const BUCKETS: [f64; 11] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How often to aggregate the recorded values if nobody reads them; until then, each takes memory.
const SUM_UP_EVERY: Duration = Duration::from_secs(5);

/// Starts recording. Returns the app that shows the metrics.
///
/// # Errors
/// When this process has another recorder.
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
        "How long log-ins waited for a hashing thread"
    );
    describe_histogram!(
        "vestibule_hashing_seconds",
        Unit::Seconds,
        "How long a hash took"
    );
    describe_counter!(
        "vestibule_throttled_total",
        "Password tries rejected without a check, because too many wrong ones came before"
    );
    describe_counter!(
        "vestibule_mails_total",
        "Tries to send a mail, by the state of the mail after it: sent, waiting for the next try, failed"
    );
    describe_counter!(
        "vestibule_mails_limited_total",
        "Mails that were not written, because their address had got enough of the kind"
    );
    describe_gauge!(
        "vestibule_mails_waiting",
        "Mails that wait to be sent, or to be tried again"
    );
    describe_counter!(
        "vestibule_hashing_refused_total",
        "Log-ins rejected because the hashing queue was full or too slow"
    );
}
