//! A small part of HTTP/1.1 (RFC 9112): one response with a Content-Length.

use std::io::{self, Read};

/// Octets of status line and fields.
const LONGEST_HEAD: usize = 16 * 1024;
/// Octets of a body.
const LONGEST_BODY: usize = 256 * 1024;

const HEAD_END: &[u8] = b"\r\n\r\n";

/// A response.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Reads one response; what follows it is left unread or thrown away.
pub(super) fn read_response(stream: &mut impl Read) -> io::Result<Response> {
    let mut octets = Vec::new();
    let end = loop {
        if let Some(end) = octets.windows(HEAD_END.len()).position(|part| part == HEAD_END) {
            break end;
        }
        if octets.len() > LONGEST_HEAD {
            return Err(wrong("a head without an end"));
        }
        read_more(stream, &mut octets)?;
    };
    let head = octets.get(..end).and_then(|head| std::str::from_utf8(head).ok()).ok_or_else(|| wrong("no text"))?;
    let (status, length) = (status(head)?, content_length(head)?);
    let mut body = octets.split_off(end + HEAD_END.len());
    while body.len() < length {
        read_more(stream, &mut body)?;
    }
    body.truncate(length);
    Ok(Response { status, body })
}

/// At least one octet more.
fn read_more(stream: &mut impl Read, octets: &mut Vec<u8>) -> io::Result<()> {
    let mut part = [0; 4096];
    let count = stream.read(&mut part)?;
    if count == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    octets.extend_from_slice(part.get(..count).unwrap_or_default());
    Ok(())
}

/// RFC 9112 4.
fn status(head: &str) -> io::Result<u16> {
    let line = head.lines().next().and_then(|line| line.strip_prefix("HTTP/1.1 "));
    line.and_then(|line| line.get(..3)).and_then(|code| code.parse().ok()).ok_or_else(|| wrong("no status line"))
}

/// RFC 9112 6.2.
fn content_length(head: &str) -> io::Result<usize> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .and_then(|(_, value)| value.trim().parse().ok())
        .filter(|length| *length <= LONGEST_BODY)
        .ok_or_else(|| wrong("no Content-Length, or one that is too long"))
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the answer is no HTTP of a posture service: {what}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail loudly")]

    use super::*;

    /// Gives one octet at a time.
    struct Dripping<'a>(&'a [u8]);

    impl Read for Dripping<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = 1.min(buffer.len());
            self.0.read(buffer.get_mut(..count).unwrap())
        }
    }

    #[test]
    fn rfc9112_6_2_a_body_is_as_long_as_its_head_says() {
        let octets = b"HTTP/1.1 409 Conflict\r\nContent-Type: application/json\r\ncontent-LENGTH: 5\r\n\r\n{\"a\"}next";
        let expected = Response { status: 409, body: b"{\"a\"}".to_vec() };
        assert_eq!(read_response(&mut octets.as_slice()).unwrap(), expected);
        assert_eq!(read_response(&mut Dripping(octets)).unwrap(), expected);
    }

    #[test]
    fn what_is_no_such_response_is_an_error() {
        let endless = [b"HTTP/1.1 200 OK\r\n".as_slice(), &b"x".repeat(2 * LONGEST_HEAD)].concat();
        for octets in [
            b"".as_slice(),
            b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab",
            b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            b"HTTP/2 200\r\nContent-Length: 0\r\n\r\n",
            b"\xff\xff\r\n\r\n",
            &endless,
        ] {
            assert!(read_response(&mut &*octets).is_err(), "{:?}", String::from_utf8_lossy(octets));
        }
    }
}
