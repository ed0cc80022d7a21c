//! [`SqlCounters`]: wrong tries at credentials, counted in a SQL database.

use sea_orm::sea_query::{LikeExpr, OnConflict};
use sea_orm::{
    ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, TransactionTrait,
};
use sea_orm_migration::prelude::{
    ColumnDef, DbErr, Index, MigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};

use crate::clock::Timestamp;
use crate::credentials::throttle::{
    Attempt, By, Counted, Counter, CounterKey, Counters, Limit, Tally,
};
use crate::database::triggers::create_index;
use crate::database::{Database, Migrations, changed, exact_collation, retried};
use crate::error::{Error, Result};

/// What brings the table of [`SqlCounters`] up to date, for
/// [`Database::migrate`](crate::database::Database::migrate).
pub const COUNTER_MIGRATIONS: Migrations = Migrations {
    owner: "throttle",
    list: || vec![Box::new(KeepCounters)],
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
/// A power cut may lose the last counts, and a crash of the program does not.
#[derive(Debug, Clone)]
pub struct SqlCounters {
    database: Database,
}

/// How often a change to one counter is tried, while others change it.
const TRIES: usize = 100;

/// How many rows one statement sweeps.
const BATCH_ROWS: u64 = 500;

impl SqlCounters {
    /// Counts in `database`. Run [`COUNTER_MIGRATIONS`] first, which create the table.
    pub fn new(database: Database) -> Self {
        Self { database }
    }

    async fn tally_of(&self, key: &CounterKey) -> Result<Option<Tally>> {
        let found = Entity::find_by_id(key.as_str().to_owned());
        let found = found.one(self.database.unsynced()).await;
        Ok(found.map_err(Error::from_db)?.as_ref().map(tally))
    }

    /// Writes a tally in place of `old`. Returns whether it was still that.
    async fn replace(&self, key: &CounterKey, old: Tally, new: Tally) -> Result<bool> {
        let update = Entity::update_many()
            .set(row(key, new))
            .filter(Column::Name.eq(key.as_str()))
            .filter(Column::Tries.eq(i64::from(old.tries)))
            .filter(Column::OpenAt.eq(old.open_at))
            .filter(Column::ForgottenAt.eq(old.forgotten_at));
        changed(update, self.database.unsynced()).await
    }

    /// Counts a try at a known browser's counter. `None` if it does not exist, or is closed.
    async fn count_known(&self, limit: &Limit, now: Timestamp) -> Result<Option<Counted>> {
        for _ in 0..TRIES {
            let Some(old) = self.tally_of(&limit.key).await? else {
                return Ok(None);
            };
            if old.is_forgotten(now) || old.open_at == Tally::CLOSED {
                return Ok(None);
            }
            if !old.is_open(now) {
                return Ok(Some(Counted::Closed(old.open_at)));
            }
            let new = old.counted(&limit.rule, now);
            if self.replace(&limit.key, old, new).await? {
                return Ok(Some(Counted::Passed(vec![new], By::Known(0))));
            }
        }
        Err(Error::store("a counter changed too often to be changed"))
    }

    /// Counts a try at all of these, in one transaction.
    async fn count_all(&self, limits: &[Limit], now: Timestamp) -> Result<Counted> {
        let begun = self.database.unsynced().begin().await;
        let transaction = begun.map_err(Error::from_db)?;
        // A write comes first, so that SQLite never has to upgrade a read lock. It also makes all
        // rows exist, and a row that exists can be locked.
        let empty = limits.iter().map(|limit| row(&limit.key, Tally::default()));
        let keep = OnConflict::column(Column::Name)
            .do_nothing_on([Column::Name])
            .to_owned();
        Entity::insert_many(empty)
            .on_conflict(keep)
            .exec_without_returning(&transaction)
            .await
            .map_err(Error::from_db)?;
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
        let open_at = before.iter().map(|tally| tally.open_at).max();
        if let Some(open_at) = open_at.filter(|open_at| *open_at > now.as_millis()) {
            transaction.rollback().await.map_err(Error::from_db)?;
            return Ok(Counted::Closed(open_at));
        }
        let counted = limits.iter().zip(before);
        let tallies: Vec<_> = counted
            .map(|(limit, before)| before.counted(&limit.rule, now))
            .collect();
        let counted = limits.iter().zip(&tallies);
        let rows = counted.map(|(limit, tally)| row(&limit.key, *tally));
        let replace = OnConflict::column(Column::Name)
            .update_columns([Column::Tries, Column::OpenAt, Column::ForgottenAt])
            .to_owned();
        Entity::insert_many(rows)
            .on_conflict(replace)
            .exec_without_returning(&transaction)
            .await
            .map_err(Error::from_db)?;
        transaction.commit().await.map_err(Error::from_db)?;
        Ok(Counted::Passed(tallies, By::Otherwise))
    }
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
        for (index, limit) in attempt.known.iter().enumerate() {
            match retried(|| self.count_known(limit, now)).await? {
                Some(Counted::Passed(tallies, _)) => {
                    return Ok(Counted::Passed(tallies, By::Known(index)));
                }
                Some(closed) => return Ok(closed),
                None => {}
            }
        }
        retried(|| self.count_all(attempt.otherwise, now)).await
    }

    async fn take_back(&self, limits: &[Limit], now: Timestamp) -> Result<()> {
        for limit in limits {
            for _ in 0..TRIES {
                let Some(old) = self.tally_of(&limit.key).await? else {
                    break;
                };
                let new = old.taken_back(&limit.rule, now);
                if self.replace(&limit.key, old, new).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn know(
        &self,
        key: &CounterKey,
        replaced: Option<&CounterKey>,
        until: Timestamp,
    ) -> Result<()> {
        if let Some(replaced) = replaced {
            self.clear(std::slice::from_ref(replaced)).await?;
        }
        let forgotten_at = until.as_millis();
        let tally = Tally {
            forgotten_at,
            ..Tally::default()
        };
        Entity::insert(row(key, tally))
            .exec_without_returning(self.database.unsynced())
            .await
            .map_err(Error::from_db)?;
        Ok(())
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
        let escaped = prefix
            .replace('\\', "\\\\")
            .replace('%', "\\%")
            .replace('_', "\\_");
        let like = LikeExpr::new(format!("{escaped}%")).escape('\\');
        let mut query = Entity::find().filter(Column::Name.like(like));
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
            // The condition again: a counter that has counted meanwhile must stay.
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

struct KeepCounters;

impl MigrationName for KeepCounters {
    fn name(&self) -> &str {
        "2026_11_28_000001_keep_counters"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for KeepCounters {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> std::result::Result<(), DbErr> {
        let exact = exact_collation(manager.get_database_backend());
        let name_chars = u32::try_from(CounterKey::MAX_CHARS).unwrap_or(u32::MAX);
        let name = ColumnDef::new(Column::Name)
            .string_len(name_chars)
            .extra(exact)
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
        manager.create_table(table).await?;
        let index_name = "vestibule_throttle_forgotten_at";
        let index = Index::create()
            .name(index_name)
            .table(Entity)
            .col(Column::ForgottenAt)
            .to_owned();
        create_index(manager, "vestibule_throttle", index_name, index).await
    }

    async fn down(&self, manager: &SchemaManager) -> std::result::Result<(), DbErr> {
        manager
            .drop_table(Table::drop().table(Entity).to_owned())
            .await
    }
}
