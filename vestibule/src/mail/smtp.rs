//! [`SmtpMailer`]: mails by SMTP (RFC 5321, 6409), over TLS.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use lettre::transport::smtp::PoolConfig;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use percent_encoding::percent_decode_str;
use tokio::time::timeout;
use url::{Host, Url};

use crate::clock::Clock;
use crate::crypto::secret::Secret;
use crate::error::{Error, Result};
use crate::mail::{Mail, MailFrom, Mailer};

/// The address of a mail server, with the name and the password to log in there.
///
/// - `smtps://user:password@mail.example.com`: TLS from the first byte, port 465 unless another is
///   given (RFC 8314).
/// - `smtp://user:password@mail.example.com`: port 587, and TLS by STARTTLS, without which nothing
///   is sent. Only a server on this machine (`localhost`, `127.0.0.1`, `[::1]`) may lack it, or
///   have any certificate; its default port is 25.
///
/// Write other characters than letters, digits and `-._~` as `%` and two hexadecimal digits.
///
/// ```
/// use vestibule::mail::SmtpUrl;
///
/// let url: SmtpUrl = "smtps://app:s%40cret@mail.example.com".parse()?;
/// assert_eq!(url.to_string(), "smtps://app@mail.example.com:465");
/// assert!("http://mail.example.com".parse::<SmtpUrl>().is_err());
/// # Ok::<(), vestibule::Error>(())
/// ```
#[derive(Clone)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    is_tls_at_once: bool,
    is_loopback: bool,
    user: Option<String>,
    password: Option<Secret>,
}

const EXAMPLE: &str = "write it like `smtps://user:password@mail.example.com`";

impl SmtpUrl {
    /// The same server, with this password.
    ///
    /// # Errors
    /// When the address has no user, or a password already ([`Error::is_config`]).
    pub fn password(mut self, password: Secret) -> Result<Self> {
        if self.user.is_none() {
            return Err(wrong("it has a password and no user"));
        }
        if self.password.is_some() {
            return Err(wrong("it has a password, and there is another one"));
        }
        self.password = Some(password);
        Ok(self)
    }

    /// Whether mails may go to the server without TLS.
    fn may_lack_tls(&self) -> bool {
        self.is_loopback && !self.is_tls_at_once
    }
}

fn wrong(what: &str) -> Error {
    Error::config(format!("the address of the mail server: {what}; {EXAMPLE}"))
}

impl FromStr for SmtpUrl {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        let is_tls_at_once = match url.scheme() {
            "smtps" => true,
            "smtp" => false,
            other => return Err(wrong(&format!("`{other}` is neither smtps nor smtp"))),
        };
        let has_more =
            !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
        if has_more {
            return Err(wrong("there is something after the host"));
        }
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| wrong("it has no host"))?;
        let bare = host.trim_matches(['[', ']']);
        let is_loopback = match Host::parse(host) {
            Ok(Host::Domain(name)) => name == "localhost",
            _ => false,
        } || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
        let port = url.port().unwrap_or(match (is_tls_at_once, is_loopback) {
            (true, _) => 465,
            (false, false) => 587,
            (false, true) => 25,
        });
        let decoded = |text: &str| {
            let decoded = percent_decode_str(text).decode_utf8();
            decoded
                .map(String::from)
                .map_err(|_| wrong("it is not UTF-8"))
        };
        let user = match url.username() {
            "" => None,
            user => Some(decoded(user)?),
        };
        let password = url.password().map(decoded).transpose()?.map(Secret::from);
        if user.is_none() && password.is_some() {
            return Err(wrong("it has a password and no user"));
        }
        Ok(Self {
            host: bare.to_owned(),
            port,
            is_tls_at_once,
            is_loopback,
            user,
            password,
        })
    }
}

/// Without the password.
impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_tls_at_once { "smtps" } else { "smtp" };
        write!(f, "{scheme}://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// As `Display`.
impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpUrl({self})")
    }
}

/// Sends mails by an SMTP server. Clones share its connections.
///
/// ```no_run
/// use vestibule::mail::SmtpMailer;
///
/// # fn sample(config: &mut vestibule::flows::SiteConfig) -> vestibule::Result<()> {
/// let url = "smtps://app:password@mail.example.com".parse()?;
/// let from = "Example <noreply@example.com>".parse()?;
/// config.mailer(SmtpMailer::new(url, from)?);
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    url: SmtpUrl,
    from: MailFrom,
    clock: Clock,
}

/// How many connections to the server are open at once.
const CONNECTIONS: u32 = 8;

/// How long connecting may take.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// How long sending one mail may take.
const SEND_WITHIN: Duration = Duration::from_secs(60);

/// How long a connection that nobody uses stays open.
const IDLE_FOR: Duration = Duration::from_secs(30);

impl SmtpMailer {
    /// Sends by the server at `url`, as `from`. Connects when there is something to send. The
    /// server needs a certificate for its name that a public authority has issued.
    ///
    /// # Errors
    /// When TLS cannot be set up ([`Error::is_config`]).
    pub fn new(url: SmtpUrl, from: MailFrom) -> Result<Self> {
        Self::build(url, from, None)
    }

    /// As [`new`](Self::new), and accepts the certificates of these authorities too, as PEM: for a
    /// server with a certificate of your own.
    ///
    /// # Errors
    /// As [`new`](Self::new); when `certificates` are not PEM.
    pub fn with_authorities(url: SmtpUrl, from: MailFrom, certificates: &[u8]) -> Result<Self> {
        Self::build(url, from, Some(certificates))
    }

    fn build(url: SmtpUrl, from: MailFrom, authorities: Option<&[u8]>) -> Result<Self> {
        let mut tls = TlsParameters::builder(url.host.clone());
        if url.may_lack_tls() && authorities.is_none() {
            // Distributions set up mail servers with certificates of their own. Without TLS nobody
            // would check anything here either.
            tls = tls
                .dangerous_accept_invalid_certs(true)
                .dangerous_accept_invalid_hostnames(true);
        }
        if let Some(pem) = authorities {
            let is_pem = pem.windows(5).any(|start| start == b"-----");
            let certificate = Certificate::from_pem(pem).map_err(Error::config)?;
            if !is_pem {
                return Err(Error::config("the mail server's authorities are not PEM"));
            }
            tls = tls.add_root_certificate(certificate);
        }
        let tls = tls.build().map_err(Error::config)?;
        let tls = match url.is_tls_at_once {
            true => Tls::Wrapper(tls),
            false if url.may_lack_tls() => Tls::Opportunistic(tls),
            false => Tls::Required(tls),
        };
        let hello = ClientId::Domain(from.mailbox().email.domain().to_owned());
        let pool = PoolConfig::new()
            .max_size(CONNECTIONS)
            .idle_timeout(IDLE_FOR);
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&*url.host)
            .port(url.port)
            .tls(tls)
            .hello_name(hello)
            .timeout(Some(CONNECT_WITHIN))
            .pool_config(pool);
        if let (Some(user), Some(password)) = (&url.user, &url.password) {
            let credentials = Credentials::new(user.clone(), password.expose().to_owned());
            builder = builder.credentials(credentials);
        }
        Ok(Self {
            transport: builder.build(),
            url,
            from,
            clock: Clock::default(),
        })
    }

    /// The server.
    pub fn url(&self) -> &SmtpUrl {
        &self.url
    }

    /// Connects to the server and logs in there, and sends nothing.
    ///
    /// # Errors
    /// When that fails ([`Error::is_mail`]); the error has what the server said.
    pub async fn check(&self) -> Result<()> {
        match timeout(SEND_WITHIN, self.transport.test_connection()).await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err(Error::mail("the mail server ended the connection")),
            Ok(Err(error)) => Err(Error::mail(said(&error))),
            Err(_) => Err(Error::mail("the mail server did not answer in time")),
        }
    }
}

impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<()> {
        let message = mail.to_message(&self.from, self.clock.now())?;
        match timeout(SEND_WITHIN, self.transport.send(message)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if is_final(&error) => Err(Error::undeliverable(said(&error))),
            Ok(Err(error)) => Err(Error::mail(said(&error))),
            Err(_) => Err(Error::mail("the mail server did not answer in time")),
        }
    }
}

/// Whether the server rejects this mail for good. A server that rejects the log-in or the sender
/// would reject every mail: that is for the operator to mend, and trying again helps then.
fn is_final(error: &lettre::transport::smtp::Error) -> bool {
    let code = error.status().map(u16::from);
    error.is_permanent() && matches!(code, Some(550..=554 | 556))
}

/// With what the server said.
fn said(error: &lettre::transport::smtp::Error) -> String {
    use std::error::Error as _;

    let mut said = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_said = cause.to_string();
        if !said.contains(&cause_said) {
            said = format!("{said}: {cause_said}");
        }
        source = cause.source();
    }
    said
}

impl fmt::Debug for SmtpMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpMailer")
            .field("url", &self.url)
            .field("from", &self.from)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::SmtpUrl;

    fn parsed(text: &str) -> SmtpUrl {
        text.parse().unwrap()
    }

    #[test]
    fn a_server_elsewhere_must_speak_tls() {
        for (text, tls_at_once, loopback, port) in [
            ("smtps://a:b@mail.example.com", true, false, 465),
            ("smtp://mail.example.com", false, false, 587),
            ("smtp://mail.example.com:2525", false, false, 2525),
            ("smtp://localhost", false, true, 25),
            ("smtp://127.0.0.1:1025", false, true, 1025),
            ("smtp://[::1]:1025", false, true, 1025),
            ("smtp://localhost.example.com", false, false, 587),
            ("smtp://10.0.0.1", false, false, 587),
        ] {
            let url = parsed(text);
            assert_eq!(
                (url.is_tls_at_once, url.is_loopback, url.port),
                (tls_at_once, loopback, port),
                "{text}"
            );
        }
    }

    #[test]
    fn a_wrong_address_is_told_without_its_password() {
        for text in [
            "http://user:s3cret@mail.example.com",
            "smtp://:s3cret@mail.example.com",
            "smtp://user:s3cret@mail.example.com/inbox",
            "smtp://user:s3cret@",
            "mail.example.com",
        ] {
            let error = text.parse::<SmtpUrl>().unwrap_err().to_string();
            assert!(!error.contains("s3cret"), "{error}");
            assert!(error.contains("smtps://"), "{error}");
        }
        let url = parsed("smtps://user:s3cret@mail.example.com");
        assert!(!format!("{url:?} {url}").contains("s3cret"));
    }

    #[test]
    fn a_password_comes_from_one_place() {
        let user = parsed("smtps://user@mail.example.com");
        assert!(user.password("s3cret".to_owned().into()).is_ok());
        for text in [
            "smtps://user:a@mail.example.com",
            "smtps://mail.example.com",
        ] {
            assert!(parsed(text).password("b".to_owned().into()).is_err());
        }
    }
}
