//! An API next to the pages: a client without a session sends a token, as `Authorization: Bearer`,
//! as the password of `Authorization: Basic`, or in `X-API-Key`.
//!
//! `cargo run --example api_tokens`, then
//! `curl -H "Authorization: Bearer vst_example_token_of_alice" http://127.0.0.1:3000/api/me`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::routing::get;
use axum::{Json, Router};
use headers::authorization::{Authorization, Basic, Bearer};
use headers::{HeaderMap, HeaderMapExt, HeaderValue};
use http::request::Parts;
use serde_json::{Value, json};
use tracing_subscriber::filter::LevelFilter;
use vestibule::crypto::digest::sha256;
use vestibule::login::{RequestLoader, User, UserId, UserLoader, login_required};
use vestibule::stores::MemoryStore;
use vestibule::{CurrentUser, Error, LoginManager};

#[derive(Clone)]
struct Member {
    name: String,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.name.as_str().into()
    }
}

/// The members by the SHA-256 of their tokens: a copy of this table opens nothing.
#[derive(Clone)]
struct Members(Arc<HashMap<[u8; 32], Member>>);

impl UserLoader<Member> for Members {
    async fn load(&self, id: UserId) -> Result<Option<Member>, Error> {
        Ok(self.0.values().find(|member| member.id() == id).cloned())
    }
}

/// Asked where no session says who it is. A token that is none is nobody's.
impl RequestLoader<Member> for Members {
    async fn load(&self, request: Parts) -> Result<Option<Member>, Error> {
        let token = token(&request.headers);
        Ok(token.and_then(|token| self.0.get(&sha256(token.as_bytes())).cloned()))
    }
}

fn token(headers: &HeaderMap) -> Option<String> {
    if let Some(bearer) = headers.typed_get::<Authorization<Bearer>>() {
        return Some(bearer.token().to_owned());
    }
    if let Some(basic) = headers.typed_get::<Authorization<Basic>>() {
        return Some(basic.password().to_owned());
    }
    Some(headers.get("x-api-key")?.to_str().ok()?.to_owned())
}

/// The same handler serves browsers with a session and scripts with a token.
async fn me(user: CurrentUser<Member>) -> Json<Value> {
    Json(json!({ "name": user.name, "has_session": user.session().is_some() }))
}

/// The app, for a site at this address.
pub(crate) fn app(public_url: &str) -> Result<Router, Error> {
    // Yours are random, 32 bytes of them, shown once when they are made.
    let tokens = [("vst_example_token_of_alice", "alice")].map(|(token, name)| {
        let name = name.to_owned();
        (sha256(token.as_bytes()), Member { name })
    });
    let members = Members(Arc::new(tokens.into()));
    let manager = LoginManager::new(members.clone(), MemoryStore::new())
        .public_url(public_url.parse()?)
        .request_loader(members)
        // What a 401 says about how to authenticate (RFC 9110 section 11.6.1).
        .challenge(HeaderValue::from_static("Bearer"));
    Ok(Router::new()
        .route("/api/me", get(me))
        .route("/api/health", get(|| async { "well" }))
        .layer(login_required::<Member>().except(["/api/health"]))
        .layer(manager.layer()))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Ask http://127.0.0.1:3000/api/me for yourself, with a token");
    axum::serve(listener, app("http://127.0.0.1:3000")?).await?;
    Ok(())
}
