//! Our table of epochs, for users whose own table has no epoch column.

use std::future::Future;
use std::pin::Pin;

use sea_orm::DbErr;
use sea_orm::sea_query::Table;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::database::triggers::{About, Trigger, When, create_triggers};
use crate::database::{Database, Made, Migrations, Schema, Step, changed, is_duplicate, retried};
use crate::error::{Error, Result};
use crate::login::{Epochs, KeepEpochs, UserId};
use crate::session::{Invalidation, InvalidationFeed};

/// The migrations of the credentials' tables, for
/// [`Database::migrate`](crate::database::Database::migrate).
pub const MIGRATIONS: Migrations = Migrations {
    owner: "credentials",
    steps: &[KEEP_USER_EPOCHS, SPREAD_CHANGES],
};

mod user_epoch {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vestibule_user_epochs")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(super) user_id: String,
        pub(super) epoch: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

use user_epoch::{Column, Entity};

/// The epochs in this database.
pub(super) fn in_database(database: &Database) -> Epochs {
    Epochs::new(SqlEpochs(database.clone()))
}

struct SqlEpochs(Database);

impl SqlEpochs {
    async fn try_begin_new(&self, id: &UserId) -> Result<()> {
        let row = user_epoch::ActiveModel {
            user_id: ActiveValue::Set(id.to_string()),
            epoch: ActiveValue::Set(1),
        };
        let next = Expr::col((Entity, Column::Epoch)).add(1);
        let count_up = OnConflict::column(Column::UserId)
            .value(Column::Epoch, next)
            .to_owned();
        Entity::insert(row)
            .on_conflict(count_up)
            .exec_without_returning(self.0.connection())
            .await
            .map_err(Error::from_db)?;
        Ok(())
    }
}

impl SqlEpochs {
    async fn try_begin_after(&self, id: &UserId, seen: i64) -> Result<bool> {
        let connection = self.0.connection();
        // A user whose epoch never changed has no row.
        if seen == 0 {
            let row = user_epoch::ActiveModel {
                user_id: ActiveValue::Set(id.to_string()),
                epoch: ActiveValue::Set(1),
            };
            return match row.insert(connection).await {
                Ok(_) => Ok(true),
                Err(error) if is_duplicate(&error) => Ok(false),
                Err(error) => Err(Error::from_db(error)),
            };
        }
        let update = Entity::update_many()
            .col_expr(Column::Epoch, Expr::value(seen + 1))
            .filter(Column::UserId.eq(id.as_str()))
            .filter(Column::Epoch.eq(seen));
        changed(update, connection).await
    }
}

impl KeepEpochs for SqlEpochs {
    fn begin_after<'a>(
        &'a self,
        id: &'a UserId,
        seen: i64,
    ) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'a>> {
        Box::pin(async move {
            let feed = self.0.feed();
            let _invalidated = feed.invalidate_on_drop(Invalidation::User(id));
            retried(|| self.try_begin_after(id, seen)).await
        })
    }

    fn load<'a>(
        &'a self,
        id: &'a UserId,
    ) -> Pin<Box<dyn Future<Output = Result<i64>> + Send + 'a>> {
        Box::pin(async move {
            let found: Option<i64> = Entity::find()
                .filter(Column::UserId.eq(id.as_str()))
                .select_only()
                .column(Column::Epoch)
                .into_tuple()
                .one(self.0.connection())
                .await
                .map_err(Error::from_db)?;
            Ok(found.unwrap_or(0))
        })
    }

    fn begin_new<'a>(
        &'a self,
        id: &'a UserId,
    ) -> Pin<Box<dyn Future<Output = Result<()>> + Send + 'a>> {
        Box::pin(async move {
            let feed = self.0.feed();
            let _invalidated = feed.invalidate_on_drop(Invalidation::User(id));
            retried(|| self.try_begin_new(id)).await
        })
    }

    fn feed(&self) -> &InvalidationFeed {
        self.0.feed()
    }
}

const TRIGGERS: [Trigger; 3] = [
    (
        "vestibule_user_epochs",
        When::Inserted,
        About::User("user_id"),
    ),
    (
        "vestibule_user_epochs",
        When::Deleted,
        About::User("user_id"),
    ),
    (
        "vestibule_user_epochs",
        When::Updated(&["user_id", "epoch"], None),
        About::User("user_id"),
    ),
];

const KEEP_USER_EPOCHS: Step = Step {
    name: "2026_11_28_000001_keep_user_epochs",
    makes: Made {
        tables: &["vestibule_user_epochs"],
        triggers: &TRIGGERS,
        ..Made::NOTHING
    },
    up: |schema| Box::pin(keep_user_epochs(schema)),
};

async fn keep_user_epochs(schema: &Schema<'_>) -> std::result::Result<(), DbErr> {
    let user_id = schema
        .text(Column::UserId, UserId::MAX_CHARS)
        .not_null()
        .primary_key()
        .to_owned();
    let epoch = Schema::number(Column::Epoch).not_null().to_owned();
    let table = Table::create()
        .table(Entity)
        .if_not_exists()
        .col(user_id)
        .col(epoch)
        .to_owned();
    schema.execute(table).await?;
    create_triggers(schema, &TRIGGERS).await
}

/// Replaces triggers from before users had 256 counters. Those used the last character of the id,
/// which gave 16 counters for UUIDs.
const SPREAD_CHANGES: Step = Step {
    name: "2026_11_28_000002_spread_changes",
    makes: Made::NOTHING,
    up: |schema| Box::pin(spread_changes(schema)),
};

async fn spread_changes(schema: &Schema<'_>) -> std::result::Result<(), DbErr> {
    create_triggers(schema, &TRIGGERS).await
}

#[cfg(test)]
mod tests {
    use super::{MIGRATIONS, SqlEpochs};
    use crate::login::{KeepEpochs, UserId};
    use crate::testing::fresh_database;

    #[tokio::test]
    async fn an_epoch_follows_only_the_one_that_was_seen() {
        let database = fresh_database().await;
        database.migrate(MIGRATIONS).await.unwrap();
        let epochs = SqlEpochs(database);
        let alice = UserId::from(1_i64);

        for seen in [0, 1] {
            assert_eq!(epochs.load(&alice).await.unwrap(), seen);
            assert!(epochs.begin_after(&alice, seen).await.unwrap());
            assert_eq!(epochs.load(&alice).await.unwrap(), seen + 1);
            assert!(!epochs.begin_after(&alice, seen).await.unwrap());
        }
    }

    #[tokio::test]
    async fn an_epoch_that_cannot_be_written_is_an_error_and_no_conflict() {
        let database = fresh_database().await;
        let epochs = SqlEpochs(database);

        for seen in [0, 1] {
            let begun = epochs.begin_after(&UserId::from(1_i64), seen).await;
            assert!(begun.is_err_and(|error| error.is_store()), "{seen}");
        }
    }
}
