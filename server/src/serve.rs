//! Serving: the accept loop, its time-outs, and a graceful stop.

use std::future::{Future, pending};
use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use axum::Router;
use axum::extract::{ConnectInfo, State};
use axum::http::header::{CONNECTION, TRANSFER_ENCODING};
use axum::http::{HeaderValue, Request, StatusCode};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;
use tower_http::timeout::TimeoutLayer;
use vestibule::accounts::Account;
use vestibule::flows::Site;
use vestibule::login::login_required;

use crate::connections::{ConnectionLimits, Connections};
use crate::framing::StrictFraming;
use crate::host::{Reached, check_host};
use crate::log::request_line;
use crate::metrics;
use crate::settings::{ServingSettings, Settings};

/// How long a stop waits for the requests under way.
const GRACE: Duration = Duration::from_secs(10);

/// How long it then waits for what responses do not wait for.
const FINISH: Duration = Duration::from_secs(1);

/// About how many bytes a request's line and headers may have together; past that the answer
/// is 431. What a read brings at once may be up to twice as much.
const MAX_HEADER_BYTES: usize = 32 * 1024;

pub(crate) async fn serve(settings: Settings) -> anyhow::Result<()> {
    let address = settings.serving.listen;
    if settings.serving.metrics_listen == Some(address) && address.port() != 0 {
        bail!("--metrics-listen and --listen are both {address}; choose another for one");
    }
    // The ports first, so that a second start by mistake touches nothing.
    let listener = listen(address, "--listen").await?;
    let metrics = match settings.serving.metrics_listen {
        Some(address) => Some(listen(address, "--metrics-listen").await?),
        None => None,
    };
    let address = listener.local_addr()?;
    let public_url = settings.serving.public_url_at(address)?;
    let site = settings.open_site(public_url.clone()).await?;
    let reached = Reached {
        public_url: public_url.clone(),
        trusted_proxies: settings.serving.trusted_proxies.clone(),
        probes: &PROBES,
    };
    let app = app(&site, &settings)
        .layer(from_fn_with_state(reached, check_host))
        .with_state(());
    let limits = connection_limits(&settings);
    let stop = stop_signal()?;
    let mut said = format!("Open {public_url} (Ctrl-C stops)\n");
    if let Some(listener) = metrics {
        let (address, path) = (listener.local_addr()?, metrics::PATH);
        said += &format!("Metrics at http://{address}{path}\n");
        let (app, settings) = (metrics::record()?, settings.clone());
        // A monitor needs few connections. A flood of the site does not take them.
        let limits = ConnectionLimits {
            in_all: MONITORS,
            ..limits.clone()
        };
        // As long as the rest.
        tokio::spawn(async move { accept(listener, app, &settings, limits, pending()).await });
    }
    std::io::stdout().write_all(said.as_bytes())?;
    if settings.serving.has_untrusted_proxy() {
        tracing::warn!("{}", ServingSettings::PROXY_NOT_TRUSTED);
    }
    tracing::info!(%address, %public_url, "serving");
    accept(listener, app, &settings, limits, stop).await;
    if tokio::time::timeout(FINISH, site.finish()).await.is_err() {
        tracing::warn!("the security log may lack lines of the last requests");
    }
    Ok(())
}

/// What a monitor asks, and anybody may.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];

/// The site, the probes, and a line in the log for each request. What is on no list of public
/// routes serves nobody who is not logged in, whatever it forgets to ask; an address that does
/// not exist neither.
pub(crate) fn app(site: &Site, settings: &Settings) -> Router {
    let public = site.public_routes().chain(PROBES);
    let default_deny = login_required::<Account>().except(public);
    let probes = Router::new()
        .route(PROBES[0], get(|| async { "ok" }))
        .route(PROBES[1], get(ready))
        .with_state(site.clone());
    let timeout = TimeoutLayer::with_status_code(
        StatusCode::REQUEST_TIMEOUT,
        settings.serving.request_timeout,
    );
    let routes = site.routes().merge(probes).layer(default_deny);
    site.wrap(routes.layer(timeout))
        .layer(from_fn(request_line))
        // Or axum would make each route, with all its layers, anew for each request.
        .with_state(())
}

async fn ready(State(site): State<Site>) -> Result<&'static str, vestibule::Error> {
    site.is_ready().await?;
    Ok("ready")
}

/// `setting` is where the address comes from.
async fn listen(address: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let advice = match error.kind() {
            ErrorKind::AddrInUse => "another program has that port: stop it, or",
            ErrorKind::PermissionDenied => "this user may not have that port:",
            _ => "if this machine has no such address,",
        };
        let said = format!("cannot listen on {address}: {advice} choose another with {setting}");
        anyhow::Error::from(error).context(said)
    })
}

/// Serves until told to stop.
///
/// In place of `axum::serve`, which gives hyper no timer: without one a client that sends half
/// a header keeps its connection for ever.
async fn accept(
    listener: TcpListener,
    app: Router,
    settings: &Settings,
    limits: ConnectionLimits,
    stop: impl Future<Output = ()>,
) {
    let connections = Connections::new(limits);
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(settings.serving.header_timeout)
        .max_buf_size(MAX_HEADER_BYTES);
    let graceful = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    wait_for_handles().await;
                    continue;
                }
            },
            () = &mut stop => break,
        };
        let Some(place) = connections.admit(peer.ip()) else {
            tracing::debug!(%peer, "a connection was refused: all others are busy");
            continue;
        };
        let place = Arc::new(place);
        // Small answers go out at once. A socket that cannot do that serves all the same.
        stream.set_nodelay(true).ok();
        // Events and session protection ask where a request comes from.
        let (app, of_requests) = (app.clone(), place.clone());
        let app = tower::service_fn(move |mut request: Request<_>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            // `StrictFraming` does not know where the next request would begin.
            let is_last = request.headers().contains_key(TRANSFER_ENCODING);
            let (app, busy) = (app.clone(), of_requests.begin());
            async move {
                let mut answer = app.oneshot(request).await;
                if let Some(answer) = answer.as_mut().ok().filter(|_| is_last) {
                    let close = HeaderValue::from_static("close");
                    answer.headers_mut().insert(CONNECTION, close);
                }
                drop(busy);
                answer
            }
        });
        let service = TowerToHyperService::new(app);
        // A client that does not read its answers loses its connection too.
        let mut stream = TimeoutStream::new(StrictFraming::new(stream));
        stream.set_write_timeout(Some(settings.serving.request_timeout));
        let stream = TokioIo::new(Box::pin(stream));
        let connection = graceful.watch(http.serve_connection(stream, service));
        let of_task = place.clone();
        let task = tokio::spawn(async move {
            let _place = of_task;
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
        place.served_by(task.abort_handle());
    }
    drop(listener);
    tracing::info!("stopping");
    if tokio::time::timeout(GRACE, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests were cut off");
    }
}

/// How many connections the metrics may have.
const MONITORS: usize = 64;

/// File handles for anything but connections: databases, logs, listeners.
const OTHER_HANDLES: u64 = 256;

/// The limits of the settings, or as many connections as the system gives file handles for.
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

/// No connection is accepted when the system has no file handle left: lets some close.
#[expect(
    clippy::disallowed_methods,
    reason = "there is nothing to wait for but time"
)]
async fn wait_for_handles() {
    tokio::time::sleep(Duration::from_millis(50)).await;
}

/// Ends at Ctrl-C, or at SIGTERM. Listens from now on: a program that says it serves must not
/// be killed by the stop that comes right after.
#[cfg(unix)]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends at Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
