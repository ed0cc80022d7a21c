//! Every page in a real browser, wide and narrow, light and dark: axe finds nothing
//! (<https://github.com/dequelabs/axe-core>). With `SCREENSHOTS_FOLDER=FOLDER`, pictures of some
//! pages are written there: `cargo xtask screenshots`.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use chromiumoxide::cdp::browser_protocol::emulation::{
    MediaFeature, SetDeviceMetricsOverrideParams, SetEmulatedMediaParams,
};
use chromiumoxide::page::ScreenshotParams;
use support::mails::link_to;
use support::visit::Visit;
use support::{PASSWORD, Program, run};

/// The script of axe, which `cargo xtask test` installs.
fn axe() -> String {
    let lib = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../axe/lib");
    let pythons = fs::read_dir(&lib).unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo xtask test` installs axe",
            lib.display()
        )
    });
    let script = "site-packages/axe_playwright_python/axe.min.js";
    let found = pythons.map(|python| python.unwrap().path().join(script));
    fs::read_to_string(found.into_iter().find(|path| path.exists()).unwrap()).unwrap()
}

/// Runs axe with all rules of WCAG 2.2 at level AA and its best practices.
const RUN: &str = "axe.run(document).then(result => JSON.stringify(result.violations.map(found =>
    [found.id, found.help, found.nodes.map(node => node.html + ' ' + node.failureSummary)])))";

/// The pages whose pictures are in the book.
const PICTURED: [&str; 6] = [
    "login",
    "register-wrong",
    "account",
    "sessions",
    "admin-users",
    "admin-user",
];

struct Tour {
    visit: Visit,
    url: String,
    axe: String,
    pictures: Option<PathBuf>,
    findings: Vec<String>,
}

impl Tour {
    async fn look(&self, width: i64, is_dark: bool) {
        let (height, is_phone) = (800, width < 600);
        let metrics = SetDeviceMetricsOverrideParams::new(width, height, 1.0, is_phone);
        self.visit.page.execute(metrics).await.unwrap();
        let scheme = if is_dark { "dark" } else { "light" };
        let media = SetEmulatedMediaParams::builder()
            .feature(MediaFeature::new("prefers-color-scheme", scheme))
            .build();
        self.visit.page.execute(media).await.unwrap();
    }

    /// Checks the page that is shown, in each look, and takes its picture.
    async fn check(&mut self, name: &str) {
        for (width, is_dark) in [(1100, false), (1100, true), (390, false), (390, true)] {
            self.look(width, is_dark).await;
            self.visit.page.evaluate(self.axe.as_str()).await.unwrap();
            let found = self.visit.page.evaluate(RUN).await.unwrap();
            let found: String = found.into_value().unwrap();
            if found != "[]" {
                let findings = format!("{name}, {width} wide, dark: {is_dark}: {found}");
                self.findings.push(findings);
            }
            let is_shown =
                PICTURED.contains(&name) && matches!((width, is_dark), (1100, false) | (390, true));
            if let Some(folder) = self.pictures.as_ref().filter(|_| is_shown) {
                fs::create_dir_all(folder).unwrap();
                let look = if is_dark { "narrow-dark" } else { "wide-light" };
                let picture = ScreenshotParams::builder().build();
                let picture = self.visit.page.screenshot(picture).await.unwrap();
                fs::write(folder.join(format!("{name}-{look}.png")), picture).unwrap();
            }
        }
        self.look(1100, false).await;
    }

    /// A page with a fault that axe must find, or nothing it says about others counts.
    async fn check_axe(&self) {
        let fault = "document.body.append(document.createElement('img'))";
        self.visit.page.evaluate(fault).await.unwrap();
        self.visit.page.evaluate(self.axe.as_str()).await.unwrap();
        let found = self.visit.page.evaluate(RUN).await.unwrap();
        let found: String = found.into_value().unwrap();
        assert!(found.contains("image-alt"), "{found}");
    }

    async fn open(&mut self, path: &str, text: &str, name: &str) {
        self.visit.open(&format!("{}{path}", self.url)).await;
        let shown = path.split('?').next().unwrap();
        self.visit.shows(shown, text).await;
        self.check(name).await;
    }
}

#[tokio::test]
async fn axe_finds_nothing_on_any_page_in_any_look() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, input) in [
        (["user", "add", "alice"].as_slice(), PASSWORD),
        (&["user", "add", "bob"], PASSWORD),
        (&["user", "add", "carol"], PASSWORD),
        (&["user", "grant", "alice", "admin"], ""),
        (&["role", "add", "editor"], ""),
        (&["role", "allow", "editor", "posts.edit"], ""),
        (&["user", "grant", "bob", "editor"], ""),
        (&["user", "disable", "carol"], ""),
    ] {
        let output = run(folder.path(), arguments, input);
        assert!(output.status.success(), "{output:?}");
    }
    let settings = [
        "--close-account",
        "true",
        "--change-username",
        "true",
        "--mail-folder",
        "mail",
    ];
    let program = Program::start(&folder, &settings);
    let mut tour = Tour {
        visit: Visit::begin().await,
        url: program.url.clone(),
        axe: axe(),
        pictures: std::env::var_os("SCREENSHOTS_FOLDER").map(PathBuf::from),
        findings: Vec::new(),
    };

    tour.open("/login", "New here?", "login").await;
    tour.check_axe().await;
    tour.open("/login", "New here?", "login").await;
    tour.visit.type_into("#username", "alice").await;
    tour.visit.type_into("#password", "wrong").await;
    tour.visit.press("main form > button").await;
    tour.visit.shows("/login", "Wrong username").await;
    tour.check("login-wrong").await;
    tour.open("/register", "Already have", "register").await;
    tour.visit.type_into("#username", "al").await;
    tour.visit.press("main form > button").await;
    tour.visit.shows("/register", "Use 3 to 64").await;
    tour.check("register-wrong").await;

    tour.open("/login", "New here?", "login").await;
    tour.visit.fill_in_and_send().await;
    tour.visit.shows("/welcome", "Welcome").await;
    tour.check("welcome").await;
    for (path, text, name) in [
        ("/account", "Your account", "account"),
        ("/account/sessions", "This browser", "sessions"),
        ("/account/log", "Account activity", "account-log"),
        ("/account/factors", "Two-step log-in", "factors"),
        ("/account/factors/totp", "Scan this code", "add-totp"),
        ("/account/notices", "Emails about your account", "notices"),
        ("/account/export", "Download everything", "export"),
        ("/account/username", "New username", "change-username"),
        ("/account/close", "Close your account", "close-account"),
        ("/change-password", "Current password", "change-password"),
        ("/logout", "Stay logged in", "logout"),
        ("/admin", ">bob<", "admin-users"),
        ("/admin?q=zzzz", "No users match", "admin-nobody"),
        ("/admin/users/new", "Username", "admin-new-user"),
        ("/admin/roles", "editor", "admin-roles"),
        ("/admin/roles/editor", "posts.edit", "admin-role"),
        ("/admin/log", "account created", "admin-log"),
        ("/admin/nowhere", "Page not found", "not-found"),
    ] {
        tour.open(path, text, name).await;
    }
    tour.visit.open(&format!("{}/admin?q=bob", tour.url)).await;
    let list = tour.visit.shows("/admin", "value=\"bob\"").await;
    let mut links = list.split("href=\"/admin/users/").skip(1);
    let bob = links.find(|link| !link.starts_with("new\"")).unwrap();
    let bob = format!("/admin/users/{}", bob.split('"').next().unwrap());
    tour.open(&bob, "Require password change", "admin-user")
        .await;

    tour_pages_of_mails(&mut tour, &folder.path().join("mail")).await;

    assert!(tour.findings.is_empty(), "{}", tour.findings.join("\n"));
    tour.visit.end().await;
}

/// The pages that links of mails lead to, and those that send such mails.
async fn tour_pages_of_mails(tour: &mut Tour, mails: &Path) {
    let (button, new) = ("main form > button", "id=\"email\"");
    tour.open("/account/email", new, "change-email").await;
    tour.visit.type_into("#email", "nobody").await;
    tour.visit.press(button).await;
    tour.visit.shows("/account/email", "aria-invalid").await;
    tour.check("change-email-wrong").await;
    for (count, address) in [(1, "alice@example.com"), (2, "new@example.com")] {
        tour.open("/account/email", new, "change-email-again").await;
        tour.visit.type_into("#email", address).await;
        tour.visit.press(button).await;
        tour.visit.shows("/verify-email", address).await;
        tour.check("verify-email-code").await;
        let link = link_to(mails, "/verify-email", count);
        tour.visit.open(&link).await;
        tour.visit.shows("/verify-email", address).await;
        tour.check("verify-email-link").await;
        tour.visit.press(button).await;
        tour.visit.shows("/account", address).await;
    }
    tour.open("/verify-email", "new@example.com", "verify-email-done")
        .await;
    let link = link_to(mails, "/account/email/undo", 1);
    tour.visit.open(&link).await;
    tour.visit.shows("/account/email/undo", "alice").await;
    tour.check("undo-email").await;

    tour.open("/forgot-password", new, "forgot-password").await;
    tour.visit.press(button).await;
    tour.visit.shows("/forgot-password", "aria-invalid").await;
    tour.check("forgot-password-wrong").await;
    tour.visit.type_into("#email", "new@example.com").await;
    tour.visit.press(button).await;
    tour.visit.shows("/forgot-password", "autofocus").await;
    tour.check("forgot-password-sent").await;
    let link = link_to(mails, "/reset-password", 1);
    tour.visit.open(&link).await;
    tour.visit.shows("/reset-password", "alice").await;
    tour.check("reset-password").await;
    tour.visit.type_into("#password", "short").await;
    tour.visit.press(button).await;
    tour.visit.shows("/reset-password", "aria-invalid").await;
    tour.check("reset-password-wrong").await;
    let dead = "/reset-password?token=dead";
    tour.open(dead, "<h1>This link no longer works", "reset-password-dead")
        .await;
}
