//! The age of something, at a glance.

use crate::model::Timestamp;

/// Returns the age of a time at `now`: `12s`, `5m`, `3h`, `9d`, `2y`.
pub(super) fn age(since: Timestamp, now: Timestamp) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let seconds = ((now.milliseconds() - since.milliseconds()) / 1000).max(0);
    match seconds {
        0..MINUTE => format!("{seconds}s"),
        MINUTE..HOUR => format!("{}m", seconds / MINUTE),
        HOUR..DAY => format!("{}h", seconds / HOUR),
        DAY..YEAR => format!("{}d", seconds / DAY),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        let age = |seconds: i64| age(Timestamp::from_milliseconds(0), Timestamp::from_milliseconds(seconds * 1000));
        assert_eq!(
            [age(-5), age(59), age(60), age(7200), age(86_400), age(800 * 86_400)],
            ["0s", "59s", "1m", "2h", "1d", "2y"]
        );
    }
}
