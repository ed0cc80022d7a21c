//! [`SqlCounters`]: wrong tries at credentials, counted in a SQL database.

use sea_orm::DbErr;
use sea_orm::sea_query::{ColumnDef, Index, Table};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::clock::Timestamp;
use crate::credentials::throttle::{
    Attempt, By, Counted, Counter, CounterKey, Counters, Limit, LimitRule, Settlement, Tally,
};
use crate::database::{
    Database, Made, Migrations, Schema, Step, Transaction, changed, exact_collation, retried,
};
use crate::error::{Error, Result};

/// The migrations of the table of [`SqlCounters`]. Pass them to
/// [`Database::migrate`](crate::database::Database::migrate).
pub const COUNTER_MIGRATIONS: Migrations = Migrations {
    owner: "throttle",
    steps: &[KEEP_COUNTERS],
};

mod counter {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vestibule_throttle")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) name: String,
        pub(super) tries: i64,
        pub(super) open_at: i64,
        pub(super) forgotten_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use counter::{Column, Entity};

/// Counts wrong tries in the table `vestibule_throttle`, for all nodes that share the database.
/// Clones share the connections.
///
/// A power cut may lose the last counts; a crash of the program loses none.
#[derive(Debug, Clone)]
pub struct SqlCounters {
    database: Database,
}

/// How often to try a change to a counter that others change at the same time.
const TRIES: usize = 100;

/// How many rows one statement sweeps.
const BATCH_ROWS: u64 = 500;

impl SqlCounters {
    /// Counts in `database`. Run [`COUNTER_MIGRATIONS`] first, which create the table.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    async fn begin(&self) -> Result<Transaction> {
        let begun = self.database.unsynced().begin_to_write().await;
        begun.map_err(Error::from_db)
    }

    async fn try_settle(&self, settlement: &Settlement, now: Timestamp) -> Result<()> {
        let transaction = self.begin().await?;
        for limit in &settlement.taken_back {
            take_back(limit, now, &transaction).await?;
        }
        if !settlement.cleared.is_empty() {
            let names = settlement.cleared.iter().map(CounterKey::as_str);
            let cleared = Entity::delete_many().filter(Column::Name.is_in(names));
            cleared.exec(&transaction).await.map_err(Error::from_db)?;
        }
        let known = settlement.known.iter();
        let known = known.map(|(key, until)| row(key, Tally::known_until(*until)));
        write(known.collect(), &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)
    }

    /// Replaces the tally `old`. Returns false if the counter no longer has that tally.
    async fn replace(&self, key: &CounterKey, old: Tally, new: Tally) -> Result<bool> {
        let update = Entity::update_many()
            .set(row(key, new))
            .filter(Column::Name.eq(key.as_str()))
            .filter(Column::Tries.eq(i64::from(old.tries)))
            .filter(Column::OpenAt.eq(old.open_at))
            .filter(Column::ForgottenAt.eq(old.forgotten_at));
        changed(update, self.database.unsynced()).await
    }

    /// Counts a try at the first of these limits that exists and is not closed. `None` if there is
    /// none.
    async fn count_known(&self, known: &[Limit], now: Timestamp) -> Result<Option<Counted>> {
        for _ in 0..TRIES {
            let names = known.iter().map(|limit| limit.key.as_str());
            let found = Entity::find().filter(Column::Name.is_in(names));
            let found = found.all(self.database.unsynced()).await;
            let found = found.map_err(Error::from_db)?;
            let first = known.iter().enumerate().find_map(|(index, limit)| {
                let row = found.iter().find(|row| row.name == limit.key.as_str());
                let tally = row
                    .map(tally)
                    .filter(|tally| !tally.is_forgotten(now) && tally.open_at != Tally::CLOSED);
                tally.map(|tally| (index, limit, tally))
            });
            let Some((index, limit, old)) = first else {
                return Ok(None);
            };
            if !old.is_open(now) {
                let (key, tally) = (limit.key.clone(), old);
                return Ok(Some(Counted::Closed(Counter { key, tally })));
            }
            let new = old.counted(&limit.rule, now);
            if self.replace(&limit.key, old, new).await? {
                return Ok(Some(Counted::Passed(vec![new], By::Known(index))));
            }
        }
        Err(Error::store("other requests kept changing a counter"))
    }

    /// Counts a try at all of these limits, in one transaction.
    async fn count_all(&self, limits: &[Limit], now: Timestamp) -> Result<Counted> {
        if limits.is_empty() {
            return Ok(Counted::Passed(Vec::new(), By::Otherwise));
        }
        let transaction = self.begin().await?;
        if transaction.get_database_backend() != DbBackend::Sqlite {
            // SQLite locks all rows. Elsewhere, only a row that exists can be locked.
            let empty = limits.iter().map(|limit| row(&limit.key, Tally::default()));
            let keep = OnConflict::column(Column::Name)
                .do_nothing_on([Column::Name])
                .to_owned();
            Entity::insert_many(empty)
                .on_conflict(keep)
                .exec_without_returning(&transaction)
                .await
                .map_err(Error::from_db)?;
        }
        let names = limits.iter().map(|limit| limit.key.as_str());
        let found = Entity::find()
            .filter(Column::Name.is_in(names))
            .order_by_asc(Column::Name)
            .lock_exclusive()
            .all(&transaction)
            .await
            .map_err(Error::from_db)?;
        let tally_of = |limit: &Limit| {
            let row = found.iter().find(|row| row.name == limit.key.as_str());
            let tally = row.map(tally).filter(|tally| !tally.is_forgotten(now));
            tally.unwrap_or_default()
        };
        let before: Vec<_> = limits.iter().map(tally_of).collect();
        if let Some(closed) = Counter::opens_last(limits, &before, now) {
            transaction.rollback().await.map_err(Error::from_db)?;
            return Ok(Counted::Closed(closed));
        }
        let counted = limits.iter().zip(before);
        let tallies: Vec<_> = counted
            .map(|(limit, before)| before.counted(&limit.rule, now))
            .collect();
        let counted = limits.iter().zip(&tallies);
        let rows = counted.map(|(limit, tally)| row(&limit.key, *tally));
        write(rows.collect(), &transaction).await?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(Counted::Passed(tallies, By::Otherwise))
    }
}

/// Takes back one try of a counter. For a rate it subtracts in the database, so that it need not
/// read first.
async fn take_back(limit: &Limit, now: Timestamp, transaction: &Transaction) -> Result<()> {
    let update = Entity::update_many().filter(Column::Name.eq(limit.key.as_str()));
    let update = match limit.rule {
        LimitRule::Rate(rate) => {
            let each = i64::try_from(rate.each.as_millis()).unwrap_or(0);
            let less = |column: Column, by: i64| Expr::col(column).sub(by);
            update
                .col_expr(Column::Tries, less(Column::Tries, 1))
                .col_expr(Column::OpenAt, less(Column::OpenAt, each))
                .col_expr(Column::ForgottenAt, less(Column::ForgottenAt, each))
                .filter(Column::Tries.gt(0))
        }
        LimitRule::Streak(_) => {
            let found = Entity::find_by_id(limit.key.as_str().to_owned()).lock_exclusive();
            let found = found.one(transaction).await.map_err(Error::from_db)?;
            let Some(found) = found else {
                return Ok(());
            };
            update.set(row(&limit.key, tally(&found).taken_back(&limit.rule, now)))
        }
    };
    changed(update, transaction).await.map(drop)
}

/// Inserts these rows, or overwrites the existing ones.
async fn write(rows: Vec<counter::ActiveModel>, transaction: &Transaction) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let replace = OnConflict::column(Column::Name)
        .update_columns([Column::Tries, Column::OpenAt, Column::ForgottenAt])
        .to_owned();
    let written = Entity::insert_many(rows).on_conflict(replace);
    let written = written.exec_without_returning(transaction).await;
    written.map(drop).map_err(Error::from_db)
}

fn tally(row: &counter::Model) -> Tally {
    Tally {
        tries: u32::try_from(row.tries).unwrap_or(u32::MAX),
        open_at: row.open_at,
        forgotten_at: row.forgotten_at,
    }
}

fn row(key: &CounterKey, tally: Tally) -> counter::ActiveModel {
    counter::ActiveModel {
        name: ActiveValue::Set(key.as_str().to_owned()),
        tries: ActiveValue::Set(i64::from(tally.tries)),
        open_at: ActiveValue::Set(tally.open_at),
        forgotten_at: ActiveValue::Set(tally.forgotten_at),
    }
}

impl Counters for SqlCounters {
    async fn count(&self, attempt: Attempt<'_>, now: Timestamp) -> Result<Counted> {
        if !attempt.known.is_empty()
            && let Some(counted) = retried(|| self.count_known(attempt.known, now)).await?
        {
            return Ok(counted);
        }
        retried(|| self.count_all(attempt.otherwise, now)).await
    }

    async fn settle(&self, settlement: &Settlement, now: Timestamp) -> Result<()> {
        retried(|| self.try_settle(settlement, now)).await
    }

    async fn clear(&self, keys: &[CounterKey]) -> Result<u64> {
        let names = keys.iter().map(CounterKey::as_str);
        let deleted = Entity::delete_many()
            .filter(Column::Name.is_in(names))
            .exec(self.database.unsynced())
            .await;
        Ok(deleted.map_err(Error::from_db)?.rows_affected)
    }

    async fn list(
        &self,
        prefix: &str,
        after: Option<&CounterKey>,
        limit: u64,
    ) -> Result<Vec<Counter>> {
        // The last Unicode character. No name contains it.
        let end = format!("{prefix}{}", char::MAX);
        let mut query = Entity::find()
            .filter(Column::Name.gte(prefix))
            .filter(Column::Name.lt(end));
        if let Some(after) = after {
            query = query.filter(Column::Name.gt(after.as_str()));
        }
        let found = query.order_by_asc(Column::Name).limit(limit);
        let found = found.all(self.database.unsynced()).await;
        let counters = found.map_err(Error::from_db)?.into_iter();
        let counters = counters.map(|row| Counter {
            tally: tally(&row),
            key: CounterKey::from_stored(row.name),
        });
        Ok(counters.collect())
    }

    async fn sweep(&self, now: Timestamp) -> Result<u64> {
        let forgotten = Column::ForgottenAt.lte(now.as_millis());
        let mut swept = 0;
        loop {
            let names: Vec<String> = Entity::find()
                .select_only()
                .column(Column::Name)
                .filter(forgotten.clone())
                .limit(BATCH_ROWS)
                .into_tuple()
                .all(self.database.unsynced())
                .await
                .map_err(Error::from_db)?;
            if names.is_empty() {
                return Ok(swept);
            }
            let is_last = (names.len() as u64) < BATCH_ROWS;
            // Repeat the condition: a counter that has counted a try meanwhile must stay.
            let deleted = Entity::delete_many()
                .filter(Column::Name.is_in(names))
                .filter(forgotten.clone())
                .exec(self.database.unsynced())
                .await;
            swept += deleted.map_err(Error::from_db)?.rows_affected;
            if is_last {
                return Ok(swept);
            }
        }
    }
}

const KEEP_COUNTERS: Step = Step {
    name: "2026_11_28_000001_keep_counters",
    makes: Made {
        tables: &["vestibule_throttle"],
        indexes: &["vestibule_throttle_forgotten_at"],
        ..Made::NOTHING
    },
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> std::result::Result<(), DbErr> {
    // In byte order, all names with the same prefix follow each other.
    let by_bytes = match schema.backend() {
        DbBackend::Postgres => "COLLATE \"C\"",
        backend => exact_collation(backend),
    };
    let name_chars = u32::try_from(CounterKey::MAX_CHARS).unwrap_or(u32::MAX);
    let name = ColumnDef::new(Column::Name)
        .string_len(name_chars)
        .extra(by_bytes)
        .not_null()
        .primary_key()
        .to_owned();
    let number = |column| ColumnDef::new(column).big_integer().not_null().to_owned();
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(name)
        .col(number(Column::Tries))
        .col(number(Column::OpenAt))
        .col(number(Column::ForgottenAt))
        .to_owned();
    schema.execute(table).await?;
    let index_name = "vestibule_throttle_forgotten_at";
    let index = Index::create()
        .name(index_name)
        .table(Entity)
        .col(Column::ForgottenAt)
        .to_owned();
    schema
        .create_index("vestibule_throttle", index_name, index)
        .await
}
