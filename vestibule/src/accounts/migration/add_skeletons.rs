//! Adds the skeletons of usernames, by which look-alikes are found.
//! [`Accounts::fill_skeletons`](crate::accounts::Accounts::fill_skeletons) fills them in, because
//! SQL cannot compute them.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, DeriveIden, Index, MigrationName, MigrationTrait, SchemaManager, Table,
    async_trait,
};

use super::create_users::Users;
use crate::database::exact_collation;
use crate::database::triggers::create_index;

#[derive(DeriveIden)]
enum NewInUsers {
    Skeleton,
}

pub(super) struct AddSkeletons;

impl MigrationName for AddSkeletons {
    fn name(&self) -> &str {
        "2026_11_28_000002_add_skeletons"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for AddSkeletons {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // Each step checks whether it was done already: on MySQL an interrupted migration is not
        // rolled back.
        if !manager.has_column("users", "skeleton").await? {
            let exact = exact_collation(manager.get_database_backend());
            let skeleton = ColumnDef::new(NewInUsers::Skeleton)
                .string_len(255)
                .extra(exact)
                .to_owned();
            let users = Table::alter()
                .table(Users::Table)
                .add_column(skeleton)
                .to_owned();
            manager.alter_table(users).await?;
        }
        let unique = Index::create()
            .name("users_skeleton")
            .table(Users::Table)
            .col(NewInUsers::Skeleton)
            .unique()
            .to_owned();
        create_index(manager, "users", "users_skeleton", unique).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let index = Index::drop()
            .name("users_skeleton")
            .table(Users::Table)
            .to_owned();
        manager.drop_index(index).await?;
        let users = Table::alter()
            .table(Users::Table)
            .drop_column(NewInUsers::Skeleton)
            .to_owned();
        manager.alter_table(users).await
    }
}
