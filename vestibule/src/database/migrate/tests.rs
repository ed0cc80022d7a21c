use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use super::{COUNTED_BY, Migrations, table_of};
use crate::database::names::is_ours;
use crate::database::objects::Objects;
use crate::database::triggers;
use crate::stores::sql;
use crate::testing::fresh_database;
use crate::{accounts, credentials};

const ALL: [Migrations; 4] = [
    credentials::MIGRATIONS,
    sql::COUNTER_MIGRATIONS,
    sql::MIGRATIONS,
    accounts::MIGRATIONS,
];

#[tokio::test]
async fn each_step_declares_what_it_makes() {
    let database = fresh_database().await;
    let mut declared = BTreeSet::from([triggers::TABLE.to_owned()]);
    for migrations in ALL {
        database.migrate(migrations).await.unwrap();
        declared.insert(table_of(migrations.owner));
        for step in migrations.steps {
            let made = &step.makes;
            for names in [made.tables, made.indexes, made.foreign_keys] {
                declared.extend(names.iter().map(|name| (*name).to_owned()));
            }
            for (table, when, _) in made.triggers {
                declared.extend(triggers::names(table, *when));
            }
        }
    }

    let made = Objects::of(database.connection()).await.unwrap();

    let is_automatic = |name: &str| {
        name.starts_with("sqlite_autoindex_") || name.ends_with("_pkey") || name.ends_with("_key")
    };
    let undeclared: Vec<_> = made
        .names()
        .filter(|name| !declared.contains(*name) && !is_automatic(name))
        .collect();
    assert!(undeclared.is_empty(), "{undeclared:?}");
    for name in &declared {
        assert!(is_ours(name), "{name} gets no prefix");
    }
}

#[test]
fn each_step_that_makes_the_first_triggers_of_its_part_makes_the_counters_too() {
    for migrations in ALL {
        let mut steps = migrations.steps.iter();
        if let Some(step) = steps.find(|step| step.makes.needs_counters()) {
            assert!(COUNTED_BY.contains(&(migrations.owner, step.name)));
        }
    }
}

#[tokio::test]
async fn no_column_has_a_name_that_gets_the_prefix() {
    let database = fresh_database().await;
    for migrations in ALL {
        database.migrate(migrations).await.unwrap();
    }
    let connection = database.connection();
    let backend = connection.get_database_backend();
    let columns = match backend {
        DbBackend::Sqlite => {
            "SELECT columns.name FROM sqlite_master AS tables, \
             pragma_table_info(tables.name) AS columns"
        }
        DbBackend::Postgres => {
            "SELECT CAST(column_name AS text) FROM information_schema.columns \
             WHERE table_schema = current_schema()"
        }
        _ => {
            "SELECT CAST(column_name AS char) FROM information_schema.columns \
             WHERE table_schema = database()"
        }
    };
    let columns = connection.query_all_raw(Statement::from_string(backend, columns));

    let columns = columns.await.unwrap();

    assert!(columns.len() > 50);
    for column in columns {
        let name: String = column.try_get_by_index(0).unwrap();
        assert!(!is_ours(&name), "{name}");
    }
}
