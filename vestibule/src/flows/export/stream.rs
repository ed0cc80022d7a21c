//! The export as JSON, sent while it is read, so that a long log needs little memory.

use axum::body::Body;
use futures_util::stream;
use serde_json::{Map, Value};
use tokio::sync::mpsc;
use tracing::Instrument;

use super::contents::{Contents, List};
use crate::error::{Error, Result};
use crate::login::PageUser;

/// How many entries are read at once.
const PAGE: usize = 500;

/// How many pages wait for a slow client.
const WAITING: usize = 2;

/// The client has hung up.
struct HungUp;

/// The body of the response: these facts, and all lists.
pub(super) fn body<U: PageUser>(contents: Contents<U>, facts: &Map<String, Value>) -> Result<Body> {
    let mut head = serde_json::to_string(facts).map_err(Error::internal)?;
    // The lists come before the closing brace.
    head.pop();
    let (sender, receiver) = mpsc::channel::<Result<String>>(WAITING);
    let write = async move {
        if let Err(error) = write(&contents, head, &sender).await {
            tracing::error!(%error, "an export is not complete");
            // Ends the response before its end, so that nobody takes it for complete.
            sender.send(Err(error)).await.ok();
        }
    };
    tokio::spawn(write.in_current_span());
    Ok(Body::from_stream(stream::unfold(
        receiver,
        |mut receiver| async { receiver.recv().await.map(|part| (part, receiver)) },
    )))
}

async fn write<U: PageUser>(
    contents: &Contents<U>,
    head: String,
    sender: &mpsc::Sender<Result<String>>,
) -> Result<()> {
    let send = async |part: String| sender.send(Ok(part)).await.map_err(|_| HungUp);
    if send(head).await.is_err() {
        return Ok(());
    }
    for list in List::ALL {
        let mut part = format!(",\"{}\":[", list.name());
        let (mut after, mut is_first) = (None, true);
        loop {
            let (entries, next) = contents.page(list, after.as_deref(), PAGE).await?;
            for entry in entries {
                if !is_first {
                    part.push(',');
                }
                is_first = false;
                part.push_str(&entry.to_string());
            }
            if next.is_none() {
                part.push(']');
            }
            if send(std::mem::take(&mut part)).await.is_err() {
                return Ok(());
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    send("}".to_owned()).await.ok();
    Ok(())
}
