use sea_orm::{ActiveValue, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};

use super::{QUICK, accounts};
use crate::accounts::entity::user;
use crate::accounts::skeletons::PAGE;
use crate::credentials::Username;
use crate::password::Passwords;

/// Has each name twice, with an `i` and with an `l`.
#[tokio::test]
async fn more_accounts_than_are_read_at_a_time_get_skeletons_on_several_nodes_at_once() {
    let accounts = accounts(&Passwords::new(QUICK).unwrap()).await;
    let database = accounts.inner.database.connection();
    let count = i64::try_from(PAGE).unwrap() + 200;
    let numbers: Vec<_> = (0..count).collect();
    for numbers in numbers.chunks(200) {
        let users = numbers.iter().map(|i| {
            let letter = if i % 2 == 0 { 'i' } else { 'l' };
            let name = format!("user-{letter}-{}", i / 2);
            user::ActiveModel {
                id: ActiveValue::Set(format!("{}", count - i)),
                username: ActiveValue::Set(name.clone()),
                canonical_username: ActiveValue::Set(name),
                created_at: ActiveValue::Set(*i),
                updated_at: ActiveValue::Set(0),
                ..Default::default()
            }
        });
        let inserted = user::Entity::insert_many(users).exec_without_returning(database);
        inserted.await.unwrap();
    }

    let filled = tokio::join!(accounts.fill_skeletons(), accounts.fill_skeletons());

    filled.0.unwrap();
    filled.1.unwrap();
    let unfilled = user::Entity::find().filter(user::Column::Skeleton.is_null());
    let unfilled = unfilled.all(database).await.unwrap();
    assert_eq!(unfilled.len(), (PAGE + 200) / 2);
    for user in unfilled {
        assert!(user.username.starts_with("user-l"), "{user:?}");
    }
    let right = Username::skeleton_of("user-i-2599");
    let right = user::Entity::find().filter(user::Column::Skeleton.eq(right));
    assert_eq!(right.count(database).await.unwrap(), 1);
}
