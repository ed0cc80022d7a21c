//! The rows of the tables of passkeys and of their ceremonies.

/// A passkey of a user.
pub(super) mod passkey {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vestibule_passkeys")]
    pub(in super::super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in super::super) id: String,
        /// The SHA-256 of the credential id, because ids may be longer than an index allows.
        #[sea_orm(unique)]
        pub(in super::super) digest: String,
        /// The realm of the user, because two realms may have users of the same id.
        pub(in super::super) realm: String,
        pub(in super::super) user_id: String,
        /// The random id under which authenticators know the user: a UUID.
        pub(in super::super) user_handle: String,
        /// The credential id, in base64url.
        pub(in super::super) credential_id: String,
        /// The public key, the counter and the flags, as the WebAuthn library writes them.
        pub(in super::super) credential: String,
        /// How often the credential was written, for compare-and-swap.
        pub(in super::super) revision: i64,
        pub(in super::super) name: String,
        /// Whether it is backed up, and so on several devices.
        pub(in super::super) is_synced: bool,
        pub(in super::super) created_at: i64,
        pub(in super::super) last_used_at: Option<i64>,
    }

    /// Without the public key.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Model")
                .field("id", &self.id)
                .field("user_id", &self.user_id)
                .finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in super::super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A ceremony that has begun.
pub(super) mod ceremony {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "vestibule_passkey_ceremonies")]
    pub(in super::super) struct Model {
        /// The SHA-256 of the browser's secret and the challenge.
        #[sea_orm(primary_key, auto_increment = false)]
        pub(in super::super) digest: String,
        pub(in super::super) purpose: String,
        /// The user, if it is known before the ceremony.
        pub(in super::super) user_id: Option<String>,
        /// The handle that a new passkey gets.
        pub(in super::super) user_handle: Option<String>,
        /// What the WebAuthn library needs to check the response.
        pub(in super::super) state: String,
        pub(in super::super) expires_at: i64,
    }

    /// Without the challenge.
    impl std::fmt::Debug for Model {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.debug_struct("Model")
                .field("purpose", &self.purpose)
                .field("user_id", &self.user_id)
                .finish_non_exhaustive()
        }
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(in super::super) enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
