//! Serving: the accept loop, its time-outs, and a graceful stop.

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{ALLOW, CONNECTION, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Request, Response, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;
use tower_http::timeout::TimeoutLayer;
use vestibule::flows::Site;

use crate::connections::{ConnectionLimits, Connections};
use crate::framing::StrictFraming;
use crate::host::{Reached, check_host};
use crate::listener::{Accepted, Bound, Listener};
use crate::log::request_line;
use crate::metrics;
use crate::settings::{ListenAddress, MailSettings, ServingSettings, Settings};
use crate::signals::{StopSignal, ignore_hang_up};

/// How long a stop waits for requests in progress. Docker kills after 10 seconds.
const STOP_WITHIN: Duration = Duration::from_secs(8);

/// The approximate maximum size of a request's line and headers together; the response to more is
/// 431. One read may bring up to twice as much.
const MAX_HEADER_BYTES: usize = 32 * 1024;

pub(crate) async fn serve(settings: Settings) -> anyhow::Result<()> {
    let serving = &settings.serving;
    let metrics = serving.metrics_listen.map(ListenAddress::Tcp);
    if let Some(ListenAddress::Tcp(address)) = &metrics
        && serving.listen == ListenAddress::Tcp(*address)
        && address.port() != 0
    {
        bail!("--metrics-listen and --listen are both {address}; choose another for one");
    }
    let mut stop = StopSignal::new()?;
    ignore_hang_up()?;
    // Bind the addresses first, so that a second start by mistake changes nothing.
    let bound = Bound::at(&serving.listen, "--listen")?;
    let metrics = metrics.map(|address| Bound::at(&address, "--metrics-listen"));
    let metrics = metrics.transpose()?;
    let (address, public_url) = (
        bound.address().clone(),
        serving.public_url_at(bound.address())?,
    );
    // The site may send mails as soon as it is open.
    let recorded = metrics.is_some().then(metrics::record).transpose()?;
    let site = tokio::select! {
        site = settings.open_site(public_url.clone()) => site?,
        () = stop.received() => return Ok(()),
    };
    let reached = Reached {
        public_url: public_url.clone(),
        trusted_proxies: serving.trusted_proxies.clone(),
        probes: &PROBES,
    };
    let app = app(&site, &settings)
        .layer(from_fn_with_state((reached, site.clone()), check_host))
        .with_state(());
    let limits = connection_limits(&settings);
    if let Some(problem) = serving.untrusted_proxy() {
        tracing::warn!("{problem}");
    }
    if !site.has_mail() {
        tracing::info!("{}", MailSettings::NO_MAIL);
    }
    tracing::info!(%address, %public_url, "serving");
    let mut said = String::new();
    if let (Some(bound), Some(recorded)) = (metrics, recorded) {
        said = format!("Metrics at http://{}{}\n", bound.address(), metrics::PATH);
        // A monitor needs few connections. They are counted apart, so that a flood of the site
        // cannot take them.
        let limits = ConnectionLimits {
            in_all: MONITORS,
            ..limits.clone()
        };
        let server = Server::new(recorded, serving, limits);
        let listener = bound.listen()?;
        // Serves until the program ends.
        tokio::spawn(async move { server.accept(&listener).await });
    }
    let listener = bound.listen()?;
    // Print this last at the start, so that the operator finds it.
    said += &format!("Open {public_url} (Ctrl-C stops)\n");
    std::io::stdout().write_all(said.as_bytes())?;
    let server = Server::new(app, serving, limits);
    tokio::select! {
        () = server.accept(&listener) => {}
        () = stop.received() => {}
    }
    drop(listener);
    tracing::info!("stopping");
    let finished = async {
        server.finish().await;
        site.finish().await;
    };
    tokio::select! {
        finished = timeout(STOP_WITHIN, finished) => if finished.is_err() {
            tracing::warn!("some requests or mails were cut off: they had not ended after {STOP_WITHIN:?}");
        },
        () = stop.received() => tracing::warn!("some requests or mails were cut off: told to stop again"),
    }
    Ok(())
}

/// The paths for monitors, open to anybody.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// The site, the probes, and a line in the log for each request. A route that is not listed as
/// public serves only users who are logged in, even if it has no guard.
pub(crate) fn app(site: &Site, settings: &Settings) -> Router {
    // A monitor may ask the program directly, or through the proxy.
    let base = site.public_url().route_path();
    let probes = Router::new()
        .route(PROBES[0], get(|| async { "ok" }))
        .route(PROBES[1], get(ready))
        .with_state(site.clone());
    let probes = match base {
        "" => probes,
        _ => site.public_url().nest(probes.clone()).merge(probes),
    };
    let public = ["", base].map(|base| PROBES.map(|probe| format!("{base}{probe}")));
    let timeout = TimeoutLayer::with_status_code(
        StatusCode::REQUEST_TIMEOUT,
        settings.serving.request_timeout,
    );
    let routes = site.deny_by_default(site.routes().merge(probes), public.concat());
    site.wrap(routes.layer(timeout))
        .layer(from_fn(request_line))
        // Otherwise axum would build each route, with all its layers, for each request.
        .with_state(())
}

/// The log says what is wrong.
async fn ready(State(site): State<Site>) -> (StatusCode, &'static str) {
    match site.is_ready().await {
        Ok(()) => (StatusCode::OK, "ready"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready"),
    }
}

/// Serves an app on each connection.
///
/// It replaces `axum::serve`, which gives hyper no timer: without one, a client that sends half a
/// header keeps its connection forever.
struct Server {
    app: Router,
    http: hyper::server::conn::http1::Builder,
    connections: Connections,
    write_timeout: Duration,
    graceful: GracefulShutdown,
}

impl Server {
    fn new(app: Router, settings: &ServingSettings, limits: ConnectionLimits) -> Self {
        let mut http = hyper::server::conn::http1::Builder::new();
        http.timer(TokioTimer::new())
            .header_read_timeout(settings.header_timeout)
            .max_buf_size(MAX_HEADER_BYTES);
        Self {
            app,
            http,
            connections: Connections::new(limits),
            write_timeout: settings.request_timeout,
            graceful: GracefulShutdown::new(),
        }
    }

    /// Accepts connections until it is dropped. Accepted connections continue.
    async fn accept(&self, listener: &Listener) {
        loop {
            match listener.accept().await {
                Ok(Accepted::Tcp(stream, peer)) => self.serve(stream, Some(peer)),
                #[cfg(unix)]
                Ok(Accepted::Unix(stream)) => self.serve(stream, None),
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    wait_for_handles().await;
                }
            }
        }
    }

    /// Serves a connection in a task of its own.
    fn serve<S>(&self, stream: S, peer: Option<SocketAddr>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let Some(place) = self.connections.admit(peer.map(|peer| peer.ip())) else {
            tracing::debug!(?peer, "rejected a connection: all others are busy");
            return;
        };
        let place = Arc::new(place);
        let (app, of_requests) = (self.app.clone(), place.clone());
        let app = tower::service_fn(move |mut request: Request<_>| {
            // Events and session protection need the address of the client.
            if let Some(peer) = peer {
                request.extensions_mut().insert(ConnectInfo(peer));
            }
            // `StrictFraming` does not know where the next request would begin.
            let is_last = request.headers().contains_key(TRANSFER_ENCODING);
            let (app, busy) = (app.clone(), of_requests.begin());
            async move {
                let mut answer = app.oneshot(request).await;
                if let Ok(answer) = &mut answer {
                    finish_headers(answer, is_last);
                }
                drop(busy);
                answer
            }
        });
        let service = TowerToHyperService::new(app);
        // A client that does not read its answers loses its connection too.
        let mut stream = TimeoutStream::new(StrictFraming::new(stream));
        stream.set_write_timeout(Some(self.write_timeout));
        let stream = TokioIo::new(Box::pin(stream));
        let connection = self.http.serve_connection(stream, service);
        let connection = self.graceful.watch(connection);
        let of_task = place.clone();
        let task = tokio::spawn(async move {
            let _place = of_task;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
        place.served_by(task.abort_handle());
    }

    /// Closes each connection after its current request. Returns when all are closed.
    async fn finish(self) {
        // A connection with half a head would stay open until its time-out.
        self.connections.close_unserved();
        self.graceful.shutdown().await;
    }
}

/// Changes headers as only the outermost layer can. axum adds `Allow` to every response to a method
/// that the route does not have, even to a redirect to the login page.
fn finish_headers<B>(answer: &mut Response<B>, is_last: bool) {
    if answer.status() != StatusCode::METHOD_NOT_ALLOWED {
        answer.headers_mut().remove(ALLOW);
    }
    if is_last {
        let close = HeaderValue::from_static("close");
        answer.headers_mut().insert(CONNECTION, close);
    }
}

/// The maximum number of connections to the metrics.
const MONITORS: usize = 64;

/// File handles for anything but connections: databases, logs, listeners.
const OTHER_HANDLES: u64 = 256;

/// The limits of the settings, or fewer connections if the system gives too few file handles.
fn connection_limits(settings: &Settings) -> ConnectionLimits {
    let serving = &settings.serving;
    let wanted = u64::from(serving.max_connections);
    let handles = rlimit::increase_nofile_limit(wanted + OTHER_HANDLES);
    let handles = handles.unwrap_or(wanted + OTHER_HANDLES);
    let possible = handles.saturating_sub(OTHER_HANDLES).max(handles / 2);
    if possible < wanted {
        tracing::warn!(
            file_handles = handles,
            connections = possible,
            "the system gives too few file handles for --max-connections; raise them by `ulimit \
             -n` or LimitNOFILE"
        );
    }
    let count = |count: u64| usize::try_from(count).unwrap_or(usize::MAX).max(1);
    ConnectionLimits {
        in_all: count(possible.min(wanted)),
        from_one_network: count(serving.max_connections_per_network.into()),
        trusted_proxies: serving.trusted_proxies.clone(),
    }
}

/// Waits for some connections to close, because the system has no file handle left for a new one.
#[expect(
    clippy::disallowed_methods,
    reason = "there is nothing to wait for but time"
)]
async fn wait_for_handles() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}
