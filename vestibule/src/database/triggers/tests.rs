use sea_orm::{ConnectionTrait, Statement};

use super::{About, USERS, shard};
use crate::session::user_byte;
use crate::testing::fresh_database;

#[tokio::test]
async fn a_trigger_takes_the_byte_of_a_users_id_that_the_cache_takes() {
    let database = fresh_database().await;
    let connection = database.connection();
    let backend = connection.get_database_backend();
    let shard = shard(backend, About::User("id"), "them");

    for id in [
        "01a222f9-04eb-7f65-91eb-f72d681640ad",
        "01A222F9-04EB-7F65-91EB-F72D681640AD",
        "7",
        "10",
        "1234567",
        "carol",
        "face",
        "fa+e",
        "me@example.com",
        "佐藤",
        "佐a",
        "müf",
    ] {
        let select = format!("SELECT {shard} AS shard FROM (SELECT '{id}' AS id) AS them");
        let row = connection.query_one_raw(Statement::from_string(backend, select));
        let taken: String = row.await.unwrap().unwrap().try_get("", "shard").unwrap();

        let byte = user_byte(&id.into());
        assert_eq!(taken, format!("{USERS}{byte:02X}"), "{id}");
    }
}
