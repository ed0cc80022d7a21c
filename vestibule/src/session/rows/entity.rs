//! The tables, as ORM entities.

pub(crate) mod session {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "sessions")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Vec<u8>,
        pub(crate) public_id: String,
        pub(crate) realm: String,
        pub(crate) user_id: String,
        pub(crate) user_epoch: i64,
        pub(crate) created_at: i64,
        pub(crate) authenticated_at: i64,
        pub(crate) methods: i32,
        pub(crate) confirmed_by: i32,
        pub(crate) is_fresh: bool,
        pub(crate) remembered_id: Option<Vec<u8>>,
        pub(crate) is_from_replaced_token: bool,
        pub(crate) renewed_from: Option<Vec<u8>>,
        pub(crate) user_agent: Option<String>,
        pub(crate) address: Option<String>,
        pub(crate) last_seen_at: i64,
        pub(crate) expires_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(has_many = "super::data::Entity")]
        Data,
    }

    impl Related<super::data::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Data.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod data {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "session_data")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) session_id: Vec<u8>,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) name: String,
        pub(crate) value: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {
        #[sea_orm(
            belongs_to = "super::session::Entity",
            from = "Column::SessionId",
            to = "super::session::Column::Id"
        )]
        Session,
    }

    impl Related<super::session::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::Session.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod remembered {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "remembered_logins")]
    pub(crate) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(crate) id: Vec<u8>,
        pub(crate) realm: String,
        pub(crate) user_id: String,
        pub(crate) user_epoch: i64,
        pub(crate) token: Vec<u8>,
        pub(crate) previous: Option<Vec<u8>>,
        pub(crate) seed: Vec<u8>,
        pub(crate) rotated_at: i64,
        pub(crate) created_at: i64,
        pub(crate) methods: i32,
        pub(crate) confirmed_by: i32,
        pub(crate) expires_at: i64,
        pub(crate) duration: i64,
    }

    /// Omits the seed, because with a used token it gives the current one.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Model")
                .field("user_id", &self.user_id)
                .finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(crate) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
