//! The room for signed bodies, which are held until they are whole and verified.
//!
//! All workers share it. Each client address has a part of it, so that no client keeps the others out, however many connections
//! it opens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::client_address::client_network;
use super::problem::{Kind, Problem};

/// The most bytes of signed bodies that wait for their end, in all.
const MOST_BYTES: u64 = 64 << 20;

/// The bodies of a client together have the room divided by this.
const SHARES: u64 = 8;

/// The bytes that are set aside for signed bodies.
#[derive(Default)]
pub(crate) struct SignedBodyRoom(Mutex<ReservedBytes>);

#[derive(Default)]
struct ReservedBytes {
    all: u64,
    /// Those of each client that has any.
    by_client: HashMap<IpAddr, u64>,
}

/// Room that is set aside for a signed body, as much as has come of it.
pub(crate) struct BodyReservation<'a> {
    room: &'a SignedBodyRoom,
    client: IpAddr,
    bytes: u64,
    /// The most bytes of all bodies together at which it still grows.
    most: u64,
}

impl SignedBodyRoom {
    /// Begins to set room aside for a body from an address. Bodies that name the id of no key share half of the room, so that
    /// without one nobody can keep the others out.
    pub(crate) fn reserve(&self, client: IpAddr, is_known: bool) -> BodyReservation<'_> {
        let most = if is_known { MOST_BYTES } else { MOST_BYTES / 2 };
        BodyReservation { room: self, client: client_network(client), bytes: 0, most }
    }

    fn lock(&self) -> MutexGuard<'_, ReservedBytes> {
        // Nothing under the lock can fail half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodyReservation<'_> {
    /// Sets room aside for the next bytes. The bodies of a client have an eighth of the room, or one large body alone as much as
    /// it leaves free, so that the few that fill the room leave some for all others.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Problem> {
        let mut reserved = self.room.lock();
        let others = reserved.by_client.get(&self.client).map_or(0, |all| all.saturating_sub(self.bytes));
        let of_body = self.bytes.saturating_add(bytes);
        let of_client = others.saturating_add(of_body);
        let has_share = others == 0 || of_client <= self.most / SHARES;
        if !has_share || self.most.checked_sub(reserved.all).is_none_or(|free| of_client > free) {
            return Err(Problem::new(Kind::AccessUnavailable, "Too many signed bodies are in progress.").closing());
        }
        reserved.all += bytes;
        reserved.by_client.insert(self.client, of_client);
        self.bytes = of_body;
        Ok(())
    }
}

impl Drop for BodyReservation<'_> {
    fn drop(&mut self) {
        let mut reserved = self.room.lock();
        reserved.all = reserved.all.saturating_sub(self.bytes);
        let left = reserved.by_client.get(&self.client).map_or(0, |all| all.saturating_sub(self.bytes));
        if left > 0 {
            reserved.by_client.insert(self.client, left);
        } else {
            reserved.by_client.remove(&self.client);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIECE: u64 = 1024;

    fn grows(reservation: &mut BodyReservation<'_>) -> u64 {
        while reservation.grow(PIECE).is_ok() {}
        reservation.bytes
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn the_bodies_of_an_address_share_an_eighth_of_the_room() {
        for (first, second, are_one) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("2001:db8::1", "2001:db8::2:0:0:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ] {
            let room = SignedBodyRoom::default();
            let mut bodies: Vec<BodyReservation<'_>> = (0..12).map(|_| room.reserve(address(first), true)).collect();
            for body in &mut bodies {
                body.grow(1 << 20).ok();
            }
            let held: u64 = bodies.iter().map(|body| body.bytes).sum();
            assert_eq!(held, MOST_BYTES / SHARES, "{first}");
            assert_eq!(room.reserve(address(second), true).grow(PIECE).is_err(), are_one, "{first} {second}");
            drop(bodies);
            let left = room.lock();
            assert_eq!((left.all, left.by_client.len()), (0, 0), "{first}");
        }
    }

    #[test]
    fn no_body_takes_all_of_the_room() {
        let room = SignedBodyRoom::default();
        // Bodies that name no key share half of the room.
        let all = MOST_BYTES / 2;
        let mut bodies: Vec<BodyReservation<'_>> =
            (1..5).map(|number| room.reserve(address(&format!("192.0.2.{number}")), false)).collect();
        let grown: Vec<u64> = bodies.iter_mut().map(grows).collect();
        assert_eq!(grown, [all / 2, all / 4, all / 8, all / 16]);
        let mut second = room.reserve(address("192.0.2.1"), false);
        assert_eq!(grows(&mut second), 0, "a large body is the only one of its address");
        bodies.clear();
        assert_eq!(grows(&mut second), all / 2, "room that has become free");
    }
}
