//! One request after the other on a connection, from its first to its last.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use bytes::BytesMut;
use http::{Method, Response, Version};
use http_body::Body as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::answer::{BrokenOff, Manner, Sending};
use super::body::Body;
use super::connection::Connection;
use super::head::{Head, Refusal};
use crate::gateway::body::{Incoming, Payload};
use crate::gateway::server::connection::unless_cut;
use crate::gateway::server::watch::{Reading, Watch};
use crate::gateway::server::worker::Worker;
use crate::gateway::service::{handle, refuse};
use crate::gateway::stream::Stream;
use crate::gateway::upstream::websocket::Tunnel;

/// How a connection ends.
enum End {
    /// The client has left, or cannot be told anything more.
    Broken,
    /// Everything has been answered, and nothing more will be.
    Answered,
    /// It goes on as another protocol.
    Tunnel(Box<Tunnel>),
}

impl From<io::Error> for End {
    fn from(_: io::Error) -> Self {
        // Which side broke it is of no more interest than which side closed it.
        Self::Broken
    }
}

impl From<BrokenOff> for End {
    fn from(BrokenOff: BrokenOff) -> Self {
        Self::Broken
    }
}

/// What the requests of one connection share.
struct Exchanges {
    worker: Rc<Worker>,
    watch: Rc<Watch>,
    connection: Rc<RefCell<Connection>>,
}

/// Serves a connection, of which some bytes have been read, to its end.
pub(crate) async fn serve(worker: Rc<Worker>, watch: Rc<Watch>, stream: Stream, first: BytesMut) {
    let head_limit = worker.shared.config.limits.head_bytes;
    let connection = Connection::new(stream, first, head_limit, Rc::clone(&watch));
    let connection = Rc::new(RefCell::new(connection));
    let exchanges = Exchanges { worker, watch: Rc::clone(&watch), connection };
    let ended = unless_cut(&watch, exchanges.run()).await;
    let Some(connection) = Rc::into_inner(exchanges.connection) else { return };
    let wire = connection.into_inner().wire;
    match ended {
        Some(End::Answered) => part(wire.stream).await,
        Some(End::Tunnel(tunnel)) => {
            watch.reads(Reading::Tunnel, true);
            unless_cut(&watch, tunnel.run(wire.stream, &wire.read)).await;
        }
        Some(End::Broken) | None => {}
    }
}

impl Exchanges {
    async fn run(&self) -> End {
        loop {
            if let Err(end) = self.exchange().await {
                return end;
            }
        }
    }

    /// Answers the next request; fails where there is none or where it is the last.
    async fn exchange(&self) -> Result<(), End> {
        let spare = || self.worker.kept_headers();
        let head = poll_fn(|context| self.connection.borrow_mut().poll_head(spare, context)).await?;
        let (response, manner) = match head {
            None => return Err(End::Answered),
            Some(Ok(head)) => self.ask(head).await?,
            Some(Err(refusal)) => self.refuse(refusal),
        };
        let persists = self.answer(response, manner).await?;
        let tunnel = self.watch.tunnel.borrow_mut().take();
        if let Some(tunnel) = tunnel {
            return self.flushed(End::Tunnel(Box::new(tunnel))).await;
        }
        if persists && poll_fn(|context| Poll::Ready(self.connection.borrow_mut().skip_body(context))).await {
            return Ok(());
        }
        self.flushed(End::Answered).await
    }

    /// Has a request answered, unless its client leaves before.
    async fn ask(&self, head: Head) -> Result<(Response<Payload>, Manner), End> {
        let Head { parts, persists, takes_trailers, .. } = head;
        let to_head = parts.method == Method::HEAD;
        let manner = Manner { version: parts.version, to_head, takes_trailers, persists };
        let body = Body::of(&self.connection).map_or(Incoming::Empty, Incoming::Http1);
        let mut handling = pin!(handle(Rc::clone(&self.worker), Rc::clone(&self.watch), parts, body));
        let response = poll_fn(|context| match handling.as_mut().poll(context) {
            Poll::Ready(response) => Poll::Ready(Ok(response)),
            Poll::Pending => self.connection.borrow_mut().poll_wait(context).map(Err),
        });
        Ok((response.await?, manner))
    }

    fn refuse(&self, refusal: Refusal) -> (Response<Payload>, Manner) {
        let manner = Manner { version: Version::HTTP_11, to_head: false, takes_trailers: false, persists: false };
        (refuse(Rc::clone(&self.worker), Rc::clone(&self.watch), refusal), manner)
    }

    /// Writes an answer; what is small waits in the connection's buffer until the next request is waited for. Returns
    /// whether there may be a next one.
    async fn answer(&self, response: Response<Payload>, mut manner: Manner) -> Result<bool, End> {
        let (head, payload) = response.into_parts();
        if self.watch.is_draining() {
            manner.persists = false;
        }
        if !payload.is_relayed() && manner.persists {
            // What the client still sends is nobody's, and must not be taken for a request.
            let skip = poll_fn(|context| Poll::Ready(self.connection.borrow_mut().skip_body(context)));
            manner.persists = skip.await;
        }
        let framing = {
            let length = payload.size_hint().exact();
            let write = &mut self.connection.borrow_mut().wire.write;
            manner.write_head(head.status, &head.headers, length, &self.worker.date(), write)
        };
        self.worker.keep_headers(head.headers);
        if let Some(framing) = framing {
            let mut sending = Sending::new(payload, framing, manner.takes_trailers);
            poll_fn(|context| sending.poll(&self.connection, context)).await?;
        }
        Ok(manner.persists)
    }

    async fn flushed(&self, end: End) -> Result<(), End> {
        poll_fn(|context| self.connection.borrow_mut().poll_flush(context)).await?;
        Err(end)
    }
}

/// Closes a connection towards the client, and reads on for a little while, since closing with unread bytes would take the
/// last answer back (RFC 9112, section 9.6).
async fn part(mut stream: Stream) {
    const MOST_BYTES: usize = 1024 * 1024;
    const LONGEST: Duration = Duration::from_secs(1);
    let parting = async {
        stream.shutdown().await?;
        let (mut space, mut discarded) = ([0; 4096], 0);
        while discarded < MOST_BYTES {
            match stream.read(&mut space).await? {
                0 => break,
                count => discarded += count,
            }
        }
        io::Result::Ok(())
    };
    tokio::time::timeout(LONGEST, parting).await.ok();
}
