use super::*;

const RETENTION_MS: i64 = 600_000;

fn at(wall_ms: i64, monotonic_ms: i64) -> ClockReading {
    ClockReading { wall: Timestamp::from_milliseconds(1_800_000_000_000 + wall_ms), monotonic_ms }
}

fn id(text: &str) -> SecretId {
    text.parse().unwrap()
}

/// Begins a table in the middle of a second.
fn table() -> NonceTable {
    NonceTable::new(at(500, 0), None)
}

#[test]
fn a_nonce_is_taken_once_a_key_until_its_time_is_over() {
    let table = table();
    let claim = |key: &str, signed_ms, now| table.claim(&id(key), b"n", at(signed_ms, 0).wall, now, RETENTION_MS);
    assert_eq!(claim("abcd", 0, at(0, 0)), Ok(()));
    assert_eq!(claim("abce", 0, at(0, 0)), Ok(()));
    for seen in [at(1, 1), at(600_000, 600_000), at(9_000_000, 1)] {
        assert_eq!(claim("abcd", 0, seen), Err(NonceFault::Seen), "{seen:?}");
    }
    assert_eq!(claim("abcd", 600_000, at(600_001, 600_001)), Ok(()));
    assert_eq!(claim("abcd", 600_000, at(600_002, 600_002)), Err(NonceFault::Seen));
    assert_eq!(table.len(), 2);
    table.sweep(at(9_000_000, 9_000_000));
    assert_eq!(table.len(), 0);
}

#[test]
fn a_clock_that_is_set_back_lets_nobody_in_twice_and_locks_out_nobody_whose_clock_is_right() {
    for back_ms in [0, 299_000, 301_000, 660_000, 3_600_000, 31_536_000_000] {
        let table = table();
        let claim = |key: &str, nonce: u8, signed_ms: i64, now| {
            table.claim(&id(key), &[nonce], at(signed_ms, 0).wall, now, RETENTION_MS)
        };
        // A caller on the same machine, and one whose clock is right before and after.
        assert_eq!(claim("same", 0, 1_000, at(1_000, 1_000)), Ok(()));
        if back_ms < 300_000 {
            assert_eq!(claim("good", 0, 1_000 - back_ms, at(1_000, 1_000)).is_ok(), back_ms == 0, "before the start");
            assert_eq!(claim("good", 1, 400_000 - back_ms, at(400_000, 400_000)), Ok(()), "{back_ms}");
        }
        // The nonces of the first requests leave, and the clock is set back to their dates and before.
        assert_eq!(claim("same", 1, 700_000, at(700_000, 700_000)), Ok(()));
        for (nonce, signed_ms) in [(0, 1_000), (1, 700_000)] {
            for after_ms in [0, back_ms] {
                let now = at(700_000 - back_ms + after_ms, 700_000 + after_ms);
                assert!(claim("same", nonce, signed_ms, now).is_err(), "{back_ms} {after_ms}");
            }
        }
        let now = at(720_000 - back_ms, 720_000);
        assert_eq!(claim("good", 2, 720_000 - back_ms, now), Ok(()), "{back_ms}");
    }
}

#[test]
fn a_clock_that_was_fast_for_a_while_locks_out_nobody_once_it_is_right() {
    let table = table();
    let claim = |nonce: u8, signed_s: i64, (wall_s, monotonic_s): (i64, i64)| {
        let now = at(wall_s * 1000, monotonic_s * 1000);
        table.claim(&id("same"), &[nonce], at(signed_s * 1000, 0).wall, now, RETENTION_MS)
    };
    assert_eq!(claim(0, 10, (10, 10)), Ok(()));
    assert_eq!(claim(1, 3620, (3620, 20)), Ok(()), "an hour ahead");
    for (nonce, now_s) in [(2, 30), (3, 700), (4, 1400), (5, 3600)] {
        assert_eq!(claim(nonce, now_s, (now_s, now_s)), Ok(()), "{now_s}");
    }
    for now_s in [3620, 3900] {
        assert_eq!(claim(1, 3620, (now_s, now_s)), Err(NonceFault::Seen), "{now_s}");
    }
}

#[test]
fn a_caller_of_two_groups_is_not_refused_for_the_shorter_tolerance_of_one() {
    let table = table();
    let claim = |nonce: u8, signed_s: i64, now_s: i64, tolerance_ms: i64| {
        let now = at(now_s * 1000, now_s * 1000);
        table.claim(&id("abcd"), &[nonce], at(signed_s * 1000, 0).wall, now, 2 * tolerance_ms)
    };
    assert_eq!(claim(0, 1, 300, 900_000), Ok(()), "a slow clock");
    for nonce in 1..30 {
        let now_s = 300 + i64::from(nonce) * 100;
        assert_eq!(claim(nonce, now_s, now_s, 60_000), Ok(()));
        assert_eq!(claim(nonce + 100, now_s - 299, now_s, 900_000), Ok(()), "{now_s}");
    }
}

#[test]
fn a_clock_that_was_set_back_does_not_fill_the_table() {
    let table = NonceTable::bounded(at(0, 0), 3, 3);
    let claim = |key: &str, nonce: u8, now: ClockReading| table.claim(&id(key), &[nonce], now.wall, now, RETENTION_MS);
    assert_eq!(claim("fast", 0, at(0, 0)), Ok(()));
    assert_eq!(claim("fast", 1, at(1, 1)), Ok(()));
    for number in 2..10 {
        let monotonic_ms = i64::from(number) * 400_000;
        assert_eq!(claim("good", number, at(monotonic_ms - 86_400_000, monotonic_ms)), Ok(()), "{number}");
    }
}

#[test]
fn a_request_that_is_dated_before_the_table_began_is_refused() {
    let claim = |signed: ClockReading| table().claim(&id("abcd"), b"n", signed.wall, at(500, 0), RETENTION_MS);
    assert_eq!(claim(at(-1, 0)), Err(NonceFault::BeforeStart));
    assert_eq!(claim(at(-299_000, 0)), Err(NonceFault::BeforeStart));
    // Dates have no parts of seconds, so a request of the table's first second is dated at its beginning.
    assert_eq!(claim(at(0, 0)), Ok(()));
    assert_eq!(claim(at(299_000, 0)), Ok(()));
}

#[test]
fn a_group_with_a_short_tolerance_forgets_no_nonce_of_another() {
    let table = table();
    let claim =
        |nonce: &[u8], now: ClockReading, retention_ms| table.claim(&id("abcd"), nonce, now.wall, now, retention_ms);
    assert_eq!(claim(b"long", at(0, 0), 3_600_000), Ok(()));
    assert_eq!(claim(b"short", at(0, 0), 60_000), Ok(()));
    assert_eq!(claim(b"other", at(120_000, 120_000), 60_000), Ok(()));
    assert_eq!(claim(b"long", at(120_000, 120_000), 60_000), Err(NonceFault::Seen));
}

#[test]
fn keys_that_no_longer_call_keep_nobody_out_for_ever() {
    let table = NonceTable::bounded(at(0, 0), 3, 3);
    let claim = |key: &str, nonce: u8, now: ClockReading| table.claim(&id(key), &[nonce], now.wall, now, RETENTION_MS);
    for nonce in 0..3 {
        assert_eq!(claim("abcd", nonce, at(0, 0)), Ok(()));
    }
    assert_eq!(claim("abce", 0, at(600_000, 600_000)), Err(NonceFault::Full));
    assert_eq!(claim("abce", 0, at(600_001, 600_001)), Ok(()));
    assert_eq!(table.len(), 1);
}

#[test]
fn a_full_table_lets_nobody_in_and_empties_with_time() {
    let table = NonceTable::bounded(at(0, 0), 3, 5);
    let claim = |key: &str, nonce: u8, now: ClockReading| table.claim(&id(key), &[nonce], now.wall, now, RETENTION_MS);
    for nonce in 0..3 {
        assert_eq!(claim("abcd", nonce, at(0, 0)), Ok(()));
    }
    assert_eq!(claim("abcd", 3, at(0, 0)), Err(NonceFault::Full));
    assert_eq!(claim("abce", 0, at(0, 0)), Ok(()));
    assert_eq!(claim("abce", 1, at(0, 0)), Ok(()));
    assert_eq!(claim("abce", 2, at(0, 0)), Err(NonceFault::Full));
    assert_eq!(claim("abcd", 0, at(1, 1)), Err(NonceFault::Seen));
    assert_eq!(claim("abcd", 3, at(600_001, 600_001)), Ok(()));
    assert_eq!(table.len(), 1);
}

#[test]
fn of_many_threads_one_takes_a_nonce() {
    let table = table();
    for round in 0..100_u8 {
        let taken = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let claimed = table.claim(&id("abcd"), &[round], at(0, 0).wall, at(0, 0), RETENTION_MS);
                    taken.fetch_add(usize::from(claimed.is_ok()), Ordering::Relaxed);
                });
            }
        });
        assert_eq!(taken.into_inner(), 1);
    }
}

#[test]
fn a_hundred_thousand_long_nonces_take_the_room_of_short_ones() {
    let table = table();
    let long = "x".repeat(256);
    for number in 0..100_000 {
        let nonce = format!("{long}{number}");
        table.claim(&id("abcd"), nonce.as_bytes(), at(0, 0).wall, at(0, 0), RETENTION_MS).unwrap();
    }
    assert_eq!(table.len(), 100_000);
    assert!(size_of::<NonceClaim>() <= 40);
}
