//! The room for signed bodies, which are held until they are whole and verified.
//!
//! All workers share it. Each client address has a part of it, so that no client keeps the others out, however many
//! connections it opens. Bodies that name no key have the same room as others: how much is read of one would tell which
//! ids exist.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::problem::{Kind, Problem};
use super::request_body::BodyFault;
use crate::model::{MOST_SIGNED_BODY_BYTES, client_network};

/// The most bytes of signed bodies that wait for their end, in all.
const MOST_BYTES: u64 = 2 * MOST_SIGNED_BODY_BYTES;

/// The bodies of a client have the room divided by this, beside a large one.
const SHARES: u64 = 8;

/// The bytes that are set aside for signed bodies.
#[derive(Default)]
pub(crate) struct SignedBodyRoom(Mutex<ReservedBytes>);

#[derive(Default)]
struct ReservedBytes {
    all: u64,
    /// Those of each client that has any.
    by_client: HashMap<IpAddr, ClientBytes>,
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
    client: IpAddr,
    bytes: u64,
    /// True if it has outgrown its client's share.
    is_large: bool,
}

impl SignedBodyRoom {
    /// Begins to set room aside for a body from an address.
    pub(crate) fn reserve(&self, client: IpAddr) -> BodyReservation<'_> {
        BodyReservation { room: self, client: client_network(client), bytes: 0, is_large: false }
    }

    fn lock(&self) -> MutexGuard<'_, ReservedBytes> {
        // Nothing under the lock can fail half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodyReservation<'_> {
    /// Sets room aside for the next bytes. The bodies of a client have an eighth of the room. One that outgrows it has
    /// as much as it leaves free, so that the few that fill the room leave some for all others, and keeps out no other
    /// body of its client.
    pub(crate) fn grow(&mut self, bytes: u64) -> Result<(), Problem> {
        let mut reserved = self.room.lock();
        let mut client = reserved.by_client.get(&self.client).copied().unwrap_or_default();
        let of_body = self.bytes.saturating_add(bytes);
        if of_body > MOST_SIGNED_BODY_BYTES {
            // It would leave less than itself free at any time: to try again is of no use.
            return Err(Problem::of_body(BodyFault::TooLarge));
        }
        let becomes_large = !self.is_large && client.shared.saturating_add(bytes) > MOST_BYTES / SHARES;
        let is_large = self.is_large || becomes_large;
        let together = if is_large { of_body } else { client.shared.saturating_add(bytes) };
        let is_fair = MOST_BYTES.checked_sub(reserved.all).is_some_and(|free| together <= free);
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

    #[test]
    fn a_body_that_never_has_room_is_too_large_and_one_that_has_it_later_is_not() {
        let room = SignedBodyRoom::default();
        let mut bodies = [room.reserve(address("192.0.2.1")), room.reserve(address("192.0.2.2"))];
        let kinds = bodies.each_mut().map(|body| {
            grows(body);
            body.grow(PIECE).map_err(|problem| problem.kind)
        });
        assert_eq!(kinds, [Err(Kind::BodyTooLarge), Err(Kind::AccessUnavailable)]);
        assert_eq!(bodies[0].bytes, MOST_SIGNED_BODY_BYTES);
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
            let mut bodies: Vec<BodyReservation<'_>> = (0..12).map(|_| room.reserve(address(first))).collect();
            for body in &mut bodies {
                body.grow(1 << 20).ok();
            }
            let held: u64 = bodies.iter().map(|body| body.bytes).sum();
            // One is beside the others.
            assert_eq!(held, MOST_BYTES / SHARES + (1 << 20), "{first}");
            assert_eq!(room.reserve(address(second)).grow(PIECE).is_err(), are_one, "{first} {second}");
            drop(bodies);
            let left = room.lock();
            assert_eq!((left.all, left.by_client.len()), (0, 0), "{first}");
        }
    }

    #[test]
    fn no_body_takes_all_of_the_room() {
        let room = SignedBodyRoom::default();
        let mut bodies: Vec<BodyReservation<'_>> =
            (1..5).map(|number| room.reserve(address(&format!("192.0.2.{number}")))).collect();
        let grown: Vec<u64> = bodies.iter_mut().map(grows).collect();
        assert_eq!(grown, [MOST_BYTES / 2, MOST_BYTES / 4, MOST_BYTES / 8, MOST_BYTES / 16]);
        let mut second = room.reserve(address("192.0.2.1"));
        assert_eq!(grows(&mut second), MOST_BYTES / 32, "half of what is free");
        bodies.clear();
        assert_eq!(grows(&mut second), MOST_BYTES / 2, "room that has become free");
    }

    #[test]
    fn a_large_body_keeps_out_no_small_one_of_its_address() {
        let room = SignedBodyRoom::default();
        let client = address("192.0.2.1");
        let mut large = room.reserve(client);
        assert!(grows(&mut large) > MOST_BYTES / SHARES);
        let mut small = room.reserve(client);
        assert!(small.grow(29).is_ok());
        let mut another = room.reserve(client);
        assert!(grows(&mut another) <= MOST_BYTES / SHARES, "one is large");
        drop(large);
        assert!(small.grow(29).is_ok());
    }
}
