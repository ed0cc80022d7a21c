//! Hearing of the changes that other processes make.

use futures_util::{FutureExt, StreamExt};
use redis::{Client, Msg};
use tokio::time::{Instant, timeout, timeout_at};

use crate::error::{Error, Result};
use crate::session::{ASK_EVERY, ChangeFeed, Changed, Watched, Watcher};

pub(super) fn feed(nodes: Vec<Client>, channel: String) -> ChangeFeed {
    ChangeFeed::watching(Channel { nodes, channel })
}

/// A channel on which each change is published; in a cluster every node has all of it.
struct Channel {
    nodes: Vec<Client>,
    channel: String,
}

impl Channel {
    async fn subscribe(&self) -> Result<redis::aio::PubSub> {
        let mut last = Error::store("there is no node to ask");
        for node in &self.nodes {
            let connected = timeout(ChangeFeed::BOUND, node.get_async_pubsub()).await;
            match connected.map_err(Error::store)? {
                Ok(mut pubsub) => {
                    let subscribed = pubsub.subscribe(&self.channel).await;
                    return subscribed.map(|()| pubsub).map_err(Error::store);
                }
                Err(error) => last = Error::store(error),
            }
        }
        Err(last)
    }
}

impl Watched for Channel {
    async fn watch(&self, watcher: &Watcher) -> Result<()> {
        let (mut sink, mut stream) = self.subscribe().await?.split();
        watcher.lost();
        loop {
            let began = Watcher::now();
            // Answered on the same connection, after all that was published before.
            let pinged = timeout(ChangeFeed::BOUND, sink.ping::<redis::Value>()).await;
            pinged.map_err(Error::store)?.map_err(Error::store)?;
            while let Some(message) = stream.next().now_or_never() {
                tell(watcher, message)?;
            }
            if !watcher.seen_all_until(began) {
                return Ok(());
            }
            let until = Instant::now() + ASK_EVERY;
            while let Ok(message) = timeout_at(until, stream.next()).await {
                tell(watcher, message)?;
            }
        }
    }
}

/// Tells a change: the first byte of a session's id, in hexadecimal.
fn tell(watcher: &Watcher, message: Option<Msg>) -> Result<()> {
    let message = message.ok_or_else(|| Error::store("the connection was closed"))?;
    let payload: String = message.get_payload().map_err(Error::store)?;
    watcher.tell(match u8::from_str_radix(&payload, 16) {
        Ok(byte) => Changed::SessionsOf(byte),
        Err(_) => Changed::Everything,
    });
    Ok(())
}
