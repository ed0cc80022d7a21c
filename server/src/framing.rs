//! Rejects requests whose end two servers could read differently.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection that rejects requests with a bare LF in their head, or with both `Content-Length`
/// and `Transfer-Encoding`.
///
/// hyper accepts both, as RFC 9112 (2.2 and 6.3) allows, but a proxy in front may read them
/// differently: one request for the proxy could be two for us (request smuggling). As soon as this
/// is certain, the current byte is replaced by a NUL, and hyper answers 400.
///
/// It does not find the end of a chunked body, so the response to one must close the connection.
pub(crate) struct StrictFraming<S> {
    stream: S,
    part: Part,
}

/// What the next byte belongs to.
enum Part {
    Head(Head),
    /// A body, with the number of bytes that remain.
    Body(u64),
    /// A body after which the connection closes, or bytes that hyper rejects.
    Rest,
}

/// The parts of a request's line and headers that were read so far.
struct Head {
    /// The first bytes of the line, and how many there are.
    line: [u8; MAX_LINE_BYTES],
    line_len: usize,
    last: u8,
    has_request_line: bool,
    content_length: Option<u64>,
    is_chunked: bool,
}

/// Two servers could read the request differently.
#[derive(Debug, PartialEq, Eq)]
struct Ambiguous;

/// Long enough for the names that matter and the longest number.
const MAX_LINE_BYTES: usize = 64;

impl<S> StrictFraming<S> {
    pub(crate) fn new(stream: S) -> Self {
        let part = Part::Head(Head::new());
        Self { stream, part }
    }
}

impl Part {
    /// Tracks these bytes, and changes some so that hyper rejects the request.
    fn follow(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() {
            match self {
                Self::Head(head) => {
                    if bytes[at] == b'\n' && head.is_preface_of_http_2() {
                        // hyper would close the connection without a response. With this version it
                        // reads a request, and `check_host` answers 505.
                        if let Some([major, _, minor, _]) = bytes[..at].last_chunk_mut() {
                            (*major, *minor) = (b'1', b'1');
                        }
                    }
                    match head.read(bytes[at]) {
                        Ok(None) => {}
                        Ok(Some(next)) => *self = next,
                        Err(Ambiguous) => {
                            bytes[at] = 0;
                            *self = Self::Rest;
                        }
                    }
                    at += 1;
                }
                Self::Body(left) => {
                    let here = bytes.len() - at;
                    let read = usize::try_from(*left).map_or(here, |left| left.min(here));
                    at += read;
                    *left -= read as u64;
                    if *left == 0 {
                        *self = Self::Head(Head::new());
                    }
                }
                Self::Rest => return,
            }
        }
    }
}

impl Head {
    const fn new() -> Self {
        Self {
            line: [0; MAX_LINE_BYTES],
            line_len: 0,
            last: 0,
            has_request_line: false,
            content_length: None,
            is_chunked: false,
        }
    }

    /// Reads a byte. Returns what comes next if the head ends with it.
    fn read(&mut self, byte: u8) -> Result<Option<Part>, Ambiguous> {
        let before = std::mem::replace(&mut self.last, byte);
        if byte != b'\n' {
            if let Some(place) = self.line.get_mut(self.line_len) {
                *place = byte;
                self.line_len += 1;
            }
            return Ok(None);
        }
        if before != b'\r' {
            return Err(Ambiguous);
        }
        let line = self.line;
        let line_len = std::mem::take(&mut self.line_len);
        let line = line[..line_len].trim_ascii();
        if !line.is_empty() {
            if self.has_request_line {
                self.read_header(line, line_len == MAX_LINE_BYTES)?;
            }
            self.has_request_line = true;
            return Ok(None);
        }
        // Empty lines may come before a request (RFC 9112, 2.2).
        if !self.has_request_line {
            return Ok(None);
        }
        match (self.is_chunked, self.content_length) {
            (true, Some(_)) => Err(Ambiguous),
            (true, None) => Ok(Some(Part::Rest)),
            (false, None | Some(0)) => Ok(Some(Part::Head(Self::new()))),
            (false, Some(length)) => Ok(Some(Part::Body(length))),
        }
    }

    /// Whether the line that ends here begins the preface of HTTP/2 (RFC 9113, section 3.4).
    fn is_preface_of_http_2(&self) -> bool {
        !self.has_request_line && self.line[..self.line_len].trim_ascii() == b"PRI * HTTP/2.0"
    }

    /// Reads a header line. `is_cut` says whether the line may be longer than these bytes.
    fn read_header(&mut self, line: &[u8], is_cut: bool) -> Result<(), Ambiguous> {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            return Ok(());
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.is_chunked = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            let is_number = value.iter().all(u8::is_ascii_digit);
            let number = str::from_utf8(value).ok().filter(|_| is_number);
            let length = number.and_then(|number| number.parse().ok());
            if length.is_none() || is_cut || self.content_length.is_some() {
                return Err(Ambiguous);
            }
            self.content_length = length;
        }
        Ok(())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for StrictFraming<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        self.part.follow(&mut buffer.filled_mut()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for StrictFraming<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::{Head, Part};

    /// The bytes that hyper gets when these arrive in two pieces.
    fn followed(text: &str, first: usize) -> String {
        let mut bytes = text.as_bytes().to_owned();
        let mut part = Part::Head(Head::new());
        let (one, two) = bytes.split_at_mut(first);
        part.follow(one);
        part.follow(two);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn requests_that_all_servers_read_alike_pass_unchanged_however_they_arrive() {
        let text = "\r\nPOST /a HTTP/1.1\r\nHost: a\r\ncontent-length:  7 \r\n\r\n{\n \"a\"}\
                    GET /b HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n\
                    POST /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\n\n\r\n0\r\n\r\n";
        for first in 0..=text.len() {
            assert_eq!(followed(text, first), text, "cut at {first}");
        }
    }

    #[test]
    fn the_preface_of_http_2_is_a_request_that_can_be_answered() {
        let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        let answerable = "PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n";
        for first in 0..11 {
            assert_eq!(followed(preface, first), answerable, "cut at {first}");
        }
        let of_a_header = "GET / HTTP/1.1\r\nPRI * HTTP/2.0\r\n\r\n";
        assert_eq!(followed(of_a_header, 0), of_a_header);
    }

    #[test]
    fn the_byte_at_which_a_request_goes_wrong_is_spoiled_however_it_arrives() {
        for (before, after) in [
            ("GET / HTTP/1.1", "\nHost: a\r\n\r\n"),
            ("GET / HTTP/1.1\r\nHost: a", "\nX: b\r\n\r\n"),
            ("GET / HTTP/1.1\r\nHost: a\r\n", "\n"),
            ("", "\nGET / HTTP/1.1\r\n\r\n"),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n\nGET / HTTP/1.1",
                "\n\n",
            ),
            ("POST / HTTP/1.1\r\nContent-Length: 1, 1\r", "\n\r\na"),
            ("POST / HTTP/1.1\r\nContent-Length: +1\r", "\n\r\na"),
            ("POST / HTTP/1.1\r\nContent-Length: \r", "\n\r\na"),
            (
                "POST / HTTP/1.1\r\nContent-Length: 00000000000000000000000000000000000000000000000060\r",
                "\n\r\na",
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r",
                "\n\r\na",
            ),
            (
                "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r",
                "\n0\r\n\r\n",
            ),
        ] {
            let text = format!("{before}{after}");
            let spoiled = format!("{before}\0{}", &after[1..]);
            for first in 0..=text.len() {
                assert_eq!(followed(&text, first), spoiled, "cut at {first}");
            }
        }
    }
}
