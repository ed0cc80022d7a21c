//! A visit in a real browser: Debian's Chromium.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::time::Duration;

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::dom::{
    FocusParams, GetDocumentParams, GetOuterHtmlParams,
};
use chromiumoxide::cdp::browser_protocol::emulation::SetScriptExecutionDisabledParams;
use chromiumoxide::cdp::browser_protocol::input::{
    DispatchKeyEventParams, DispatchKeyEventType, InsertTextParams,
};
use chromiumoxide::cdp::browser_protocol::page::{
    GetNavigationHistoryParams, NavigateParams, NavigateToHistoryEntryParams,
};
use chromiumoxide::page::Page;
use futures::StreamExt;
use support::{PASSWORD, Program};
use tempfile::TempDir;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

struct Visit {
    browser: Browser,
    page: Page,
    _profile: TempDir,
}

impl Visit {
    async fn begin() -> Self {
        let profile = tempfile::tempdir().unwrap();
        let config = BrowserConfig::builder()
            .user_data_dir(profile.path())
            // Tests run as root in containers, where Chromium has no sandbox.
            .no_sandbox()
            .args([
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ])
            .build()
            .expect("Chromium is installed: apt-get install chromium");
        let (browser, mut events) = Browser::launch(config).await.unwrap();
        tokio::spawn(async move { while events.next().await.is_some() {} });
        let page = browser.new_page("about:blank").await.unwrap();
        Self {
            browser,
            page,
            _profile: profile,
        }
    }

    async fn open(&self, url: &str) {
        self.page.execute(NavigateParams::new(url)).await.unwrap();
    }

    async fn focus(&self, selector: &str) {
        let element = self.page.find_element(selector).await.unwrap();
        let focus = FocusParams::builder().node_id(element.node_id).build();
        self.page.execute(focus).await.unwrap();
    }

    async fn type_into(&self, field: &str, text: &str) {
        self.focus(field).await;
        self.page
            .execute(InsertTextParams::new(text))
            .await
            .unwrap();
    }

    /// Presses a button by the keyboard.
    async fn press(&self, button: &str) {
        self.focus(button).await;
        for kind in [DispatchKeyEventType::KeyDown, DispatchKeyEventType::KeyUp] {
            let enter = DispatchKeyEventParams::builder()
                .r#type(kind)
                .key("Enter")
                .code("Enter")
                .windows_virtual_key_code(13)
                .text("\r")
                .build()
                .unwrap();
            self.page.execute(enter).await.unwrap();
        }
    }

    /// Goes back by so many pages, as the Back button does.
    async fn go_back(&self, pages: i64) {
        let get_history = GetNavigationHistoryParams::default();
        let history = self.page.execute(get_history).await.unwrap();
        let entry = usize::try_from(history.current_index - pages).unwrap();
        let entry = NavigateToHistoryEntryParams::new(history.entries[entry].id);
        self.page.execute(entry).await.unwrap();
    }

    /// Waits until the page at `path` shows `text`; returns its HTML.
    async fn shows(&self, path: &str, text: &str) -> String {
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

    /// The path and the HTML of the page; by no script, as there may be none.
    async fn look(&self) -> Option<(String, String)> {
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

    async fn fill_in_and_send(&self) {
        self.type_into("#username", "alice").await;
        self.type_into("#password", PASSWORD).await;
        self.press("form > button").await;
    }

    async fn end(mut self) {
        self.browser.close().await.unwrap();
        self.browser.wait().await.unwrap();
    }
}

/// Registers, logs out, logs in, restarts the program, is still in, logs out, goes back.
async fn whole_visit(visit: &Visit, has_script: bool) {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &[]);
    let (url, address) = (program.url.clone(), program.address().to_owned());

    visit.open(&url).await;
    visit.shows("/login", "You have no account?").await;
    visit.open(&format!("{url}/register")).await;
    let register = if has_script {
        "Show password"
    } else {
        "At least 15 characters"
    };
    let register = visit.shows("/register", register).await;
    assert_eq!(register.contains("Show password"), has_script);
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "Welcome, <bdi>alice</bdi>").await;

    visit.open(&format!("{url}/logout")).await;
    visit.shows("/logout", "Stay logged in").await;
    visit.press("form > button").await;
    visit.shows("/login", "You are logged out.").await;
    visit.fill_in_and_send().await;
    visit.shows("/welcome", "Welcome, <bdi>alice</bdi>").await;

    program.terminate();
    let program = Program::start(&folder, &["--listen", &address]);
    visit.open(&url).await;
    visit.shows("/welcome", "Welcome, <bdi>alice</bdi>").await;

    visit.open(&format!("{url}/logout")).await;
    visit.shows("/logout", "Stay logged in").await;
    visit.press("form > button").await;
    visit.shows("/login", "You are logged out.").await;
    visit.go_back(2).await;
    let shown = visit.shows("/login", "Log in to see that page.").await;
    assert!(!shown.contains("alice"), "{shown}");
    program.terminate();
}

#[tokio::test]
async fn a_visitor_comes_in_stays_in_over_a_restart_and_leaves_nothing_behind() {
    let visit = Visit::begin().await;

    whole_visit(&visit, true).await;

    visit.end().await;
}

#[tokio::test]
async fn all_of_it_works_without_script() {
    let visit = Visit::begin().await;
    let off = SetScriptExecutionDisabledParams::new(true);
    visit.page.execute(off).await.unwrap();

    whole_visit(&visit, false).await;

    visit.end().await;
}

#[tokio::test]
async fn what_was_wrong_has_the_focus_and_a_password_can_be_shown() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(&folder, &[]);
    let visit = Visit::begin().await;
    let value = async |script: &str| {
        let value = visit.page.evaluate(script).await.unwrap();
        value.into_value::<String>().unwrap()
    };

    visit.open(&format!("{}/register", program.url)).await;
    visit.shows("/register", "Show password").await;
    visit.type_into("#password", "short").await;
    assert_eq!(
        value("document.querySelector('#password').type").await,
        "password"
    );
    visit.press("button.show").await;
    assert_eq!(
        value("document.querySelector('#password').type").await,
        "text"
    );
    visit.press("form > button").await;
    visit.shows("/register", "Enter a username.").await;

    assert_eq!(value("document.activeElement.className").await, "errors");
    let described = "document.querySelector('#password').getAttribute('aria-describedby')";
    assert_eq!(value(described).await, "password-error password-hint");
    visit.end().await;
}
