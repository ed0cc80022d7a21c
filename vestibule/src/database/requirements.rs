//! The settings that an app's own pool needs, as far as a query can show them.

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::connection::Connection;

/// Checks the settings of one connection.
///
/// # Errors
/// [`DbErr::Migration`] when one of our guarantees would not hold with them.
pub(super) async fn check(connection: &Connection) -> Result<(), DbErr> {
    match connection.get_database_backend() {
        DbBackend::Sqlite => check_sqlite(connection).await,
        DbBackend::MySql => check_mysql(connection).await,
        _ => Ok(()),
    }
}

async fn check_sqlite(connection: &Connection) -> Result<(), DbErr> {
    let number = async |pragma: &str| {
        let query = Statement::from_string(DbBackend::Sqlite, format!("PRAGMA {pragma}"));
        let row = connection.query_one_raw(query).await?;
        row.map_or(Ok(0_i64), |row| row.try_get_by_index(0))
    };
    if number("foreign_keys").await? == 0 {
        return Err(DbErr::Migration(
            "the connections to SQLite do not enforce foreign keys, so what belongs to a session or \
             a user would stay when it is deleted: set `.foreign_keys(true)` in their \
             `SqliteConnectOptions`"
                .to_owned(),
        ));
    }
    if number("busy_timeout").await? == 0 {
        tracing::warn!(
            "the connections to SQLite do not wait for a lock, so requests fail while another one \
             writes: set `.busy_timeout(…)` in their `SqliteConnectOptions`"
        );
    }
    Ok(())
}

async fn check_mysql(connection: &Connection) -> Result<(), DbErr> {
    // The variable has another name in older versions of MariaDB.
    let query = "SHOW VARIABLES LIKE '%isolation'";
    let query = Statement::from_string(DbBackend::MySql, query);
    for row in connection.query_all_raw(query).await? {
        let level: String = row.try_get_by_index(1)?;
        if matches!(&*level, "REPEATABLE-READ" | "SERIALIZABLE") {
            return Ok(());
        }
    }
    Err(DbErr::Migration(
        "the connections to MySQL do not use `REPEATABLE READ`, so a session that is renewed could \
         escape its revocation: run `SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ` in \
         the `after_connect` of the pool"
            .to_owned(),
    ))
}
