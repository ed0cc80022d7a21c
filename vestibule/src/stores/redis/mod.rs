//! Sessions and throttle counters in Redis or Valkey, one server or a cluster.

mod address;
mod counters;
mod session_store;
mod watch;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::cluster::ClusterClient;
use redis::cluster_async::ClusterConnection;
use redis::cluster_routing::{MultipleNodeRoutingInfo, RoutingInfo};
use redis::{FromRedisValue, RedisResult, Script, ScriptInvocation};

use crate::clock::Timestamp;
use crate::error::{Error, Result};
use crate::session::json::{self, SessionFields, hex};
use crate::session::{
    DataValues, InvalidationFeed, RememberedId, RememberedLogin, Session, SessionId,
};
use address::Address;
pub use counters::RedisCounters;

/// Keeps sessions and remembered logins in Redis 7 or later, or Valkey. Clones share the
/// connection.
///
/// Every call is one atomic script. All keys have one hash tag, so a cluster keeps them on one of
/// its masters.
///
/// Connecting fails if the server may evict keys when memory is short, by an `allkeys-` policy: a
/// log-out everywhere would miss evicted entries. After a crash, a server that lost its last writes
/// may bring back sessions that those writes ended. If that matters, set `appendonly yes` and
/// `appendfsync always`.
#[derive(Clone)]
pub struct RedisStore {
    calls: Calls,
    feed: InvalidationFeed,
}

/// What each call to the server needs.
#[derive(Clone)]
struct Calls {
    connection: Connection,
    prefix: String,
    script: Script,
}

#[derive(Clone)]
enum Connection {
    Single(ConnectionManager),
    Cluster(ClusterConnection),
}

/// Options for connecting to Redis.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct RedisOptions {
    /// The prefix of all keys. Default: `{vestibule}`. It must have braces, which are the hash tag.
    pub prefix: String,
    /// How long to wait for a response, and for a connection. Default: 2 seconds. After that the
    /// visitor gets 503.
    pub patience: Duration,
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            prefix: "{vestibule}".to_owned(),
            patience: Duration::from_secs(2),
        }
    }
}

impl RedisStore {
    /// Connects to `redis://HOST:PORT`, optionally with `USER:PASSWORD@` before the host and
    /// `/DATABASE` after it, or to `redis+cluster://HOST:PORT,HOST:PORT`, some nodes of a cluster.
    ///
    /// `rediss` in place of `redis` uses TLS. The certificate must be for that host, and its issuer
    /// must be trusted by the system, or be in the file named by the environment variable
    /// `SSL_CERT_FILE`. It is always verified. The cryptography is the process's rustls provider;
    /// ring if none is set.
    ///
    /// # Errors
    /// [`Error::is_store`] when the server is not up yet: nothing answers there, or it still reads
    /// its data. [`Error::is_config`] when trying again does not help: the address or the password is
    /// wrong, the certificate is not trusted, or the server may evict keys. The message contains no
    /// password.
    pub async fn connect(url: &str) -> Result<Self> {
        Self::connect_with(url, RedisOptions::default()).await
    }

    /// As [`connect`](Self::connect), with options.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn connect_with(url: &str, options: RedisOptions) -> Result<Self> {
        let (prefix, patience) = (options.prefix, options.patience);
        let tag = prefix
            .split_once('{')
            .and_then(|(_, rest)| rest.split_once('}'));
        if tag.is_none_or(|(tag, _)| tag.is_empty()) {
            return Err(Error::config(
                "the prefix of the keys needs a hash tag, as in `{vestibule}`",
            ));
        }
        let address = Address::parse(url)?;
        address.choose_cryptography();
        let connection = match address.is_cluster {
            true => Connection::Cluster(to_cluster(&address, patience).await?),
            false => {
                let config = ConnectionManagerConfig::new()
                    .set_number_of_retries(1)
                    .set_max_delay(Duration::from_millis(500))
                    .set_response_timeout(Some(patience))
                    .set_connection_timeout(Some(patience));
                let connected = address.first.get_connection_manager_with_config(config);
                let connected = connected.await;
                Connection::Single(connected.map_err(|error| address.cannot_connect(&error))?)
            }
        };
        let calls = Calls {
            connection,
            prefix,
            script: Script::new(include_str!("store.lua")),
        };
        let (answered, policies) = (calls.answers().await, policies(&calls.connection).await);
        answered.map_err(|error| address.cannot_connect(&error))?;
        check_policies(&policies.map_err(|error| address.cannot_connect(&error))?)?;
        Ok(Self {
            feed: watch::feed(address.nodes, calls.clone()),
            calls,
        })
    }

    /// The remembered login of a session, or of the one renewed from it.
    async fn login_of(&self, id: SessionId) -> Result<Option<RememberedId>> {
        let login: String = self.calls.run("login_of", &[&hex(id.as_bytes())]).await?;
        match login.is_empty() {
            true => Ok(None),
            false => json::digest(&login).map(|id| Some(RememberedId::from_bytes(id))),
        }
    }
}

impl Calls {
    /// The same calls, of another script.
    fn with_script(&self, code: &str) -> Self {
        Self {
            script: Script::new(code),
            ..self.clone()
        }
    }

    /// Runs one operation of the script.
    async fn run<T: FromRedisValue>(&self, operation: &str, arguments: &[&str]) -> Result<T> {
        let mut invocation: ScriptInvocation<'_> = self.script.key(&self.prefix);
        invocation.arg(operation);
        for argument in arguments {
            invocation.arg(*argument);
        }
        let answer = match self.connection.clone() {
            Connection::Single(mut connection) => invocation.invoke_async(&mut connection).await,
            Connection::Cluster(mut connection) => invocation.invoke_async(&mut connection).await,
        };
        answer.map_err(Error::store)
    }

    /// Runs one operation of the script that returns sessions.
    async fn list(&self, operation: &str, arguments: &[&str]) -> Result<Vec<Session>> {
        let found: Vec<SessionFields> = self.run(operation, arguments).await?;
        let sessions = found.into_iter().map(json::to_session);
        sessions.filter_map(Result::transpose).collect()
    }

    /// Reads fields of one key.
    async fn read<T: FromRedisValue>(&self, kind: &str, id: &str, fields: [&str; 3]) -> Result<T> {
        let answer = self.try_read(kind, id, fields).await;
        answer.map_err(Error::store)
    }

    async fn try_read<T: FromRedisValue>(
        &self,
        kind: &str,
        id: &str,
        fields: [&str; 3],
    ) -> RedisResult<T> {
        let mut command = redis::cmd("HMGET");
        command
            .arg(format!("{}:{kind}:{id}", self.prefix))
            .arg(&fields);
        match self.connection.clone() {
            Connection::Single(mut connection) => command.query_async(&mut connection).await,
            Connection::Cluster(mut connection) => command.query_async(&mut connection).await,
        }
    }

    /// Reads a key that does not exist. A server that is still loading its data accepts
    /// connections, but rejects this.
    async fn answers(&self) -> RedisResult<()> {
        let nothing: Vec<Option<String>> = self.try_read("s", "", ["data"; 3]).await?;
        drop(nothing);
        Ok(())
    }
}

/// The eviction policy of the server, or of each node of a cluster that has keys.
async fn policies(connection: &Connection) -> RedisResult<Vec<String>> {
    let mut info = redis::cmd("INFO");
    info.arg("memory");
    let answers: Vec<String> = match connection.clone() {
        Connection::Single(mut connection) => vec![info.query_async(&mut connection).await?],
        Connection::Cluster(mut connection) => {
            let masters = RoutingInfo::MultiNode((MultipleNodeRoutingInfo::AllMasters, None));
            let answers = connection.route_command(info, masters).await?;
            let by_node: HashMap<String, String> = redis::from_redis_value(answers)?;
            by_node.into_values().collect()
        }
    };
    let lines = answers.iter().flat_map(|info| info.lines());
    let policies = lines.filter_map(|line| line.strip_prefix("maxmemory_policy:"));
    Ok(policies.map(|policy| policy.trim().to_owned()).collect())
}

/// Rejects a server that may evict keys.
fn check_policies(policies: &[String]) -> Result<()> {
    match policies
        .iter()
        .find(|policy| policy.starts_with("allkeys-"))
    {
        None => Ok(()),
        Some(policy) => Err(Error::config(format!(
            "the session store may evict sessions when memory is short (maxmemory-policy \
             {policy}); set maxmemory-policy to noeviction",
        ))),
    }
}

async fn to_cluster(address: &Address, patience: Duration) -> Result<ClusterConnection> {
    let nodes = address.nodes.iter();
    let client = ClusterClient::builder(nodes.map(|node| node.get_connection_info().clone()))
        .connection_timeout(patience)
        .response_timeout(patience)
        .retries(3)
        .build()
        .map_err(|error| address.cannot_connect(&error))?;
    let connected = client.get_async_connection().await;
    connected.map_err(|error| address.cannot_connect(&error))
}

/// A flag as the script reads it.
fn flag(is_so: bool) -> &'static str {
    match is_so {
        true => "1",
        false => "0",
    }
}

fn millis(moment: Timestamp) -> String {
    moment.as_millis().to_string()
}

/// A session as arguments of the script: its data, its freshness, its last use.
fn session_arguments(session: &Session) -> Result<[String; 3]> {
    Ok([
        json::of_session(session)?,
        flag(session.is_fresh).to_owned(),
        millis(session.last_seen_at),
    ])
}

/// A remembered login as arguments of the script: its data, its token, its expiry.
fn login_arguments(login: &RememberedLogin) -> Result<[String; 3]> {
    Ok([
        json::of_login(login)?,
        hex(login.token.as_bytes()),
        millis(login.expires_at),
    ])
}

/// These arguments, followed by names and values.
fn with_data<'a>(arguments: &[&'a str], data: &'a DataValues) -> Vec<&'a str> {
    let pairs = data.iter().flat_map(|(name, value)| [&**name, &**value]);
    arguments.iter().copied().chain(pairs).collect()
}

/// The maximum number of sessions in one script, because Redis blocks while it runs.
const BATCH: usize = 500;

impl fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.calls.prefix)
            .finish_non_exhaustive()
    }
}
