//! Receiving the changes that other processes make.

use data_encoding::HEXLOWER;
use futures_util::StreamExt;
use redis::aio::PubSub;
use redis::{Client, Msg};
use tokio::time::{Instant, timeout, timeout_at};

use super::Calls;
use crate::crypto::random::Random;
use crate::error::{Error, Result};
use crate::session::{ASK_EVERY, Invalidation, InvalidationFeed, Watched, Watcher};

pub(super) fn feed(nodes: Vec<Client>, calls: Calls) -> InvalidationFeed {
    InvalidationFeed::watching(Channel { nodes, calls })
}

/// The channel for changes; in a cluster every node receives them all.
struct Channel {
    nodes: Vec<Client>,
    calls: Calls,
}

/// The prefix of messages that a watcher sends to itself. Other watchers ignore them.
const PING: &str = "ping";

impl Channel {
    async fn subscribe(&self) -> Result<PubSub> {
        let mut last = Error::store("there is no node to ask");
        for node in &self.nodes {
            let subscribed = timeout(InvalidationFeed::BOUND, async {
                let mut pubsub = node.get_async_pubsub().await?;
                let channel = format!("{}:changes", self.calls.prefix);
                pubsub.subscribe(channel).await?;
                Ok::<_, redis::RedisError>(pubsub)
            });
            match subscribed.await {
                Ok(Ok(pubsub)) => return Ok(pubsub),
                Ok(Err(error)) => last = Error::store(error),
                Err(error) => last = Error::store(error),
            }
        }
        Err(last)
    }
}

impl Watched for Channel {
    async fn watch(&self, watcher: &Watcher) -> Result<()> {
        let mut stream = self.subscribe().await?.into_on_message();
        let nonce = HEXLOWER.encode(&Random::system().bytes::<16>()?);
        let ping = format!("{PING}{nonce}");
        watcher.lost();
        loop {
            let began = Watcher::now();
            // Check the path that changes take: a node that is cut off from its cluster still
            // responds, but receives no changes.
            let heard = timeout(InvalidationFeed::BOUND, async {
                self.calls.run::<u64>("ping", &[&ping]).await?;
                loop {
                    let payload = payload(stream.next().await)?;
                    if payload == ping {
                        return Ok(());
                    }
                    forward(watcher, &payload);
                }
            });
            heard.await.map_err(Error::store)??;
            if !watcher.seen_all_until(began) {
                return Ok(());
            }
            let until = Instant::now() + ASK_EVERY;
            while let Ok(message) = timeout_at(until, stream.next()).await {
                forward(watcher, &payload(message)?);
            }
        }
    }
}

fn payload(message: Option<Msg>) -> Result<String> {
    let message = message.ok_or_else(|| Error::store("the connection was closed"))?;
    message.get_payload().map_err(Error::store)
}

/// Invalidates by the first byte of a session's id, in hexadecimal.
fn forward(watcher: &Watcher, payload: &str) {
    if payload.starts_with(PING) {
        return;
    }
    watcher.invalidate(match u8::from_str_radix(payload, 16) {
        Ok(byte) => Invalidation::SessionsOf(byte),
        Err(_) => Invalidation::Everything,
    });
}
