//! The users, as axum-login's example for SQLite keeps them.

use std::fmt;

use axum_login::{AuthUser, AuthnBackend, UserId};
use serde::Deserialize;
use sqlx::{FromRow, SqlitePool};
use tokio::task;

#[derive(Clone, FromRow)]
pub(crate) struct User {
    id: i64,
    pub(crate) username: String,
    password: String,
}

/// Without the password's hash.
impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("User").field(&self.id).finish()
    }
}

impl AuthUser for User {
    type Id = i64;

    fn id(&self) -> i64 {
        self.id
    }

    fn session_auth_hash(&self) -> &[u8] {
        self.password.as_bytes()
    }
}

#[derive(Clone, Deserialize)]
pub(crate) struct Credentials {
    username: String,
    password: String,
}

#[derive(Debug, Clone)]
pub(crate) struct Users(SqlitePool);

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
    #[error(transparent)]
    TaskJoin(#[from] task::JoinError),
}

impl Users {
    pub(crate) async fn open(pool: SqlitePool) -> Result<Self, Error> {
        let table = "create table if not exists users (id integer primary key not null, \
                     username text not null unique, password text not null)";
        sqlx::query(table).execute(&pool).await?;
        Ok(Self(pool))
    }

    /// Adds a user, or answers `false` where the name is taken.
    pub(crate) async fn register(&self, credentials: Credentials) -> Result<bool, Error> {
        let Credentials { username, password } = credentials;
        let hash = task::spawn_blocking(|| password_auth::generate_hash(password)).await?;
        let insert = sqlx::query("insert or ignore into users (username, password) values (?, ?)")
            .bind(username)
            .bind(hash);
        Ok(insert.execute(&self.0).await?.rows_affected() > 0)
    }
}

impl AuthnBackend for Users {
    type User = User;
    type Credentials = Credentials;
    type Error = Error;

    async fn authenticate(&self, credentials: Credentials) -> Result<Option<User>, Error> {
        let Credentials { username, password } = credentials;
        let user: Option<User> = sqlx::query_as("select * from users where username = ?")
            .bind(username)
            .fetch_optional(&self.0)
            .await?;
        let check =
            move |user: &User| password_auth::verify_password(&password, &user.password).is_ok();
        Ok(task::spawn_blocking(|| user.filter(check)).await?)
    }

    async fn get_user(&self, id: &UserId<Self>) -> Result<Option<User>, Error> {
        let query = sqlx::query_as("select * from users where id = ?").bind(id);
        Ok(query.fetch_optional(&self.0).await?)
    }
}
