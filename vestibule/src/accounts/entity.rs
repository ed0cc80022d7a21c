//! The tables, as the ORM sees them.

pub(super) mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "users")]
    pub(in crate::accounts) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) id: String,
        pub(in crate::accounts) username: String,
        #[sea_orm(unique)]
        pub(in crate::accounts) canonical_username: String,
        pub(in crate::accounts) email: Option<String>,
        pub(in crate::accounts) is_disabled: bool,
        pub(in crate::accounts) session_epoch: i64,
        pub(in crate::accounts) created_at: i64,
        pub(in crate::accounts) updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::accounts) enum Relation {
        #[sea_orm(has_one = "super::password::Entity")]
        Password,
    }

    impl Related<super::password::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Password.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod password {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "passwords")]
    pub(in crate::accounts) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) user_id: String,
        pub(in crate::accounts) hash: String,
        pub(in crate::accounts) changed_at: i64,
    }

    /// Does not show the hash.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Model")
                .field("user_id", &self.user_id)
                .finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::accounts) enum Relation {
        #[sea_orm(
            belongs_to = "super::user::Entity",
            from = "Column::UserId",
            to = "super::user::Column::Id",
            on_delete = "Cascade"
        )]
        User,
    }

    impl Related<super::user::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::User.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}
