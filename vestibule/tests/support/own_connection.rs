//! Connections that a test makes itself.

use sea_orm::ConnectOptions;

/// Options for a database at `url`. On MySQL its sessions read repeatably, as ours must: the
/// server of the tests has another default.
pub(crate) fn own_connection(url: String) -> ConnectOptions {
    #[cfg_attr(
        not(feature = "mysql"),
        allow(unused_mut, reason = "only MySQL needs more")
    )]
    let mut options = ConnectOptions::new(url);
    #[cfg(feature = "mysql")]
    options.map_sqlx_mysql_pool_opts(|pool| {
        pool.after_connect(|connection, _| {
            let repeatable = "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ";
            Box::pin(async move {
                let set = sea_orm::sqlx::raw_sql(repeatable);
                set.execute(connection).await.map(drop)
            })
        })
    });
    options
}
