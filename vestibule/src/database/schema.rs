//! The changes that a migration may make to the database.

use sea_orm::sea_query::{Alias, ColumnDef, Index, IndexCreateStatement, IntoIden};
use sea_orm::{ConnectionTrait, DatabaseExecutor, DbBackend, DbErr, Statement, StatementBuilder};

use super::connection::Connection;
use super::exact_collation;

/// The database, for a migration that changes it. Puts the prefix before our quoted names.
#[derive(Debug)]
pub(crate) struct Schema<'c> {
    connection: Connection<DatabaseExecutor<'c>>,
}

impl<'c> Schema<'c> {
    pub(super) fn new(connection: Connection<DatabaseExecutor<'c>>) -> Self {
        Self { connection }
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.connection.get_database_backend()
    }

    pub(super) fn name(&self, name: &str) -> String {
        self.connection.names().of(name)
    }

    /// Runs a statement of the query builder.
    pub(crate) async fn execute(&self, statement: impl StatementBuilder) -> Result<(), DbErr> {
        self.connection.execute(&statement).await.map(drop)
    }

    /// Runs SQL whose names were quoted by [`quoted`](Self::quoted).
    pub(crate) async fn execute_sql(&self, sql: &str) -> Result<(), DbErr> {
        self.connection.execute_unprepared(sql).await.map(drop)
    }

    /// A name in quotes.
    pub(crate) fn quoted(&self, name: &str) -> String {
        match self.backend() {
            DbBackend::MySql => format!("`{name}`"),
            _ => format!("\"{name}\""),
        }
    }

    pub(super) async fn has_table(&self, table: &str) -> Result<bool, DbErr> {
        let query = match self.backend() {
            DbBackend::Postgres => {
                "SELECT 1 FROM information_schema.tables \
                 WHERE table_schema = current_schema() AND table_name = $1"
            }
            DbBackend::MySql => {
                "SELECT 1 FROM information_schema.tables \
                 WHERE table_schema = database() AND table_name = ?"
            }
            _ => "SELECT 1 FROM sqlite_master WHERE lower(name) = lower(?)",
        };
        self.has(query, [self.name(table)]).await
    }

    pub(crate) async fn has_column(&self, table: &str, column: &str) -> Result<bool, DbErr> {
        let query = match self.backend() {
            DbBackend::Postgres => {
                "SELECT column_name FROM information_schema.columns \
                 WHERE table_schema = current_schema() AND table_name = $1 AND column_name = $2"
            }
            DbBackend::MySql => {
                "SELECT column_name FROM information_schema.columns \
                 WHERE table_schema = database() AND table_name = ? AND column_name = ?"
            }
            _ => "SELECT name FROM pragma_table_info(?) WHERE name = ?",
        };
        self.has(query, [self.name(table), column.to_owned()]).await
    }

    /// A column for text of at most this many characters, which is compared exactly.
    pub(crate) fn text(&self, column: impl IntoIden, chars: usize) -> ColumnDef {
        ColumnDef::new(column)
            .string_len(u32::try_from(chars).unwrap_or(u32::MAX))
            .extra(exact_collation(self.backend()))
            .to_owned()
    }

    /// A column for a number of 64 bits, such as a time.
    pub(crate) fn number(column: impl IntoIden) -> ColumnDef {
        ColumnDef::new(column).big_integer().to_owned()
    }

    /// Creates an index of these columns, if it does not exist.
    pub(crate) async fn index<C: IntoIden + Copy>(
        &self,
        table: &str,
        name: &str,
        columns: &[C],
    ) -> Result<(), DbErr> {
        let mut index = Index::create();
        index.name(name).table(Alias::new(table));
        for column in columns {
            index.col(*column);
        }
        self.create_index(table, name, index).await
    }

    /// Creates an index, if it does not exist.
    pub(crate) async fn create_index(
        &self,
        table: &str,
        name: &str,
        index: IndexCreateStatement,
    ) -> Result<(), DbErr> {
        let query = match self.backend() {
            DbBackend::Postgres => {
                "SELECT indexname FROM pg_indexes \
                 WHERE schemaname = current_schema() AND tablename = $1 AND indexname = $2"
            }
            DbBackend::MySql => {
                "SELECT index_name FROM information_schema.statistics \
                 WHERE table_schema = database() AND table_name = ? AND index_name = ?"
            }
            _ => "SELECT name FROM sqlite_master WHERE tbl_name = ? AND name = ?",
        };
        if self.has(query, [self.name(table), self.name(name)]).await? {
            return Ok(());
        }
        self.execute(index).await
    }

    async fn has<const N: usize>(&self, query: &str, names: [String; N]) -> Result<bool, DbErr> {
        let values = names.map(Into::into);
        let statement = Statement::from_sql_and_values(self.backend(), query, values);
        let found = self.connection.query_all_raw(statement).await?;
        Ok(!found.is_empty())
    }
}
