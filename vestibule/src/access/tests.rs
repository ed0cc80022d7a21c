//! Guards, with a user type of the test's own.

mod guards;
mod route_table;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{FromRef, FromRequestParts, Path, State};
use axum::routing::{get, post};
use http::StatusCode;
use http::request::Parts;

use crate::access::Rule::{self, AllOf, AnyOf, FreshLogin, Permission, Role};
use crate::access::{Allowed, Guard, Rights, access_required, allowed};
use crate::error::{Error, Result};
use crate::login::{
    CurrentUser, Event, EventRecord, Login, LoginManager, LoginRejection, User, UserId,
    login_required,
};
use crate::stores::MemoryStore;
use crate::testing::TestClient;

#[derive(Debug, Clone, PartialEq)]
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

fn member(name: &str, roles: &[&str], permissions: &[&str]) -> Member {
    Member {
        name: name.to_owned(),
        rights: Rights::new(roles.iter().copied(), permissions.iter().copied()),
    }
}

/// All members; tests can change them.
#[derive(Clone, Default)]
struct Members(Arc<Mutex<Vec<Member>>>);

impl Members {
    fn set(&self, member: Member) {
        let mut members = self.0.lock().unwrap();
        members.retain(|other| other.name != member.name);
        members.push(member);
    }

    fn find(&self, id: &UserId) -> Option<Member> {
        let members = self.0.lock().unwrap();
        members.iter().find(|member| member.id() == *id).cloned()
    }
}

/// The state of the routes.
#[derive(Clone)]
struct App;

struct Admins;

impl Guard for Admins {
    type User = Member;
    type Object = ();
    const RULE: Rule = Role("admin");
}

struct Staff;

impl Guard for Staff {
    type User = Member;
    type Object = ();
    const RULE: Rule = AnyOf(&[Role("admin"), Permission("posts.edit")]);
}

struct Careful;

impl Guard for Careful {
    type User = Member;
    type Object = ();
    const RULE: Rule = AllOf(&[Role("admin"), FreshLogin]);
}

/// A post, found by the id in the path.
struct Post {
    author: &'static str,
}

struct Posts;

impl FromRef<App> for Posts {
    fn from_ref(_: &App) -> Self {
        Self
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Post
where
    Posts: FromRef<S>,
{
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        let State(Posts) = State::from_request_parts(parts, state).await.unwrap();
        let Path(id) = Path::<u32>::from_request_parts(parts, state)
            .await
            .map_err(|_| StatusCode::NOT_FOUND)?;
        match id {
            1 => Ok(Self { author: "alice" }),
            2 => Ok(Self { author: "bob" }),
            _ => Err(StatusCode::NOT_FOUND),
        }
    }
}

/// The author of the post.
struct EditPost;

impl Guard for EditPost {
    type User = Member;
    type Object = Post;
    const RULE: Rule = Permission("posts.edit");

    async fn allows(user: &CurrentUser<Member>, post: &Post) -> Result<bool> {
        Ok(post.author == user.name)
    }
}

/// As `EditPost`, but hidden from other users.
struct ReadDraft;

impl Guard for ReadDraft {
    type User = Member;
    type Object = Post;
    const RULE: Rule = Rule::Login;
    const HIDES: bool = true;

    async fn allows(user: &CurrentUser<Member>, post: &Post) -> Result<bool> {
        Ok(post.author == user.name)
    }
}

/// A guard whose check fails.
struct Broken;

impl Guard for Broken {
    type User = Member;
    type Object = ();
    const RULE: Rule = Rule::Login;

    async fn allows(_: &CurrentUser<Member>, (): &()) -> Result<bool> {
        Err(Error::store("down"))
    }
}

async fn edit(post: Allowed<EditPost>) -> String {
    format!("{} edits the post of {}", post.name, post.object.author)
}

async fn at_run_time(login: Login<Member>) -> Result<String, LoginRejection> {
    let user = login.require(Role("admin")).await?;
    Ok(user.name.clone())
}

async fn in_the_handler(
    user: CurrentUser<Member>,
    login: Login<Member>,
) -> axum::response::Result<String> {
    if !user.can("posts.edit") || user.has_role("guest") {
        return Err(login.forbidden().await.into());
    }
    Ok("may edit".to_owned())
}

fn routes() -> Router {
    let guarded = |rule: Rule| access_required::<Member>(rule);
    Router::new()
        .route(
            "/admin",
            get(|admin: Allowed<Admins>| async move { admin.name.clone() }),
        )
        .route("/staff", get(|_: Allowed<Staff>| async { "staff" }))
        .route("/careful", post(|_: Allowed<Careful>| async { "done" }))
        .route("/posts/{id}/edit", get(edit))
        .route(
            "/drafts/{id}",
            get(|_: Allowed<ReadDraft>| async { "a draft" }),
        )
        .route("/broken", get(|_: Allowed<Broken>| async { "never" }))
        .route("/at-run-time", get(at_run_time))
        .route("/in-the-handler", get(in_the_handler))
        .merge(
            Router::new()
                .route("/layer/admin", get(|| async { "by a layer" }))
                .route_layer(guarded(Role("admin"))),
        )
        .merge(
            Router::new()
                .route("/layer/careful", get(|| async { "by a layer" }))
                .route_layer(guarded(AllOf(&[Role("admin"), FreshLogin]))),
        )
        .merge(
            Router::new()
                .route("/layer/posts/{id}", get(|| async { "by a layer" }))
                .route_layer(allowed::<EditPost, _>(App)),
        )
        .merge(
            Router::new()
                .route("/layer/nobody", get(|| async { "by a layer" }))
                .route_layer(guarded(AnyOf(&[]))),
        )
        .route(
            "/files/{*path}",
            get(|_: CurrentUser<Member>| async { "a file" }),
        )
        .route(
            "/me",
            get(|user: CurrentUser<Member>| async move { user.name.clone() }),
        )
        .with_state(App)
        .route_layer(login_required::<Member>())
        .route("/login", get(|| async { "log in here" }))
}

struct Target {
    members: Members,
    app: Router,
    heard: Arc<Mutex<Vec<EventRecord>>>,
}

impl Target {
    fn new() -> Self {
        Self::with(|manager| manager)
    }

    fn with(change: impl FnOnce(LoginManager<Member>) -> LoginManager<Member>) -> Self {
        let (members, heard) = (
            Members::default(),
            Arc::<Mutex<Vec<EventRecord>>>::default(),
        );
        for member in [
            member("alice", &[], &["posts.edit"]),
            member("bob", &[], &[]),
            member("carol", &["admin"], &[]),
        ] {
            members.set(member);
        }
        let loader = {
            let members = members.clone();
            move |id: UserId| {
                let found = members.find(&id);
                async move { Ok::<_, Error>(found) }
            }
        };
        let listener = heard.clone();
        let manager = LoginManager::new(loader, MemoryStore::new())
            .public_url("https://example.com".parse().unwrap())
            .login_view("/login")
            .refresh_view("/confirm")
            .on_event(move |record| listener.lock().unwrap().push(record.clone()));
        Self {
            members,
            app: routes().layer(change(manager).layer()),
            heard,
        }
    }

    fn as_user(&self, name: &str) -> TestClient {
        let member = self.members.find(&name.into()).unwrap();
        TestClient::new(self.app.clone()).logged_in_as(&member)
    }

    fn anonymous(&self) -> TestClient {
        TestClient::new(self.app.clone())
    }

    fn forbidden(&self) -> Vec<EventRecord> {
        let heard = self.heard.lock().unwrap();
        let forbidden = heard
            .iter()
            .filter(|record| record.event == Event::Forbidden);
        forbidden.cloned().collect()
    }
}
