use super::*;
use crate::gateway::body_pace::BodyPace;

const PACE: BodyPace = BodyPace { ticks: 10, bytes_a_tick: 100 };

const PATIENCE: ConnectionTimeouts =
    ConnectionTimeouts { head: 10, keep_alive: 20, body: PACE, write: 10, stall: 50, drain: 4 };

fn watch() -> (Rc<ConnectionWatch>, Rc<Cell<Ticks>>) {
    let clock = Rc::new(Cell::new(0));
    (Rc::new(ConnectionWatch::new(([127, 0, 0, 1], 1).into(), false, Rc::clone(&clock))), clock)
}

fn cut_at(watch: &ConnectionWatch, clock: &Cell<Ticks>) -> Option<Ticks> {
    (clock.get()..200).find(|&now| {
        clock.set(now);
        watch.tick(&PATIENCE);
        watch.is_cut()
    })
}

fn late_at(watch: &ConnectionWatch, clock: &Cell<Ticks>) -> Option<Ticks> {
    (clock.get()..200).find(|&now| {
        clock.set(now);
        watch.tick(&PATIENCE);
        watch.is_body_late()
    })
}

#[test]
fn who_makes_the_worker_wait_is_cut_off() {
    let (silent, clock) = watch();
    assert_eq!(cut_at(&silent, &clock), Some(11), "a handshake or a first head does not come");

    let (idle, clock) = watch();
    idle.set_reading(ClientWait::Idle, true);
    assert_eq!(cut_at(&idle, &clock), Some(21));

    let (head, clock) = watch();
    head.set_reading(ClientWait::Head, true);
    assert_eq!(cut_at(&head, &clock), Some(11));

    let (body, clock) = watch();
    let _in_flight = body.begin();
    body.set_reading(ClientWait::Body, true);
    clock.set(6);
    body.tick(&PATIENCE);
    body.came(500);
    body.note_starved();
    assert_eq!(late_at(&body, &clock), Some(16), "its reader is told first");
    assert_eq!(cut_at(&body, &clock), Some(27));

    let (fast, clock) = watch();
    let _in_flight = fast.begin();
    fast.set_reading(ClientWait::Body, false);
    assert_eq!(cut_at(&fast, &clock), Some(51), "a backend that does not take the body is no slow client");

    let (reader, clock) = watch();
    let _in_flight = reader.begin();
    reader.set_reading(ClientWait::Idle, true);
    reader.write_blocked(true);
    assert_eq!(cut_at(&reader, &clock), Some(11));

    let (stalled, clock) = watch();
    let _in_flight = stalled.begin();
    stalled.set_reading(ClientWait::Idle, true);
    assert_eq!(cut_at(&stalled, &clock), Some(51));

    let (streams, clock) = watch();
    streams.note_multiplexed();
    streams.set_reading(ClientWait::Tunnel, true);
    let (first, second) = (streams.begin(), streams.begin());
    first.untaken(true);
    clock.set(12);
    streams.tick(&PATIENCE);
    assert!(!streams.is_cut(), "the other request waits for its backend");
    first.untaken(false);
    drop(first);
    second.untaken(true);
    assert_eq!(cut_at(&streams, &clock), Some(23));
}

#[test]
fn a_client_that_only_gives_up_requests_is_cut_off() {
    let (watch, _) = watch();
    watch.note_multiplexed();
    for _ in 0..150 {
        watch.note_given_up();
        watch.note_response();
    }
    assert!(!watch.is_cut());
    for _ in 0..101 {
        watch.note_given_up();
    }
    assert!(watch.is_cut());
}

#[test]
fn a_request_in_flight_is_not_idle() {
    let (watch, clock) = watch();
    watch.set_reading(ClientWait::Idle, true);
    let in_flight = watch.begin();
    clock.set(40);
    watch.tick(&PATIENCE);
    assert!(!watch.is_cut());
    drop(in_flight);
    assert_eq!(cut_at(&watch, &clock), Some(61));
}

#[test]
fn who_asks_one_by_one_may_give_up_and_a_websocket_may_be_silent() {
    let (single, _) = watch();
    (0..150).for_each(|_| single.note_given_up());
    assert!(!single.is_cut());

    let (tunnel, clock) = watch();
    tunnel.set_reading(ClientWait::Tunnel, true);
    let _in_flight = tunnel.begin();
    assert_eq!(cut_at(&tunnel, &clock), None);
}

#[test]
fn a_wait_begins_with_what_is_waited_for() {
    let (body, clock) = watch();
    let _in_flight = body.begin();
    body.set_reading(ClientWait::Body, true);
    body.came(100_000);
    body.note_starved();
    body.set_reading(ClientWait::Idle, true);
    body.set_reading(ClientWait::Body, true);
    assert_eq!(late_at(&body, &clock), Some(11), "the bytes were those of the body before");
    body.note_body_end();
    assert_eq!((body.is_body_late(), cut_at(&body, &clock)), (false, Some(51)), "nobody waits for it any more");

    let (reader, clock) = watch();
    let _in_flight = reader.begin();
    reader.set_reading(ClientWait::Idle, true);
    reader.write_blocked(true);
    clock.set(5);
    reader.write_blocked(true);
    assert_eq!(cut_at(&reader, &clock), Some(11), "it has waited since the first time");

    let (reader, clock) = watch();
    let _in_flight = reader.begin();
    reader.set_reading(ClientWait::Idle, true);
    reader.write_blocked(true);
    reader.write_blocked(false);
    assert_eq!(cut_at(&reader, &clock), Some(51), "it has taken what was there");

    let (streams, clock) = watch();
    streams.note_multiplexed();
    streams.set_reading(ClientWait::Tunnel, true);
    let first = streams.begin();
    first.untaken(true);
    drop(first);
    let _second = streams.begin();
    assert_eq!(cut_at(&streams, &clock), Some(51), "nobody leaves this one untaken");
}

#[test]
fn each_request_of_a_connection_has_its_own_host() {
    let (watch, _) = watch();
    for name in ["a.example", "b.example", "a.example"] {
        assert_eq!(watch.host(name).map(|host| host.name().to_owned()).as_deref(), Some(name));
    }
}

#[test]
fn bytes_begin_a_head_where_no_request_is_in_flight() {
    let (watch, clock) = watch();
    watch.note_head(false);
    let in_flight = watch.begin();
    watch.came(10);
    assert_eq!(watch.reading.get(), ClientWait::Idle, "what has come of the next request is not waited for yet");
    drop(in_flight);
    watch.note_starved();
    clock.set(5);
    watch.came(1);
    watch.note_starved();
    assert_eq!((watch.reading.get(), cut_at(&watch, &clock)), (ClientWait::Head, Some(16)));
}

#[test]
fn a_drained_connection_that_does_not_end_is_cut_off() {
    let multiplexed = || {
        let (watch, clock) = watch();
        watch.note_multiplexed();
        watch.set_reading(ClientWait::Tunnel, true);
        (watch, clock)
    };
    let (idle, clock) = multiplexed();
    idle.drain();
    assert_eq!(cut_at(&idle, &clock), Some(5));

    let (busy, clock) = multiplexed();
    let in_flight = busy.begin();
    busy.drain();
    clock.set(30);
    busy.tick(&PATIENCE);
    assert!(!busy.is_cut(), "its response comes first");
    drop(in_flight);
    assert_eq!(cut_at(&busy, &clock), Some(35));

    let (open, clock) = multiplexed();
    assert_eq!(cut_at(&open, &clock), Some(21), "nobody asked it to end");
}

/// An exchange that may stand still for so many ticks.
struct Still(Cell<Ticks>, Ticks);

impl TimedExchange for Still {
    fn tick(self: Rc<Self>, moved: bool) -> bool {
        self.0.set(if moved { 0 } else { self.0.get() + 1 });
        self.0.get() > self.1
    }
}

#[test]
fn a_client_that_takes_nothing_ends_its_exchange() {
    for (multiplexed, takes, cut) in [(false, false, Some(4)), (false, true, Some(51)), (true, false, Some(51))] {
        let (watch, clock) = watch();
        if multiplexed {
            watch.note_multiplexed();
        }
        let in_flight = watch.begin();
        watch.set_reading(ClientWait::Idle, true);
        let exchange: Rc<dyn TimedExchange> = Rc::new(Still(Cell::new(0), 4));
        in_flight.follow(&exchange);
        let cut_at = (0..200).find(|&now| {
            clock.set(now);
            if takes {
                watch.write_blocked(false);
            }
            watch.tick(&PATIENCE);
            watch.is_cut()
        });
        assert_eq!(cut_at, cut, "{multiplexed} {takes}");
    }
}
