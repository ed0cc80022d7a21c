//! A chat over a WebSocket, and the same messages as server-sent events. Both end when the user's
//! session does.
//!
//! `cargo run --example chat`, then open the address it prints.

use std::convert::Infallible;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use futures_util::stream::{self, Stream, StreamExt};
use http::StatusCode;
use serde::Deserialize;
use tokio::sync::broadcast;
use tracing_subscriber::filter::LevelFilter;
use vestibule::crypto::digest::constant_time_eq;
use vestibule::login::{LoginOutcome, User, UserId};
use vestibule::stores::MemoryStore;
use vestibule::{CurrentUser, Error, Login, LoginManager};

#[derive(Clone)]
struct Member(String);

impl User for Member {
    fn id(&self) -> UserId {
        self.0.as_str().into()
    }
}

async fn find(id: UserId) -> Result<Option<Member>, Infallible> {
    Ok((id.as_str() == "alice").then(|| Member(id.to_string())))
}

/// What everybody says, for everybody.
type Room = broadcast::Sender<String>;

async fn page() -> Html<&'static str> {
    Html(
        r#"<form method="post" action="/login">Password of alice (“open sesame”)
             <input type="password" name="password"><button>Log in</button></form>
           <form method="post" action="/logout"><button>Log out</button></form>
           <input id="line"><pre id="said"></pre>
           <script>
             const socket = new WebSocket("/chat");
             socket.onmessage = event => said.textContent += event.data + "\n";
             socket.onclose = () => said.textContent += "(closed)\n";
             line.onchange = () => { socket.send(line.value); line.value = ""; };
           </script>"#,
    )
}

/// The login layer has rejected a handshake from another site. `CurrentUser` rejects an anonymous
/// one with 401.
async fn chat(
    user: CurrentUser<Member>,
    login: Login<Member>,
    State(room): State<Room>,
    handshake: WebSocketUpgrade,
) -> Response {
    handshake.on_upgrade(async move |mut socket| {
        tokio::select! {
            () = talk(&mut socket, &user.0, &room) => {}
            // The session was checked at the handshake only. This is for all the time after it.
            () = login.until_logged_out() => {}
        }
        // The client may be gone already.
        socket.send(Message::Close(None)).await.ok();
    })
}

async fn talk(socket: &mut WebSocket, name: &str, room: &Room) {
    let mut said = room.subscribe();
    loop {
        tokio::select! {
            Some(Ok(message)) = socket.recv() => {
                if let Message::Text(line) = message {
                    // An error only if nobody is in the room.
                    room.send(format!("{name}: {line}")).ok();
                }
            }
            Ok(line) = said.recv() => {
                if socket.send(Message::text(line)).await.is_err() {
                    return;
                }
            }
            else => return,
        }
    }
}

async fn events(
    _: CurrentUser<Member>,
    login: Login<Member>,
    State(room): State<Room>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let said = stream::unfold(room.subscribe(), |mut said| async {
        let line = said.recv().await.ok()?;
        Some((Ok(Event::default().data(line)), said))
    });
    let until_logged_out = Box::pin(async move { login.until_logged_out().await });
    Sse::new(said.take_until(until_logged_out)).keep_alive(KeepAlive::default())
}

#[derive(Deserialize)]
struct LoginForm {
    password: String,
}

async fn log_in(login: Login<Member>, Form(form): Form<LoginForm>) -> Result<Response, Error> {
    if constant_time_eq(form.password.as_bytes(), b"open sesame") {
        let outcome = login.log_in(&Member("alice".to_owned())).await?;
        if outcome == LoginOutcome::LoggedIn {
            return Ok(Redirect::to("/").into_response());
        }
    }
    Ok((StatusCode::UNAUTHORIZED, page().await).into_response())
}

async fn log_out_everywhere(login: Login<Member>) -> Result<Redirect, Error> {
    login.log_out_everywhere().await?;
    Ok(Redirect::to("/"))
}

/// The app, for a site at this address.
pub(crate) fn app(public_url: &str) -> Result<Router, Error> {
    let manager = LoginManager::new(find, MemoryStore::new())
        .public_url(public_url.parse()?)
        .login_view("/");
    Ok(Router::new()
        .route("/", get(page))
        .route("/chat", get(chat))
        .route("/events", get(events))
        .route("/login", post(log_in))
        .route("/logout", post(log_out_everywhere))
        .with_state(broadcast::channel(100).0)
        .layer(manager.layer()))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://127.0.0.1:3000");
    axum::serve(listener, app("http://127.0.0.1:3000")?).await?;
    Ok(())
}
