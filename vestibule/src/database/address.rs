//! The address of a database, and the errors if it cannot be opened.

use std::fmt::Display;
use std::io::ErrorKind;

use sea_orm::sqlx;
use url::Url;

use crate::error::{Error, Result};

/// An address that a driver can read, or could in another build.
pub(super) struct Address(String);

impl Address {
    /// Accepts `mariadb://` for `mysql://`.
    ///
    /// # Errors
    /// When no database has such an address.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let Some((scheme, rest)) = url.split_once(':') else {
            return Err(unreadable());
        };
        match scheme {
            "sqlite" | "postgres" | "postgresql" | "mysql" => Ok(Self(url.to_owned())),
            "mariadb" => Ok(Self(format!("mysql:{rest}"))),
            _ => Err(unknown_scheme(scheme)),
        }
    }

    pub(super) fn url(&self) -> &str {
        &self.0
    }

    pub(super) fn scheme(&self) -> &str {
        self.0.split_once(':').map_or("", |(scheme, _)| scheme)
    }

    pub(super) fn is_sqlite(&self) -> bool {
        self.scheme() == "sqlite"
    }

    /// The error to return; it shows `shown`. Its kind depends on `cause`: [`Error::is_store`] if
    /// the server is not up yet, so that trying again may help, and [`Error::is_config`] otherwise.
    pub(super) fn cannot_connect(&self, shown: &impl Display, cause: &sqlx::Error) -> Error {
        let Some(address) = self.without_secrets() else {
            return unreadable();
        };
        let shown = shown.to_string().replace(self.url(), &address);
        let advice = self.advice(&shown);
        let message = format!("cannot open the database {address}: {shown}{advice}");
        match !self.is_sqlite() && is_not_up(cause) {
            true => Error::store(message),
            false => Error::config(message),
        }
    }

    fn advice(&self, shown: &str) -> String {
        if shown.contains("no supporting driver") {
            let feature = match self.scheme() {
                "postgresql" => "postgres",
                scheme => scheme,
            };
            return format!(
                "; this build has no driver for it: build it with `cargo build --features \
                 {feature}`"
            );
        }
        if !shown.contains("unable to open") {
            return String::new();
        }
        let advice = match self.url().contains("mode=rwc") {
            true => "; this user must be able to write the file and its folder",
            false => "; to create it, add `?mode=rwc` to its address",
        };
        format!("{advice}{}", self.advice_on_slashes())
    }

    /// SQLAlchemy reads `sqlite:///site.db` as a file in the current folder, sqlx as `/site.db`.
    fn advice_on_slashes(&self) -> String {
        let path = self.url().strip_prefix("sqlite:///");
        let path = path.and_then(|path| path.split('?').next());
        match path.filter(|path| !path.starts_with('/')) {
            Some(path) => format!(
                "; with three slashes it is the file /{path}; for {path} in the current folder, \
                 write sqlite://{path}"
            ),
            None => String::new(),
        }
    }

    /// The address without password and query, if it can be parsed.
    fn without_secrets(&self) -> Option<String> {
        let mut url = Url::parse(self.url()).ok()?;
        if url.password().is_some() {
            // Fails only for addresses that cannot have a password.
            url.set_password(Some("***")).ok();
        }
        url.set_query(None);
        url.set_fragment(None);
        Some(url.to_string())
    }
}

/// Whether a server may accept the connection soon: nothing listens, its name is not known yet, a
/// proxy cannot reach it, it is starting, or it has too many connections.
fn is_not_up(error: &sqlx::Error) -> bool {
    /// PostgreSQL's `cannot_connect_now` and `too_many_connections`, and MySQL's "Too many
    /// connections".
    const NOT_NOW: [&str; 3] = ["57P03", "53300", "08004"];
    match error {
        sqlx::Error::Io(error) => error.kind() != ErrorKind::PermissionDenied,
        sqlx::Error::PoolTimedOut => true,
        sqlx::Error::Database(error) => {
            let code = error.code();
            code.is_some_and(|code| NOT_NOW.contains(&&*code))
        }
        _ => false,
    }
}

/// Repeats no part of the address, which may contain a mistyped password.
fn unreadable() -> Error {
    Error::config(
        "the database's address cannot be read; write it like sqlite://FILE?mode=rwc or \
         postgres://USER:PASSWORD@HOST/NAME, with `%23` for a `#` in the password",
    )
}

fn unknown_scheme(scheme: &str) -> Error {
    // SQLAlchemy's addresses name a driver after the `+`.
    match scheme.split_once('+') {
        Some((name @ ("sqlite" | "postgres" | "postgresql" | "mysql" | "mariadb"), driver)) => {
            Error::config(format!(
                "the database's address begins with {name}+{driver}://, which names a driver of \
                 Python; write {name}:// in its place"
            ))
        }
        _ => Error::config(
            "the database's address must begin with sqlite://, postgres://, mysql:// or \
             mariadb://",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::Address;
    use crate::database::Database;

    #[tokio::test]
    async fn an_address_is_shown_without_its_password() {
        for (url, shown) in [
            ("postgres://app:hunter2@db.invalid/app", "db.invalid/app"),
            (
                "postgres://db.invalid/app?password=hunter2",
                "db.invalid/app",
            ),
            ("postgres://app:hunt#hunter2@db.invalid/app", "%23"),
            ("hunter2", "sqlite://FILE"),
            ("hunter2://app", "sqlite://"),
        ] {
            let error = Database::connect(url).await.unwrap_err();

            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
            assert!(error.to_string().contains(shown), "{error}");
        }
    }

    #[tokio::test]
    async fn an_address_that_only_another_library_reads_is_rejected_with_what_to_write() {
        for (url, advice) in [
            ("postgresql+psycopg2://app@db/app", "write postgresql://"),
            ("mysql+pymysql://app@db/app", "write mysql://"),
            ("sqlite+aiosqlite:///site.db", "write sqlite://"),
            (
                "sqlite:///no-such-folder/site.db",
                "/no-such-folder/site.db; for",
            ),
            (
                "sqlite:///no-such-folder/site.db",
                "write sqlite://no-such-folder/site.db",
            ),
        ] {
            let error = Database::connect(url).await.unwrap_err();

            assert!(error.is_config());
            assert!(error.to_string().contains(advice), "{error}");
        }
        let address = Address::parse("mariadb://app@db/app").unwrap();
        assert_eq!(address.url(), "mysql://app@db/app");
    }
}
