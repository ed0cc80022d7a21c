//! Triggers that report changes by other processes, or by hand in a SQL prompt.
//!
//! On PostgreSQL a trigger sends a notification. On SQLite and MySQL it increments a counter in the
//! table `vestibule_changes`, which watchers read.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::SchemaManager;
use sea_orm_migration::sea_query::{
    Alias, ColumnDef, Expr, ExprTrait, IndexCreateStatement, OnConflict, Query, Table,
};

use crate::error::{Error, Result};

const TABLE: &str = "vestibule_changes";
pub(super) const CHANNEL: &str = "vestibule_changes";
/// The first letter of a counter's name, and of a notification. The byte concerned follows in
/// hexadecimal.
pub(super) const SESSIONS: char = 's';
pub(super) const USERS: char = 'i';
/// The letter for users in versions that took another byte of the id. Triggers of theirs may still
/// be in use, and nodes; to each the other's letter means that everything changed.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) const FORMER_USERS: char = 'u';
/// The number of rows of this version: per kind, one counter for each byte and one for all; and the quiet flag.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) const COUNT: usize = 2 * (256 + 1) + 1;
/// Used instead of the byte for all of them.
const ALL: &str = "**";
/// While this row is 1, the current transaction need not be reported.
const QUIET: &str = "qui";

/// Whose changes a trigger reports.
#[derive(Debug, Clone, Copy)]
pub(crate) enum About {
    /// The session whose id is in this column.
    Session(&'static str),
    /// The user whose id is in this column.
    User(&'static str),
    /// All users.
    Users,
}

/// When a trigger fires.
#[derive(Debug, Clone, Copy)]
pub(crate) enum When {
    Inserted,
    Deleted,
    /// One of these columns changed, or this one decreased.
    Updated(&'static [&'static str], Option<&'static str>),
}

/// Creates the table of counters, if it does not exist. Any part of the library with triggers may
/// be the first to need it.
async fn create_counters(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let column = |name: &str| Alias::new(name.to_owned());
    let table = Table::create()
        .table(column(TABLE))
        .if_not_exists()
        .col(
            ColumnDef::new(column("shard"))
                .char_len(3)
                .not_null()
                .primary_key(),
        )
        .col(ColumnDef::new(column("changes")).big_integer().not_null())
        .to_owned();
    manager.create_table(table).await?;
    let mut shards = vec![QUIET.to_owned()];
    if manager.get_database_backend() != DbBackend::Postgres {
        for kind in [SESSIONS, USERS] {
            shards.push(format!("{kind}{ALL}"));
            shards.extend((0..=255_u8).map(|byte| format!("{kind}{byte:02X}")));
        }
    }
    let mut insert = Query::insert()
        .into_table(column(TABLE))
        .columns([column("shard"), column("changes")])
        // MySQL has no other syntax for this.
        .on_conflict(
            OnConflict::column(column("shard"))
                .update_column(column("shard"))
                .to_owned(),
        )
        .to_owned();
    for shard in shards {
        insert.values_panic([shard.into(), 0.into()]);
    }
    manager.exec_stmt(insert).await
}

/// A trigger: its table, when it fires, and whose changes it reports.
pub(crate) type Trigger = (&'static str, When, About);

/// Creates triggers, replacing those of the same name, and the counters they need.
pub(crate) async fn create_triggers(
    manager: &SchemaManager<'_>,
    triggers: &[Trigger],
) -> Result<(), DbErr> {
    create_counters(manager).await?;
    for (table, when, about) in triggers {
        create_trigger(manager, table, *when, *about).await?;
    }
    Ok(())
}

/// Removes triggers, but keeps the table of counters, which others may use.
pub(crate) async fn drop_triggers(
    manager: &SchemaManager<'_>,
    triggers: &[Trigger],
) -> Result<(), DbErr> {
    for (table, when, _) in triggers {
        drop_trigger(manager, table, *when).await?;
    }
    Ok(())
}

async fn create_trigger(
    manager: &SchemaManager<'_>,
    table: &str,
    when: When,
    about: About,
) -> Result<(), DbErr> {
    drop_trigger(manager, table, when).await?;
    let name = trigger_name(table, when);
    let backend = manager.get_database_backend();
    let (event, row) = match when {
        When::Inserted => ("INSERT", "NEW"),
        When::Deleted => ("DELETE", "OLD"),
        When::Updated(..) => ("UPDATE", "OLD"),
    };
    let shard = shard(backend, about, row);
    let mut conditions = vec![match when {
        When::Updated(columns, back) => is_changed(backend, columns, back),
        _ => "TRUE".to_owned(),
    }];
    // If the flag's row is missing, still report.
    let quiet = format!("SELECT changes FROM {TABLE} WHERE shard = '{QUIET}'");
    let is_quiet = format!("coalesce(({quiet}), 0) = 1");
    if matches!((when, about), (When::Deleted, About::Session(_))) {
        conditions.push(format!("NOT {is_quiet}"));
    }
    let condition = conditions.join(" AND ");
    let count = format!("UPDATE {TABLE} SET changes = changes + 1 WHERE shard = {shard};");
    let connection = manager.get_connection();
    let trigger = match backend {
        DbBackend::Postgres => {
            let function = format!(
                "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 IF {condition} THEN PERFORM pg_notify('{CHANNEL}', {shard}); END IF; \
                 RETURN NULL; END $$"
            );
            connection.execute_unprepared(&function).await?;
            format!(
                "CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW \
                 EXECUTE FUNCTION {name}()"
            )
        }
        DbBackend::MySql => format!(
            "CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW \
             IF {condition} THEN {count} END IF"
        ),
        _ => format!(
            "CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW \
             WHEN {condition} BEGIN {count} END"
        ),
    };
    connection.execute_unprepared(&trigger).await?;
    if backend == DbBackend::Postgres && matches!(when, When::Deleted) {
        create_truncate_trigger(manager, table, about).await?;
    }
    Ok(())
}

/// Removes the trigger, if it exists.
async fn drop_trigger(manager: &SchemaManager<'_>, table: &str, when: When) -> Result<(), DbErr> {
    let name = trigger_name(table, when);
    let connection = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        let triggers = [
            format!("DROP TRIGGER IF EXISTS {name} ON {table}"),
            format!("DROP TRIGGER IF EXISTS {name}_truncate ON {table}"),
            format!("DROP FUNCTION IF EXISTS {name}_truncate()"),
            format!("DROP FUNCTION IF EXISTS {name}()"),
        ];
        for statement in triggers {
            connection.execute_unprepared(&statement).await?;
        }
        return Ok(());
    }
    let drop = format!("DROP TRIGGER IF EXISTS {name}");
    connection.execute_unprepared(&drop).await?;
    Ok(())
}

/// `TRUNCATE` empties a table without deleting rows one by one.
async fn create_truncate_trigger(
    manager: &SchemaManager<'_>,
    table: &str,
    about: About,
) -> Result<(), DbErr> {
    let name = format!("{}_truncate", trigger_name(table, When::Deleted));
    let all = match about {
        About::Session(_) => SESSIONS,
        About::User(_) | About::Users => USERS,
    };
    let connection = manager.get_connection();
    let function = format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM pg_notify('{CHANNEL}', '{all}{ALL}'); RETURN NULL; END $$"
    );
    connection.execute_unprepared(&function).await?;
    let trigger = format!(
        "CREATE TRIGGER {name} AFTER TRUNCATE ON {table} FOR EACH STATEMENT \
         EXECUTE FUNCTION {name}()"
    );
    connection.execute_unprepared(&trigger).await?;
    Ok(())
}

fn trigger_name(table: &str, when: When) -> String {
    let event = match when {
        When::Inserted => "insert",
        When::Deleted => "delete",
        When::Updated(..) => "update",
    };
    format!("vestibule_{table}_{event}")
}

/// The name of the counter, by the first byte of a session's id, which is a digest, or by the
/// byte of a user's that the feed takes too, in `session::feed`.
fn shard(backend: DbBackend, about: About, row: &str) -> String {
    let (kind, byte) = match about {
        About::Users => return format!("'{USERS}{ALL}'"),
        About::Session(column) => (SESSIONS, session_byte(backend, &format!("{row}.{column}"))),
        About::User(column) => (USERS, user_byte(backend, &format!("{row}.{column}"))),
    };
    match backend {
        DbBackend::MySql => format!("concat('{kind}', {byte})"),
        _ => format!("'{kind}' || {byte}"),
    }
}

fn session_byte(backend: DbBackend, id: &str) -> String {
    match backend {
        DbBackend::Postgres => format!("upper(left(encode({id}, 'hex'), 2))"),
        _ => format!("substr(hex({id}), 1, 2)"),
    }
}

fn user_byte(backend: DbBackend, id: &str) -> String {
    // Each digit by itself: what is in a range can depend on the collation.
    const DIGIT: &str = "[0123456789ABCDEFabcdef]";
    let (end, are_digits, last_byte) = match backend {
        DbBackend::Postgres => (
            format!("right({id}, 2)"),
            format!("~ '^{DIGIT}{DIGIT}$'"),
            format!("upper(right(encode(convert_to({id}, 'UTF8'), 'hex'), 2))"),
        ),
        DbBackend::MySql => (
            format!("right({id}, 2)"),
            format!("REGEXP '^{DIGIT}{DIGIT}$'"),
            format!("substr(hex({id}), -2)"),
        ),
        _ => (
            format!("substr({id}, -2)"),
            format!("GLOB '{DIGIT}{DIGIT}'"),
            format!("substr(hex({id}), -2)"),
        ),
    };
    format!("(CASE WHEN {end} {are_digits} THEN upper({end}) ELSE {last_byte} END)")
}

fn is_changed(backend: DbBackend, columns: &[&str], back: Option<&str>) -> String {
    let differs = |column: &&str| match backend {
        DbBackend::MySql => format!("NOT (OLD.{column} <=> NEW.{column})"),
        DbBackend::Postgres => format!("OLD.{column} IS DISTINCT FROM NEW.{column}"),
        _ => format!("OLD.{column} IS NOT NEW.{column}"),
    };
    let goes_back = back.map(|column| format!("NEW.{column} < OLD.{column}"));
    let any: Vec<_> = columns.iter().map(differs).chain(goes_back).collect();
    format!("({})", any.join(" OR "))
}

/// Sets, and before the end resets, the flag that the sessions deleted by this transaction have
/// expired anyway. These must be its first and last statements, so that such transactions run one
/// after the other.
///
/// # Errors
/// When the database failed.
pub(crate) async fn be_quiet(is_quiet: bool, connection: &impl ConnectionTrait) -> Result<()> {
    let update = Query::update()
        .table(Alias::new(TABLE))
        .value(Alias::new("changes"), i64::from(is_quiet))
        .and_where(Expr::col(Alias::new("shard")).eq(QUIET))
        .to_owned();
    let updated = connection.execute(&update).await;
    updated.map_err(Error::from_db)?;
    Ok(())
}

/// Creates an index, if it does not exist. On MySQL an interrupted migration is not rolled back,
/// and runs again.
pub(crate) async fn create_index(
    manager: &SchemaManager<'_>,
    table: &str,
    name: &str,
    index: IndexCreateStatement,
) -> Result<(), DbErr> {
    match manager.has_index(table, name).await? {
        true => Ok(()),
        false => manager.create_index(index).await,
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
