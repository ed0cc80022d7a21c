//! The tables and other objects of a database, and which of our names they take.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement};

use super::connection::Connection;
use super::names::TableNames;
use super::triggers::{self, Trigger};

/// The names of the objects that a migration creates. The app may use them already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Made {
    pub(crate) tables: &'static [&'static str],
    pub(crate) indexes: &'static [&'static str],
    pub(crate) foreign_keys: &'static [&'static str],
    pub(crate) triggers: &'static [Trigger],
}

impl Made {
    pub(crate) const NOTHING: Self = Self {
        tables: &[],
        indexes: &[],
        foreign_keys: &[],
        triggers: &[],
    };

    /// Whether it also creates the table of counters, if that does not exist.
    pub(super) fn needs_counters(&self) -> bool {
        !self.triggers.is_empty()
    }
}

/// The names of all objects in the schema where ours would be created.
#[derive(Debug)]
pub(super) struct Objects {
    backend: DbBackend,
    /// Tables and views. Also indexes, in databases where an index name is unique in the schema.
    relations: BTreeSet<String>,
    /// Triggers; on PostgreSQL, functions.
    triggers: BTreeSet<String>,
    /// Foreign keys, on MySQL, where their names are unique in the schema.
    foreign_keys: BTreeSet<String>,
}

const RELATION: &str = "relation";
const TRIGGER: &str = "trigger";

impl Objects {
    pub(super) async fn of(connection: &Connection) -> Result<Self, DbErr> {
        let backend = connection.get_database_backend();
        let query = match backend {
            DbBackend::Postgres => {
                "SELECT 'relation' AS kind, CAST(relname AS text) AS name FROM pg_class \
                 WHERE relnamespace = CAST(current_schema() AS regnamespace) UNION ALL \
                 SELECT 'trigger', CAST(proname AS text) FROM pg_proc \
                 WHERE pronamespace = CAST(current_schema() AS regnamespace)"
            }
            // By `trigger_schema`, MariaDB would read the triggers of all databases of the server.
            DbBackend::MySql => {
                "SELECT 'relation' AS kind, CAST(table_name AS char) AS name \
                 FROM information_schema.tables WHERE table_schema = database() UNION ALL \
                 SELECT 'trigger', CAST(trigger_name AS char) \
                 FROM information_schema.triggers WHERE event_object_schema = database() UNION ALL \
                 SELECT 'foreign key', CAST(constraint_name AS char) \
                 FROM information_schema.referential_constraints \
                 WHERE constraint_schema = database()"
            }
            // SQLite treats `Users` and `users` as the same name.
            _ => {
                "SELECT CASE type WHEN 'trigger' THEN type ELSE 'relation' END AS kind, \
                 lower(name) AS name FROM sqlite_master"
            }
        };
        let mut objects = Self {
            backend,
            relations: BTreeSet::new(),
            triggers: BTreeSet::new(),
            foreign_keys: BTreeSet::new(),
        };
        let statement = Statement::from_string(backend, query);
        for row in connection.query_all_raw(statement).await? {
            let (kind, name): (String, String) =
                (row.try_get("", "kind")?, row.try_get("", "name")?);
            let names = match &*kind {
                RELATION => &mut objects.relations,
                TRIGGER => &mut objects.triggers,
                _ => &mut objects.foreign_keys,
            };
            names.insert(name);
        }
        Ok(objects)
    }

    #[cfg(all(test, feature = "sqlite"))]
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        let relations = self.relations.iter().chain(&self.triggers);
        relations.chain(&self.foreign_keys).map(String::as_str)
    }

    /// The table or view with this full name, in words.
    pub(super) fn relation(&self, name: &str) -> Option<String> {
        let exists = self.relations.contains(name);
        exists.then(|| format!("the table `{name}`"))
    }

    /// The table of counters, in words, if it exists.
    pub(super) fn counters(&self, names: &TableNames) -> Option<String> {
        self.relation(&names.of(triggers::TABLE))
    }

    /// The names of `made` that are taken, in words.
    pub(super) fn taken(&self, made: &Made, names: &TableNames) -> Vec<String> {
        let tables = made
            .tables
            .iter()
            .filter_map(|name| self.relation(&names.of(name)));
        let in_words = |kind: &str, name: &str| {
            let exists = match kind {
                "index" => &self.relations,
                "foreign key" => &self.foreign_keys,
                _ => &self.triggers,
            };
            let name = names.of(name);
            exists
                .contains(&name)
                .then(|| format!("the {kind} `{name}`"))
        };
        let indexes = made.indexes.iter();
        let indexes = indexes.filter_map(|name| match self.backend {
            DbBackend::MySql => None,
            _ => in_words("index", name),
        });
        let foreign_keys = made.foreign_keys.iter();
        let foreign_keys = foreign_keys.filter_map(|name| in_words("foreign key", name));
        let kind = match self.backend {
            DbBackend::Postgres => "function",
            _ => "trigger",
        };
        let triggers = made.triggers.iter();
        let triggers = triggers.flat_map(|(table, when, _)| triggers::names(table, *when));
        let triggers = triggers.filter_map(|name| in_words(kind, &name));
        tables
            .chain(indexes)
            .chain(foreign_keys)
            .chain(triggers)
            .collect()
    }
}
