//! A real browser, by its keyboard and without help of script.

use std::time::Duration;

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::dom::{
    FocusParams, GetDocumentParams, GetOuterHtmlParams,
};
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, InsertTextParams,
};
use chromiumoxide::cdp::browser_protocol::page::{
    GetNavigationHistoryParams, NavigateParams, NavigateToHistoryEntryParams,
};
use chromiumoxide::page::Page;
use futures::StreamExt;
use tempfile::TempDir;

use super::PASSWORD;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// One window of a browser.
pub(crate) struct Visit {
    browser: Browser,
    pub(crate) page: Page,
    profile: TempDir,
}

impl Visit {
    pub(crate) async fn begin() -> Self {
        Self::begin_with(&[]).await
    }

    /// A browser with further flags.
    pub(crate) async fn begin_with(flags: &[&str]) -> Self {
        Self::begin_in(tempfile::tempdir().unwrap(), flags).await
    }

    async fn begin_in(profile: TempDir, flags: &[&str]) -> Self {
        let config = BrowserConfig::builder()
            .user_data_dir(profile.path())
            // Tests run as root in containers, where Chromium has no sandbox.
            .no_sandbox()
            // Their dashes are put in front by chromiumoxide.
            .args([
                "disable-gpu",
                "disable-quic",
                "no-first-run",
                "disable-background-networking",
                "disable-component-update",
                "disable-sync",
            ])
            .args(flags.iter().copied())
            .build()
            .expect("Chromium is installed: apt-get install chromium");
        let (browser, mut events) = Browser::launch(config).await.unwrap();
        tokio::spawn(async move { while events.next().await.is_some() {} });
        let page = browser.new_page("about:blank").await.unwrap();
        Self {
            browser,
            page,
            profile,
        }
    }

    /// Closes the browser and opens it again, with what it kept.
    pub(crate) async fn restart(mut self) -> Self {
        self.browser.close().await.unwrap();
        self.browser.wait().await.unwrap();
        Self::begin_in(self.profile, &[]).await
    }

    pub(crate) async fn open(&self, url: &str) {
        self.page.execute(NavigateParams::new(url)).await.unwrap();
    }

    pub(crate) async fn focus(&self, selector: &str) {
        let mut again = tokio::time::interval(Duration::from_millis(20));
        let finds = async {
            loop {
                again.tick().await;
                // Fails while one page gives way to the next.
                if let Ok(element) = self.page.find_element(selector).await {
                    let focus = FocusParams::builder().node_id(element.node_id).build();
                    if self.page.execute(focus).await.is_ok() {
                        return;
                    }
                }
            }
        };
        if tokio::time::timeout(PATIENCE, finds).await.is_err() {
            panic!("there is no {selector}");
        }
    }

    pub(crate) async fn type_into(&self, field: &str, text: &str) {
        self.focus(field).await;
        self.page
            .execute(InsertTextParams::new(text))
            .await
            .unwrap();
    }

    /// Presses a button by the keyboard.
    pub(crate) async fn press(&self, button: &str) {
        self.focus(button).await;
        self.key("Enter", 13, "\r").await;
    }

    /// Ticks a box by the keyboard.
    pub(crate) async fn tick(&self, name: &str) {
        self.focus(name).await;
        self.key("Space", 32, " ").await;
    }

    /// Chooses the next option of a list by the keyboard.
    pub(crate) async fn choose_next(&self, list: &str) {
        self.focus(list).await;
        self.key("ArrowDown", 40, "").await;
    }

    async fn key(&self, code: &str, virtual_key: i64, text: &str) {
        for kind in [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp] {
            let key = DispatchKeyEventParams::builder()
                .r#type(kind)
                .key(if text == " " { text } else { code })
                .code(code)
                .windows_virtual_key_code(virtual_key)
                .text(text)
                .build()
                .unwrap();
            self.page.execute(key).await.unwrap();
        }
    }

    /// Goes back by so many pages, as the Back button does.
    pub(crate) async fn go_back(&self, pages: i64) {
        let get_history = GetNavigationHistoryParams::default();
        let history = self.page.execute(get_history).await.unwrap();
        let entry = usize::try_from(history.current_index - pages).unwrap();
        let entry = NavigateToHistoryEntryParams::new(history.entries[entry].id);
        self.page.execute(entry).await.unwrap();
    }

    /// Waits until the page at `path` shows `text`; returns its HTML.
    pub(crate) async fn shows(&self, path: &str, text: &str) -> String {
        let mut last = String::new();
        let looks = async {
            let mut again = tokio::time::interval(Duration::from_millis(20));
            loop {
                again.tick().await;
                // Fails while one page gives way to the next.
                if let Some((at, html)) = self.look().await {
                    last = format!("{at}\n{html}");
                    if at == path && html.contains(text) {
                        return;
                    }
                }
            }
        };
        if tokio::time::timeout(PATIENCE, looks).await.is_err() {
            panic!("{path} with {text:?} is not shown, but {last}");
        }
        last
    }

    /// The HTML of whatever page comes up next on the site.
    pub(crate) async fn page_shown(&self) -> String {
        let mut again = tokio::time::interval(Duration::from_millis(20));
        let looks = async {
            loop {
                again.tick().await;
                if let Some((_, html)) = self.look().await
                    && html.contains("</main>")
                {
                    return html;
                }
            }
        };
        tokio::time::timeout(PATIENCE, looks).await.unwrap()
    }

    /// The path and the HTML of the page; by no script, as there may be none.
    pub(crate) async fn look(&self) -> Option<(String, String)> {
        let get_history = GetNavigationHistoryParams::default();
        let history = self.page.execute(get_history).await.ok()?;
        let entry = usize::try_from(history.current_index).ok()?;
        let url = history.entries.get(entry)?.url.clone();
        let path = url.splitn(4, '/').nth(3)?.split('?').next()?.to_owned();
        let document = self.page.execute(GetDocumentParams::default()).await.ok()?;
        let get_html = GetOuterHtmlParams::builder().node_id(document.root.node_id);
        let html = self.page.execute(get_html.build()).await.ok()?;
        Some((format!("/{path}"), html.outer_html.clone()))
    }

    pub(crate) async fn fill_in_and_send(&self) {
        self.type_into("#username", "alice").await;
        self.type_into("#password", PASSWORD).await;
        self.press("main form > button").await;
    }

    pub(crate) async fn end(mut self) {
        self.browser.close().await.unwrap();
        self.browser.wait().await.unwrap();
    }
}
