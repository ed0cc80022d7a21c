//! The tables, as ORM entities.

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
        /// `None` if an older account has the same skeleton.
        #[sea_orm(unique)]
        pub(in crate::accounts) skeleton: Option<String>,
        pub(in crate::accounts) email: Option<String>,
        /// See `emails.rs`.
        #[sea_orm(unique)]
        pub(in crate::accounts) canonical_email: Option<String>,
        pub(in crate::accounts) email_verified_at: Option<i64>,
        pub(in crate::accounts) is_disabled: bool,
        pub(in crate::accounts) awaits_approval: bool,
        pub(in crate::accounts) must_change_password: bool,
        pub(in crate::accounts) session_epoch: i64,
        /// When a closed account is erased.
        pub(in crate::accounts) closes_at: Option<i64>,
        /// Until when a node has a closed account to itself, to erase it.
        pub(in crate::accounts) erasing_until: Option<i64>,
        pub(in crate::accounts) created_at: i64,
        pub(in crate::accounts) updated_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::accounts) enum Relation {
        #[sea_orm(has_one = "super::password::Entity")]
        Password,
        #[sea_orm(has_many = "super::user_role::Entity")]
        Roles,
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
        /// When a temporary password stops working.
        pub(in crate::accounts) expires_at: Option<i64>,
    }

    /// Omits the hash.
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

pub(super) mod role {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "roles")]
    pub(in crate::accounts) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) name: String,
        pub(in crate::accounts) created_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::accounts) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod role_permission {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "role_permissions")]
    pub(in crate::accounts) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) role_name: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) permission: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::accounts) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod user_role {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "user_roles")]
    pub(in crate::accounts) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) user_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) role_name: String,
        pub(in crate::accounts) granted_at: i64,
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
        /// Joins by the role's name, without the table of roles.
        #[sea_orm(
            belongs_to = "super::role_permission::Entity",
            from = "Column::RoleName",
            to = "super::role_permission::Column::RoleName"
        )]
        Permissions,
    }

    impl Related<super::user::Entity> for Entity {
        fn to() -> RelationDef {
            Relation::User.def()
        }
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod invitation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vestibule_invitations")]
    pub(in crate::accounts) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) id: String,
        /// The SHA-256 of the token.
        #[sea_orm(unique)]
        pub(in crate::accounts) digest: String,
        pub(in crate::accounts) address: String,
        pub(in crate::accounts) canonical_address: String,
        /// The role that comes with it.
        pub(in crate::accounts) role_name: Option<String>,
        /// `None` for the operator.
        pub(in crate::accounts) inviter_id: Option<String>,
        pub(in crate::accounts) inviter_name: String,
        /// The role that lets the inviter invite.
        pub(in crate::accounts) inviter_role: Option<String>,
        pub(in crate::accounts) created_at: i64,
        pub(in crate::accounts) expires_at: i64,
        pub(in crate::accounts) used_at: Option<i64>,
        /// The account that was registered with it.
        pub(in crate::accounts) user_id: Option<String>,
        pub(in crate::accounts) revoked_at: Option<i64>,
    }

    /// Omits the digest.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Model")
                .field("id", &self.id)
                .finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::accounts) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod former_username {
    use sea_orm::entity::prelude::*;

    /// A name that its former owner may take back, and nobody else may take.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "former_usernames")]
    pub(in crate::accounts) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) canonical_username: String,
        pub(in crate::accounts) skeleton: String,
        pub(in crate::accounts) user_id: String,
        pub(in crate::accounts) reserved_until: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::accounts) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod security_log {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "security_log")]
    pub(in crate::accounts) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in crate::accounts) id: String,
        pub(in crate::accounts) at: i64,
        pub(in crate::accounts) action: String,
        pub(in crate::accounts) actor_id: Option<String>,
        pub(in crate::accounts) actor_name: String,
        pub(in crate::accounts) address: Option<String>,
        pub(in crate::accounts) user_id: Option<String>,
        pub(in crate::accounts) username: Option<String>,
        pub(in crate::accounts) detail: Option<String>,
        /// How often it happened. `NULL` in a line of an admin, which stands for one time.
        pub(in crate::accounts) times: Option<i64>,
        pub(in crate::accounts) browser: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in crate::accounts) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
