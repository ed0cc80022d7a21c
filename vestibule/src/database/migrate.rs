//! Migrations: the steps that bring our tables up to date.
//!
//! A table of our own records the steps that were run. A table that exists although no recorded
//! step created it is not ours, and we never change it.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;

use data_encoding::HEXLOWER;
use sea_orm::sea_query::{Alias, ColumnDef, Expr, ExprTrait, OnConflict, Query, Table};
use sea_orm::{ConnectionTrait, DatabaseExecutor, DbBackend, DbErr};

use super::connection::Connection;
use super::names::OURS;
use super::objects::{Made, Objects};
use super::requirements;
use super::retried;
use super::schema::Schema;
use crate::crypto::random::Random;
use crate::error::{Error, Result};

/// The migrations of one part of the library.
///
/// Each part has its own table of the steps that were run, so several parts and the app's own
/// migrations can share a database.
#[derive(Debug, Clone, Copy)]
pub struct Migrations {
    pub(crate) owner: &'static str,
    pub(crate) steps: &'static [Step],
}

/// One migration.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// The name under which it is recorded. Begins with a date.
    pub(crate) name: &'static str,
    /// The new objects that it creates.
    pub(crate) makes: Made,
    /// Each part of it checks whether it was run before: on MySQL an interrupted migration is not
    /// rolled back, and runs again.
    pub(crate) up: for<'a> fn(&'a Schema<'a>) -> Up<'a>,
}

/// The future of a step.
pub(crate) type Up<'a> = Pin<Box<dyn Future<Output = Result<(), DbErr>> + Send + 'a>>;

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The prefix in the record of a step that has begun, on MySQL, where an interrupted step leaves
/// its tables. An older version of the library does not start if it finds this.
const BEGUN: &str = "begun ";

const VERSION: &str = "version";
const APPLIED_AT: &str = "applied_at";

/// The steps that create the table of counters, which several parts share: the part that owns each,
/// and its name.
const COUNTED_BY: [(&str, &str); 3] = [
    ("accounts", "2026_11_24_000002_tell_changes"),
    ("sessions", "2026_11_24_000002_tell_changes"),
    ("credentials", "2026_11_28_000001_keep_user_epochs"),
];

fn table_of(owner: &str) -> String {
    format!("{OURS}{owner}_migrations")
}

/// The recorded steps of one part.
#[derive(Debug, Default)]
struct Record(BTreeSet<String>);

impl Record {
    fn has(&self, step: &str) -> bool {
        self.0.contains(step)
    }

    fn has_begun(&self, step: &str) -> bool {
        self.has(step) || self.0.contains(&format!("{BEGUN}{step}"))
    }
}

impl Migrations {
    /// The steps that were not run yet. Checks first that no name they need is taken.
    ///
    /// # Errors
    /// [`DbErr::Migration`] when trying again cannot help, because of what is in the database.
    pub(super) async fn pending(
        &self,
        connection: &Connection,
    ) -> Result<Vec<&'static Step>, DbErr> {
        requirements::check(connection).await?;
        // Read the objects first: any object that another of our nodes has just created is recorded
        // by then.
        let objects = Objects::of(connection).await?;
        let record = read(self.owner, connection).await?;
        self.reject_newer(&record)?;
        let pending: Vec<_> = self.steps.iter().filter(|s| !record.has(s.name)).collect();
        let made_by_others = pending.iter().filter(|step| !record.has_begun(step.name));
        let mut foreign: BTreeSet<_> = made_by_others
            .flat_map(|step| objects.taken(&step.makes, connection.names()))
            .collect();
        if pending.iter().any(|step| step.makes.needs_counters())
            && let Some(counters) = objects.counters(connection.names())
            && !counters_are_ours(connection).await?
        {
            foreign.insert(counters);
        }
        if !foreign.is_empty() {
            return Err(DbErr::Migration(rejection(foreign)));
        }
        Ok(pending)
    }

    /// Runs the steps that were not run yet.
    ///
    /// # Errors
    /// As [`pending`](Self::pending).
    pub(super) async fn run(&self, connection: &Connection) -> Result<(), DbErr> {
        let pending = self.pending(connection).await?;
        if pending.is_empty() {
            return Ok(());
        }
        self.create_record(connection).await?;
        for step in pending {
            match connection.get_database_backend() {
                DbBackend::MySql => self.run_in_pieces(step, connection).await?,
                _ => self.run_at_once(step, connection).await?,
            }
            tracing::debug!(step = step.name, "migrated");
        }
        Ok(())
    }

    /// A step that is rolled back if it fails.
    async fn run_at_once(&self, step: &Step, connection: &Connection) -> Result<(), DbErr> {
        let transaction = connection.begin().await?;
        // Write first, so that the second of two nodes waits here, and then fails.
        self.write(step.name, &transaction).await?;
        let executor = DatabaseExecutor::Transaction(transaction.inner());
        let names = transaction.names().clone();
        (step.up)(&Schema::new(Connection::new(executor, names))).await?;
        transaction.commit().await
    }

    /// Runs a step on MySQL, where each change of a table is its own transaction.
    async fn run_in_pieces(&self, step: &Step, connection: &Connection) -> Result<(), DbErr> {
        let begun = format!("{BEGUN}{}", step.name);
        self.write(&begun, connection).await?;
        let executor = DatabaseExecutor::Connection(connection.inner());
        let names = connection.names().clone();
        (step.up)(&Schema::new(Connection::new(executor, names))).await?;
        let transaction = connection.begin().await?;
        self.write(step.name, &transaction).await?;
        self.remove(begun, &transaction).await?;
        transaction.commit().await
    }

    /// Commits a write that leaves nothing behind: it adds a row to the record and deletes it in
    /// the same transaction. The record has no trigger, and fewer readers than any other table.
    pub(super) async fn check_writes(&self, connection: &Connection) -> Result<()> {
        // If two nodes wrote the same row, one would wait for the other.
        let nonce = HEXLOWER.encode(&Random::system().bytes::<8>()?);
        let row = format!("writes {nonce}");
        let attempt = async || {
            let transaction = connection.begin().await?;
            self.write(&row, &transaction).await?;
            self.remove(row.clone(), &transaction).await?;
            transaction.commit().await
        };
        retried(|| async { attempt().await.map_err(Error::from_db) }).await
    }

    async fn remove(
        &self,
        version: String,
        connection: &impl ConnectionTrait,
    ) -> Result<(), DbErr> {
        let delete = Query::delete()
            .from_table(Alias::new(table_of(self.owner)))
            .and_where(Expr::col(Alias::new(VERSION)).eq(version))
            .to_owned();
        connection.execute(&delete).await.map(drop)
    }

    async fn write(&self, version: &str, connection: &impl ConnectionTrait) -> Result<(), DbErr> {
        let backend = connection.get_database_backend();
        let now = match backend {
            DbBackend::Postgres => "CAST(extract(epoch FROM now()) AS bigint)",
            DbBackend::MySql => "unix_timestamp()",
            _ => "CAST(strftime('%s', 'now') AS integer)",
        };
        let mut insert = Query::insert()
            .into_table(Alias::new(table_of(self.owner)))
            .columns([Alias::new(VERSION), Alias::new(APPLIED_AT)])
            .values_panic([version.into(), Expr::cust(now)])
            .to_owned();
        if backend == DbBackend::MySql {
            // Two nodes may both have begun the step.
            let version = Alias::new(VERSION);
            let keep = OnConflict::column(version.clone())
                .update_column(version)
                .to_owned();
            insert.on_conflict(keep);
        }
        connection.execute(&insert).await.map(drop)
    }

    async fn create_record(&self, connection: &Connection) -> Result<(), DbErr> {
        let column = |name| ColumnDef::new(Alias::new(name));
        let create = Table::create()
            .table(Alias::new(table_of(self.owner)))
            .if_not_exists()
            .col(column(VERSION).string().not_null().primary_key())
            .col(column(APPLIED_AT).big_integer().not_null())
            .to_owned();
        connection.execute(&create).await.map(drop)
    }

    /// Rejects a database with steps that this version does not know, because a newer version has
    /// run them.
    fn reject_newer(&self, record: &Record) -> Result<(), DbErr> {
        let is_known = |version: &String| {
            let name = version.strip_prefix(BEGUN).unwrap_or(version);
            self.steps.iter().any(|step| step.name == name)
        };
        match record.0.iter().find(|version| !is_known(version)) {
            None => Ok(()),
            Some(version) => Err(DbErr::Migration(format!(
                "the database was migrated by a newer version of Vestibule: this one does not know \
                 the migration `{version}` in `{}`",
                table_of(self.owner)
            ))),
        }
    }
}

/// Reads the record. If an object that [`Objects`] found earlier is ours, its step is in here,
/// because a step is recorded before it creates anything.
async fn read(owner: &str, connection: &Connection) -> Result<Record, DbErr> {
    let table = table_of(owner);
    let executor = DatabaseExecutor::Connection(connection.inner());
    let schema = Schema::new(Connection::new(executor, connection.names().clone()));
    if !schema.has_table(&table).await? {
        return Ok(Record::default());
    }
    for column in [VERSION, APPLIED_AT] {
        if !schema.has_column(&table, column).await? {
            let theirs = format!("the table `{}`", connection.names().of(&table));
            return Err(DbErr::Migration(rejection([theirs].into())));
        }
    }
    let select = Query::select()
        .column(Alias::new(VERSION))
        .from(Alias::new(table))
        .to_owned();
    let rows = connection.query_all(&select).await?;
    let versions = rows.iter().map(|row| row.try_get("", VERSION));
    versions.collect::<Result<_, _>>().map(Record)
}

async fn counters_are_ours(connection: &Connection) -> Result<bool, DbErr> {
    for (owner, step) in COUNTED_BY {
        if read(owner, connection).await?.has_begun(step) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The error if a name is taken.
fn rejection(foreign: BTreeSet<String>) -> String {
    let foreign: Vec<_> = foreign.into_iter().collect();
    format!(
        "names that Vestibule needs are already taken in the database: {}; nothing was changed. Give \
         Vestibule's tables a prefix with `Database::table_prefix(\"vestibule_\")` \
         (`--table-prefix vestibule_` for the program), or rename what is there",
        foreign.join(", ")
    )
}

#[cfg(all(test, feature = "sqlite"))]
mod tests;
