//! Roles and permissions with your own user type: a blog where writers edit their own posts,
//! editors edit all posts, and admins see the statistics.
//!
//! `cargo run --example roles`, then open the address it prints.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRef, FromRequestParts, Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use http::StatusCode;
use serde::Deserialize;
use tracing_subscriber::filter::LevelFilter;
use vestibule::access::Rule::{self, AllOf, AnyOf, FreshLogin, Permission, Role};
use vestibule::access::{Guard, Rights, access_required};
use vestibule::crypto::digest::constant_time_eq;
use vestibule::login::{LoginOutcome, Next, User, UserId, login_required};
use vestibule::stores::MemoryStore;
use vestibule::{Allowed, CurrentUser, Error, Login, LoginManager, Result};

#[derive(Clone)]
struct Member {
    name: String,
    rights: Rights,
}

impl User for Member {
    fn id(&self) -> UserId {
        self.name.as_str().into()
    }

    fn has_role(&self, role: &str) -> bool {
        self.rights.has_role(role)
    }

    fn can(&self, permission: &str) -> bool {
        self.rights.can(permission)
    }
}

/// Your app would load these from a table.
fn member(name: &str) -> Option<Member> {
    let rights = match name {
        "ada" => Rights::new(["admin"], ["posts.write", "posts.edit"]),
        "eve" => Rights::new(["editor"], ["posts.write", "posts.edit"]),
        "will" | "wendy" => Rights::new(["writer"], ["posts.write"]),
        "rita" => Rights::none(),
        _ => return None,
    };
    let name = name.to_owned();
    Some(Member { name, rights })
}

async fn find(id: UserId) -> Result<Option<Member>, Infallible> {
    Ok(member(id.as_str()))
}

#[derive(Clone)]
struct Post {
    author: String,
    text: String,
}

impl Post {
    /// The author may edit the post, and users who may edit all posts.
    fn may_be_edited_by(&self, user: &CurrentUser<Member>) -> bool {
        let is_author = self.author == user.name && user.can("posts.write");
        is_author || user.can("posts.edit")
    }
}

/// The posts, by their numbers.
#[derive(Clone)]
struct Posts(Arc<Mutex<BTreeMap<u32, Post>>>);

impl Posts {
    fn find(&self, number: u32) -> Option<Post> {
        let posts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        posts.get(&number).cloned()
    }

    fn write(&self, number: u32, post: Post) {
        let mut posts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        posts.insert(number, post);
    }
}

/// The post that the path names: an extractor as any other.
struct PostOfPath {
    number: u32,
    post: Post,
}

impl<S: Send + Sync> FromRequestParts<S> for PostOfPath
where
    Posts: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(
        parts: &mut http::request::Parts,
        state: &S,
    ) -> Result<Self, StatusCode> {
        let number = Path::<u32>::from_request_parts(parts, state).await;
        let Path(number) = number.map_err(|_| StatusCode::NOT_FOUND)?;
        let post = Posts::from_ref(state).find(number);
        let post = post.ok_or(StatusCode::NOT_FOUND)?;
        Ok(Self { number, post })
    }
}

/// Lets users pass who may edit the post in the path.
struct EditPost;

impl Guard for EditPost {
    type User = Member;
    type Object = PostOfPath;
    const RULE: Rule = AnyOf(&[Permission("posts.write"), Permission("posts.edit")]);

    async fn allows(user: &CurrentUser<Member>, object: &PostOfPath) -> Result<bool> {
        Ok(object.post.may_be_edited_by(user))
    }
}

/// Everybody reads.
async fn read(
    user: Option<CurrentUser<Member>>,
    PostOfPath { number, post }: PostOfPath,
) -> Html<String> {
    let form = if user.is_some_and(|user| post.may_be_edited_by(&user)) {
        format!(
            r#"<form method="post" action="/posts/{number}"><label>New text
               <input name="text"></label><button>Save</button></form>"#
        )
    } else {
        String::new()
    };
    // A template engine escapes the text for you.
    let text = post.text.replace('&', "&amp;").replace('<', "&lt;");
    Html(format!("<p>{text}</p>{form}"))
}

#[derive(Deserialize)]
struct PostForm {
    text: String,
}

/// The guard brings the post that it let this user edit.
async fn edit(
    allowed: Allowed<EditPost>,
    State(posts): State<Posts>,
    Form(form): Form<PostForm>,
) -> Redirect {
    let PostOfPath { number, post } = &allowed.object;
    let author = post.author.clone();
    posts.write(
        *number,
        Post {
            author,
            text: form.text,
        },
    );
    Redirect::to(&format!("/posts/{number}"))
}

/// The rule of the router below; `AllOf(&[…])` with a fresh log-in asks for the password again.
const ADMINS: Rule = Role("admin");

async fn statistics(user: CurrentUser<Member>) -> String {
    format!("Statistics for {}", user.name)
}

async fn wipe() -> &'static str {
    "wiped"
}

#[derive(Deserialize)]
struct LoginForm {
    name: String,
    password: String,
}

#[derive(Deserialize)]
struct CameFrom {
    #[serde(default)]
    next: Next,
}

async fn log_in_page() -> Html<&'static str> {
    Html(
        r#"<form method="post"><label>Name (ada, eve, will, wendy or rita)<input name="name"></label>
           <label>Password (“open sesame”)<input type="password" name="password"></label>
           <button>Log in</button></form>"#,
    )
}

async fn log_in(
    login: Login<Member>,
    Query(came_from): Query<CameFrom>,
    Form(form): Form<LoginForm>,
) -> Result<Response> {
    // One password for all keeps the example short; see `own_users_sqlx.rs` for hashing.
    if constant_time_eq(form.password.as_bytes(), b"open sesame")
        && let Some(member) = member(&form.name)
        && login.log_in(&member).await? == LoginOutcome::LoggedIn
    {
        return Ok(Redirect::to(came_from.next.or("/posts/1")).into_response());
    }
    Ok((StatusCode::UNAUTHORIZED, log_in_page().await).into_response())
}

async fn log_out(login: Login<Member>) -> Result<Redirect> {
    login.log_out().await?;
    Ok(Redirect::to("/posts/1"))
}

/// The public routes. All others need a login.
pub(crate) const PUBLIC: [&str; 3] = ["GET /posts/{number}", "/login", "/logout"];

/// The app, for a site at this address.
pub(crate) fn app(public_url: &str) -> Result<Router, Error> {
    let posts = Posts(Arc::default());
    for (number, author) in [(1, "will"), (2, "wendy")] {
        let (author, text) = (author.to_owned(), format!("A post of {author}"));
        posts.write(number, Post { author, text });
    }
    let manager = LoginManager::new(find, MemoryStore::new())
        .public_url(public_url.parse()?)
        .login_view("/login")
        .refresh_view("/login");
    let admin = Router::new()
        .route("/statistics", get(statistics))
        .route_layer(access_required::<Member>(ADMINS));
    let danger = Router::new()
        .route("/wipe", post(wipe))
        .route_layer(access_required::<Member>(AllOf(&[ADMINS, FreshLogin])));
    Ok(Router::new()
        .route("/posts/{number}", get(read).post(edit))
        .nest("/admin", admin.merge(danger))
        .route("/login", get(log_in_page).post(log_in))
        .route("/logout", post(log_out))
        .with_state(posts)
        .layer(login_required::<Member>().except(PUBLIC))
        .layer(manager.layer()))
}

#[tokio::main]
#[allow(dead_code, clippy::print_stdout, reason = "tests take the app alone")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let log = tracing_subscriber::fmt();
    log.with_max_level(LevelFilter::INFO).init();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("Open http://127.0.0.1:3000/posts/1");
    axum::serve(listener, app("http://127.0.0.1:3000")?).await?;
    Ok(())
}
