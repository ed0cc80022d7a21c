//! Triggers that report changes by other processes, or by hand in a SQL prompt.
//!
//! On PostgreSQL a trigger sends a notification. On SQLite and MySQL it increments a counter in the
//! table `vestibule_changes`, which watchers read.

use sea_orm::sea_query::{Alias, ColumnDef, Expr, ExprTrait, OnConflict, Query, Table};
use sea_orm::{ConnectionTrait, DbBackend, DbErr};

use super::names::OURS;
use super::schema::Schema;
use crate::error::{Error, Result};

/// The table of counters. On PostgreSQL, the channel of notifications has the same name.
pub(super) const TABLE: &str = "vestibule_changes";
/// The first letter of a counter's name, and of a notification. The shard's byte follows in
/// hexadecimal.
pub(super) const SESSIONS: char = 's';
pub(super) const USERS: char = 'i';
/// The letter for users in older versions, which took another byte of the id. Their triggers and
/// nodes may still run; each version treats the other's letter as a change of everything.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) const FORMER_USERS: char = 'u';
/// The number of rows of this version: for each of the two kinds, one counter for each byte and one
/// for all; and the quiet flag.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub(super) const COUNT: usize = 2 * (256 + 1) + 1;
/// Stands for all bytes.
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
async fn create_counters(schema: &Schema<'_>) -> Result<(), DbErr> {
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
    schema.execute(table).await?;
    let mut shards = vec![QUIET.to_owned()];
    if schema.backend() != DbBackend::Postgres {
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
    schema.execute(insert).await
}

/// A trigger: its table, when it fires, and whose changes it reports.
pub(crate) type Trigger = (&'static str, When, About);

/// Creates triggers, replacing those of the same name, and the counters they need.
pub(crate) async fn create_triggers(
    schema: &Schema<'_>,
    triggers: &[Trigger],
) -> Result<(), DbErr> {
    create_counters(schema).await?;
    for (table, when, about) in triggers {
        create_trigger(schema, table, *when, *about).await?;
    }
    Ok(())
}

async fn create_trigger(
    schema: &Schema<'_>,
    table: &str,
    when: When,
    about: About,
) -> Result<(), DbErr> {
    drop_trigger(schema, table, when).await?;
    let name = schema.quoted(&trigger_name(table, when));
    let counters = schema.quoted(TABLE);
    let of_table = schema.quoted(table);
    let backend = schema.backend();
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
    // Report even if the flag's row is missing.
    let quiet = format!("SELECT changes FROM {counters} WHERE shard = '{QUIET}'");
    let is_quiet = format!("coalesce(({quiet}), 0) = 1");
    if matches!((when, about), (When::Deleted, About::Session(_))) {
        conditions.push(format!("NOT {is_quiet}"));
    }
    let condition = conditions.join(" AND ");
    let count = format!("UPDATE {counters} SET changes = changes + 1 WHERE shard = {shard};");
    let trigger = match backend {
        DbBackend::Postgres => {
            let function = format!(
                "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                 IF {condition} THEN PERFORM pg_notify('{}', {shard}); END IF; \
                 RETURN NULL; END $$",
                schema.name(TABLE)
            );
            schema.execute_sql(&function).await?;
            format!(
                "CREATE TRIGGER {name} AFTER {event} ON {of_table} FOR EACH ROW \
                 EXECUTE FUNCTION {name}()"
            )
        }
        DbBackend::MySql => format!(
            "CREATE TRIGGER {name} AFTER {event} ON {of_table} FOR EACH ROW \
             IF {condition} THEN {count} END IF"
        ),
        _ => format!(
            "CREATE TRIGGER {name} AFTER {event} ON {of_table} FOR EACH ROW \
             WHEN {condition} BEGIN {count} END"
        ),
    };
    schema.execute_sql(&trigger).await?;
    if backend == DbBackend::Postgres && matches!(when, When::Deleted) {
        create_truncate_trigger(schema, table, about).await?;
    }
    Ok(())
}

/// Removes the trigger, if it exists.
async fn drop_trigger(schema: &Schema<'_>, table: &str, when: When) -> Result<(), DbErr> {
    if schema.backend() != DbBackend::Postgres {
        let name = schema.quoted(&trigger_name(table, when));
        let drop = format!("DROP TRIGGER IF EXISTS {name}");
        return schema.execute_sql(&drop).await;
    }
    let table_name = schema.quoted(table);
    for name in names(table, when) {
        let name = schema.quoted(&name);
        let drop = format!("DROP TRIGGER IF EXISTS {name} ON {table_name}");
        schema.execute_sql(&drop).await?;
        let drop = format!("DROP FUNCTION IF EXISTS {name}()");
        schema.execute_sql(&drop).await?;
    }
    Ok(())
}

/// `TRUNCATE` empties a table without deleting rows one by one.
async fn create_truncate_trigger(
    schema: &Schema<'_>,
    table: &str,
    about: About,
) -> Result<(), DbErr> {
    let name = schema.quoted(&truncate_name(table));
    let all = match about {
        About::Session(_) => SESSIONS,
        About::User(_) | About::Users => USERS,
    };
    let function = format!(
        "CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         PERFORM pg_notify('{}', '{all}{ALL}'); RETURN NULL; END $$",
        schema.name(TABLE)
    );
    schema.execute_sql(&function).await?;
    let trigger = format!(
        "CREATE TRIGGER {name} AFTER TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        schema.quoted(table)
    );
    schema.execute_sql(&trigger).await
}

/// The names of a trigger and its companion, and of their functions on PostgreSQL.
pub(super) fn names(table: &str, when: When) -> Vec<String> {
    let mut names = vec![trigger_name(table, when)];
    if matches!(when, When::Deleted) {
        names.push(truncate_name(table));
    }
    names
}

fn truncate_name(table: &str) -> String {
    format!("{}_truncate", trigger_name(table, When::Deleted))
}

fn trigger_name(table: &str, when: When) -> String {
    let event = match when {
        When::Inserted => "insert",
        When::Deleted => "delete",
        When::Updated(..) => "update",
    };
    format!("{OURS}{table}_{event}")
}

/// The SQL for the name of the counter. The byte is the first of a session's id, which is a digest,
/// or the same byte of a user's id as in `session::feed`.
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
    // List each digit, because the meaning of a range can depend on the collation.
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

/// Sets or resets the flag that keeps the triggers from reporting the sessions that this transaction
/// deletes, because they have expired. These must be the first and the last statement of the
/// transaction, so that such transactions run one after the other.
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

#[cfg(all(test, feature = "sqlite"))]
mod tests;
