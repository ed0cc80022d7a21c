//! The names that several migrations use.

use sea_orm_migration::prelude::DeriveIden;

#[derive(DeriveIden)]
pub(super) enum Sessions {
    Table,
    Id,
    PublicId,
    UserId,
    UserEpoch,
    CreatedAt,
    AuthenticatedAt,
    LastSeenAt,
    ExpiresAt,
    // Since the second migration:
    Realm,
    IsFresh,
    RememberedId,
    RenewedFrom,
    UserAgent,
    Address,
}
