//! The room for signed bodies, which are held until they are whole and verified.
//!
//! All workers share it. Each client address has a part of it, so that no client keeps the others out, however many connections
//! it opens.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::problem::{Kind, Problem};
use crate::model::client_network;

/// The most bytes of signed bodies that wait for their end, in all.
const MOST_BYTES: u64 = 64 << 20;

/// The bodies of a client have the room divided by this, beside a large one.
const SHARES: u64 = 8;

/// The bytes that are set aside for signed bodies.
#[derive(Default)]
pub(crate) struct SignedBodyRoom(Mutex<ReservedBytes>);

#[derive(Default)]
struct ReservedBytes {
    all: u64,
    /// Those of each client that has any: of bodies that name the id of a key, and of those that name none.
    by_client: HashMap<(IpAddr, bool), ClientBytes>,
}

/// The bytes of a client's bodies.
#[derive(Default, Clone, Copy)]
struct ClientBytes {
    /// Those of the bodies that have a share of the room together.
    shared: u64,
    /// True if one body has outgrown the share.
    has_large: bool,
}

/// Room that is set aside for a signed body, as much as has come of it.
pub(crate) struct BodyReservation<'a> {
    room: &'a SignedBodyRoom,
    client: (IpAddr, bool),
    bytes: u64,
    /// True if it has outgrown its client's share.
    is_large: bool,
    /// The most bytes of all bodies together at which it still grows.
    most: u64,
}

impl SignedBodyRoom {
    /// Begins to set room aside for a body from an address. Bodies that name the id of no key share half of the room, so that
    /// without one nobody can keep the others out.
    pub(crate) fn reserve(&self, client: IpAddr, is_known: bool) -> BodyReservation<'_> {
        let most = if is_known { MOST_BYTES } else { MOST_BYTES / 2 };
        BodyReservation { room: self, client: (client_network(client), is_known), bytes: 0, is_large: false, most }
    }

    fn lock(&self) -> MutexGuard<'_, ReservedBytes> {
        // Nothing under the lock can fail half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodyReservation<'_> {
    /// Sets room aside for the next bytes. The bodies of a client have an eighth of the room. One that outgrows it has as much as
    /// it leaves free, so that the few that fill the room leave some for all others, and keeps out no other body of its client.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Problem> {
        let mut reserved = self.room.lock();
        let mut client = reserved.by_client.get(&self.client).copied().unwrap_or_default();
        let of_body = self.bytes.saturating_add(bytes);
        let becomes_large = !self.is_large && client.shared.saturating_add(bytes) > self.most / SHARES;
        let is_large = self.is_large || becomes_large;
        let together = if is_large { of_body } else { client.shared.saturating_add(bytes) };
        let is_fair = self.most.checked_sub(reserved.all).is_some_and(|free| together <= free);
        if !is_fair || becomes_large && client.has_large {
            return Err(Problem::new(Kind::AccessUnavailable, "Too many signed bodies are in progress.").closing());
        }
        if becomes_large {
            client.shared -= self.bytes;
            client.has_large = true;
        } else if !is_large {
            client.shared = together;
        }
        reserved.all += bytes;
        reserved.by_client.insert(self.client, client);
        (self.bytes, self.is_large) = (of_body, is_large);
        Ok(())
    }
}

impl Drop for BodyReservation<'_> {
    fn drop(&mut self) {
        let mut reserved = self.room.lock();
        reserved.all = reserved.all.saturating_sub(self.bytes);
        let Some(client) = reserved.by_client.get_mut(&self.client) else { return };
        if self.is_large {
            client.has_large = false;
        } else {
            client.shared = client.shared.saturating_sub(self.bytes);
        }
        if client.shared == 0 && !client.has_large {
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
            // One is beside the others.
            assert_eq!(held, MOST_BYTES / SHARES + (1 << 20), "{first}");
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
        assert_eq!(grows(&mut second), all / 32, "half of what is free");
        bodies.clear();
        assert_eq!(grows(&mut second), all / 2, "room that has become free");
    }

    #[test]
    fn a_large_body_keeps_out_no_small_one_of_its_address() {
        for large_is_known in [false, true] {
            let room = SignedBodyRoom::default();
            let client = address("192.0.2.1");
            let mut large = room.reserve(client, large_is_known);
            assert!(grows(&mut large) > MOST_BYTES / SHARES);
            let mut small = room.reserve(client, true);
            assert!(small.grow(29).is_ok(), "{large_is_known}");
            let mut another = room.reserve(client, large_is_known);
            assert!(grows(&mut another) <= MOST_BYTES / SHARES, "one is large");
            drop(large);
            assert!(small.grow(29).is_ok());
        }
    }
}
