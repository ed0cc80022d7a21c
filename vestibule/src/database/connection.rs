//! [`Connection`]: puts the prefix before the names of our tables.

use std::future::Future;
use std::pin::Pin;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult,
    QueryResult, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use super::names::TableNames;

/// A pool of connections or a [`Transaction`] that puts the prefix before the names of our tables
/// in each statement. The ORM's entities have fixed names, so each of their statements passes
/// through here.
#[derive(Debug, Clone)]
pub(crate) struct Connection<C = DatabaseConnection> {
    inner: C,
    names: TableNames,
}

/// A transaction. It is rolled back when dropped.
pub(crate) type Transaction = Connection<DatabaseTransaction>;

impl<C> Connection<C> {
    pub(super) fn new(inner: C, names: TableNames) -> Self {
        Self { inner, names }
    }

    pub(crate) fn inner(&self) -> &C {
        &self.inner
    }

    pub(super) fn names(&self) -> &TableNames {
        &self.names
    }
}

impl Connection {
    pub(crate) async fn begin(&self) -> Result<Transaction, DbErr> {
        self.begin_with_options(TransactionOptions::default()).await
    }

    /// Begins a transaction that reads before it writes. SQLite waits for the lock at once: a
    /// transaction that has read fails at its first write if another one has written meanwhile.
    pub(crate) async fn begin_to_write(&self) -> Result<Transaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.begin_with_options(options).await
    }

    async fn begin_with_options(&self, options: TransactionOptions) -> Result<Transaction, DbErr> {
        let begun = self.inner.begin_with_options(options).await?;
        Ok(Connection::new(begun, self.names.clone()))
    }
}

impl Transaction {
    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }
}

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'a>>;

impl<C: ConnectionTrait> Connection<C> {
    fn prefixed(&self, mut statement: Statement) -> Statement {
        statement.sql = self.names.put_into(statement.sql, statement.db_backend);
        statement
    }
}

// Written without `async_trait`, which would allocate each future a second time.
impl<C: ConnectionTrait> ConnectionTrait for Connection<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    fn execute_raw<'a, 'b>(&'a self, statement: Statement) -> Answer<'b, ExecResult>
    where
        'a: 'b,
        Self: 'b,
    {
        self.inner.execute_raw(self.prefixed(statement))
    }

    fn execute_unprepared<'a, 'sql, 'b>(&'a self, sql: &'sql str) -> Answer<'b, ExecResult>
    where
        'a: 'b,
        'sql: 'b,
        Self: 'b,
    {
        Box::pin(async move {
            let backend = self.get_database_backend();
            let sql = self.names.put_into(sql.to_owned(), backend);
            self.inner.execute_unprepared(&sql).await
        })
    }

    fn query_one_raw<'a, 'b>(&'a self, statement: Statement) -> Answer<'b, Option<QueryResult>>
    where
        'a: 'b,
        Self: 'b,
    {
        self.inner.query_one_raw(self.prefixed(statement))
    }

    fn query_all_raw<'a, 'b>(&'a self, statement: Statement) -> Answer<'b, Vec<QueryResult>>
    where
        'a: 'b,
        Self: 'b,
    {
        self.inner.query_all_raw(self.prefixed(statement))
    }

    fn support_returning(&self) -> bool {
        self.inner.support_returning()
    }
}
