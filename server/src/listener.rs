//! Listening for connections: on a TCP port, or on a Unix socket.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixSocket, UnixStream};

use crate::settings::ListenAddress;
#[cfg(unix)]
use crate::socket_file::SocketFile;

/// An address that the program has bound but does not listen on yet. While the program starts, the
/// system refuses connections at once, so a proxy can try another node.
pub(crate) struct Bound {
    socket: Socket,
    address: ListenAddress,
}

enum Socket {
    Tcp(TcpSocket),
    #[cfg(unix)]
    Unix(UnixSocket, SocketFile),
}

/// An address where the program listens. Dropping it removes the file of a Unix socket.
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix {
        listener: UnixListener,
        _file: SocketFile,
    },
}

/// A connection.
pub(crate) enum Accepted {
    Tcp(TcpStream, SocketAddr),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// The maximum number of connections that wait to be accepted. The system may allow fewer.
const BACKLOG: u32 = 1024;

impl Bound {
    /// Binds `address`. Errors name `setting`, where the address comes from.
    pub(crate) fn at(address: &ListenAddress, setting: &str) -> anyhow::Result<Self> {
        match address {
            ListenAddress::Tcp(address) => {
                let bound = bind(*address).map_err(|error| {
                    let said = cannot_listen(*address, setting, error.kind());
                    anyhow::Error::from(error).context(said)
                })?;
                let address = ListenAddress::Tcp(bound.local_addr()?);
                let socket = Socket::Tcp(bound);
                Ok(Self { socket, address })
            }
            #[cfg(unix)]
            ListenAddress::Unix(path) => {
                let said = || format!("cannot listen on {address} ({setting})");
                let (socket, file) = SocketFile::bind(path).with_context(said)?;
                Ok(Self {
                    socket: Socket::Unix(socket, file),
                    address: address.clone(),
                })
            }
            #[cfg(not(unix))]
            ListenAddress::Unix(_) => bail!("there are no Unix sockets on this system"),
        }
    }

    /// The address, with the port that the system chose.
    pub(crate) fn address(&self) -> &ListenAddress {
        &self.address
    }

    pub(crate) fn listen(self) -> anyhow::Result<Listener> {
        let said = || format!("cannot listen on {}", self.address);
        match self.socket {
            Socket::Tcp(socket) => {
                let listener = socket.listen(BACKLOG).with_context(said)?;
                Ok(Listener::Tcp(listener))
            }
            #[cfg(unix)]
            Socket::Unix(socket, file) => {
                if !file.is_ours() {
                    bail!("{}: another program has replaced the socket", said());
                }
                let listener = socket.listen(BACKLOG).with_context(said)?;
                Ok(Listener::Unix {
                    listener,
                    _file: file,
                })
            }
        }
    }
}

impl Listener {
    pub(crate) async fn accept(&self) -> io::Result<Accepted> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Sends small responses at once. A socket that cannot do that works all the same.
                stream.set_nodelay(true).ok();
                Ok(Accepted::Tcp(stream, peer))
            }
            #[cfg(unix)]
            Self::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                Ok(Accepted::Unix(stream))
            }
        }
    }
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    // Lets a restart bind the port while earlier connections are still being closed. On Windows
    // this would take the port from another program.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn cannot_listen(address: SocketAddr, setting: &str, error: ErrorKind) -> String {
    let advice = match error {
        ErrorKind::AddrInUse => "another program uses that port: stop it, or",
        ErrorKind::PermissionDenied => "this user may not use that port:",
        _ => "if this machine has no such address,",
    };
    format!("cannot listen on {address}: {advice} choose another with {setting}")
}
