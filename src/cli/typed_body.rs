//! Bodies of requests as they are typed: a text, `@FILE`, or `-` for stdin.

use std::io::Read;

use bytes::Bytes;

use super::context::Context;
use super::error::CommandError;
use crate::workspace::read_outside;

/// The most bytes of a body.
pub(super) const LARGEST_BODY: u64 = 256 << 20;

/// Reads a body as it was typed: a text, `@FILE`, or `-` for stdin.
pub(super) fn read_body(context: &Context<'_>, typed: Option<&str>) -> Result<Bytes, CommandError> {
    match typed {
        None => Ok(Bytes::new()),
        Some("-" | "@-") => read_all(std::io::stdin().lock(), LARGEST_BODY),
        Some(text) => match text.strip_prefix('@') {
            Some(path) => Ok(read_outside(&context.folder().join(path), LARGEST_BODY)?.into()),
            None => Ok(text.to_owned().into()),
        },
    }
}

/// Reads everything or nothing: a truncated body would be another request.
fn read_all(from: impl Read, most: u64) -> Result<Bytes, CommandError> {
    let mut bytes = Vec::new();
    from.take(most + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > most {
        let message = format!("stdin has more than {most} bytes, the limit of a body");
        return Err(CommandError::invalid("body-size", message).hint("send a smaller body"));
    }
    Ok(bytes.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_read_whole_or_not_at_all() {
        assert_eq!(read_all(&b"abc"[..], 3).ok().as_deref(), Some(&b"abc"[..]));
        assert!(read_all(&b"abc"[..], 2).is_err());
    }
}
