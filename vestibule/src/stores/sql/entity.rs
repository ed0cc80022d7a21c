//! The tables, as the ORM sees them.

pub(super) mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub(in crate::stores::sql) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::stores::sql) id: Vec<u8>,
        pub(in crate::stores::sql) public_id: String,
        pub(in crate::stores::sql) realm: String,
        pub(in crate::stores::sql) user_id: String,
        pub(in crate::stores::sql) user_epoch: i64,
        pub(in crate::stores::sql) created_at: i64,
        pub(in crate::stores::sql) authenticated_at: i64,
        pub(in crate::stores::sql) is_fresh: bool,
        pub(in crate::stores::sql) remembered_id: Option<Vec<u8>>,
        pub(in crate::stores::sql) renewed_from: Option<Vec<u8>>,
        pub(in crate::stores::sql) user_agent: Option<String>,
        pub(in crate::stores::sql) address: Option<String>,
        pub(in crate::stores::sql) last_seen_at: i64,
        pub(in crate::stores::sql) expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::stores::sql) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod remembered {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "remembered_logins")]
    pub(in crate::stores::sql) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::stores::sql) id: Vec<u8>,
        pub(in crate::stores::sql) realm: String,
        pub(in crate::stores::sql) user_id: String,
        pub(in crate::stores::sql) user_epoch: i64,
        pub(in crate::stores::sql) token: Vec<u8>,
        pub(in crate::stores::sql) previous: Option<Vec<u8>>,
        pub(in crate::stores::sql) seed: Vec<u8>,
        pub(in crate::stores::sql) rotated_at: i64,
        pub(in crate::stores::sql) created_at: i64,
        pub(in crate::stores::sql) expires_at: i64,
        pub(in crate::stores::sql) duration: i64,
    }

    /// Does not show the seed, which with a used token gives the one in force.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Model")
                .field("user_id", &self.user_id)
                .finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::stores::sql) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
