//! Lets a line of the security log name a browser.

use sea_orm::sea_query::{ColumnDef, Table};
use sea_orm::{DbErr, DeriveIden};

use super::add_roles::SecurityLog;
use crate::accounts::actor::MAX_BROWSER_CHARS;
use crate::database::{Made, Schema, Step};

#[derive(DeriveIden)]
enum NewInSecurityLog {
    Browser,
}

pub(super) const NAME_BROWSERS: Step = Step {
    name: "2026_11_29_000002_name_browsers",
    makes: Made::NOTHING,
    up: |schema| Box::pin(up(schema)),
};

async fn up(schema: &Schema<'_>) -> Result<(), DbErr> {
    // On MySQL an interrupted migration is not rolled back.
    if schema.has_column("security_log", "browser").await? {
        return Ok(());
    }
    let chars = u32::try_from(MAX_BROWSER_CHARS).unwrap_or(u32::MAX);
    let browser = ColumnDef::new(NewInSecurityLog::Browser)
        .string_len(chars)
        .to_owned();
    let log = Table::alter()
        .table(SecurityLog::Table)
        .add_column(browser)
        .to_owned();
    schema.execute(log).await
}
