//! The table and column names that several migrations use.

use sea_orm::DeriveIden;

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
    // Added by `remember_logins`:
    Realm,
    IsFresh,
    RememberedId,
    RenewedFrom,
    UserAgent,
    Address,
}
