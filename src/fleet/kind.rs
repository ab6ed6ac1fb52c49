//! A node's versions of one kind of resource.

use super::held::shift;
use crate::model::Timestamp;

/// The number of times after which a version that is polled as old is refused.
pub(super) const REFUSED_AFTER: u32 = 2;
/// The pause before a refused version is sent again, which doubles each time.
const FIRST_PAUSE_MS: i64 = 500;
const LONGEST_PAUSE_MS: i64 = 5_000;
/// The time within which two overlaps mean that two processes poll under one name.
const SHARED_WITHIN_MS: i64 = 60_000;

/// A version that was sent and not applied yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SentVersion {
    pub(super) version: String,
    pub(super) times: u32,
    pub(super) since: Timestamp,
    /// True once it was sent often enough and polled as old again.
    pub(super) is_refused: bool,
    retry_at: Timestamp,
}

/// The meaning of the version in a poll.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PolledVersion {
    /// The one that was sent: it is applied now.
    Accepted,
    /// The one that was applied before.
    Unchanged,
    /// Neither: the node has it from another control plane, or from this one before it was started again.
    Unknown,
}

/// The versions of one kind.
#[derive(Debug, Clone)]
pub(super) struct KindState {
    /// The version that the node polled with last; empty before its first.
    pub(super) applied: String,
    /// When it was polled for the first time.
    pub(super) since: Timestamp,
    pub(super) sent: Option<SentVersion>,
    /// True if the node has polled since this control plane was started.
    pub(super) has_polled: bool,
    /// True if `applied` was remembered, with all that is known about it.
    is_remembered: bool,
    /// True if the control plane before this one sent something else, of which the node may have applied a part.
    is_uncertain: bool,
    /// The connection of the poll that is being held.
    in_flight: Option<u64>,
    overlapped_at: Option<Timestamp>,
}

impl KindState {
    pub(super) const fn new(applied: String, since: Timestamp) -> Self {
        Self {
            applied,
            since,
            sent: None,
            has_polled: false,
            is_remembered: false,
            is_uncertain: false,
            in_flight: None,
            overlapped_at: None,
        }
    }

    /// Makes one of what was remembered about the node.
    pub(super) fn remembered(applied: String, since: Timestamp, is_uncertain: bool) -> Self {
        Self { is_remembered: true, is_uncertain, ..Self::new(applied, since) }
    }

    /// Returns the version under which clusters are sent. Where something else was sent after the node applied the same
    /// ones, it may have applied a part of that: it gets them again, under a number by which its next poll is
    /// understood.
    pub(super) fn renewed(&self, content: String) -> String {
        let is_same = content_of(&self.applied) == content;
        let of_same = self.sent.as_ref().filter(|sent| content_of(&sent.version) == content);
        match of_same {
            Some(sent) if is_same => sent.version.clone(),
            None if is_same && (self.sent.is_some() || self.is_uncertain) => {
                let number = self.applied.split_once('.').and_then(|(_, number)| number.parse::<u32>().ok());
                format!("{content}.{}", number.unwrap_or_default().wrapping_add(1))
            }
            None if is_same => self.applied.clone(),
            _ => content,
        }
    }

    /// Learns from the version in a poll.
    pub(super) fn learn(&mut self, version: &str, now: Timestamp) -> PolledVersion {
        let is_first = !std::mem::replace(&mut self.has_polled, true);
        let was_sent = self.sent.as_ref().is_some_and(|sent| sent.version == version);
        if !was_sent && version == self.applied {
            if let Some(sent) = self.sent.as_mut().filter(|sent| sent.times >= REFUSED_AFTER) {
                sent.is_refused = true;
            }
            return if is_first && !self.is_remembered { PolledVersion::Unknown } else { PolledVersion::Unchanged };
        }
        (self.sent, self.is_uncertain) = (None, false);
        version.clone_into(&mut self.applied);
        self.since = now;
        if was_sent { PolledVersion::Accepted } else { PolledVersion::Unknown }
    }

    /// Notes that a poll is held, and returns true if two processes poll under one name: each of them has a poll in
    /// flight at the same time, again and again. Once may be a connection that broke off unnoticed.
    pub(super) fn hold(&mut self, source: u64, now: Timestamp) -> bool {
        let is_overlap = self.in_flight.replace(source).is_some_and(|other| other != source);
        if !is_overlap {
            return false;
        }
        self.overlapped_at.replace(now).is_some_and(|before| now.ms_since(before) < SHARED_WITHIN_MS)
    }

    /// Notes that a poll is not held any more.
    pub(super) fn release(&mut self, source: u64) {
        if self.in_flight == Some(source) {
            self.in_flight = None;
        }
    }

    /// Moves its times, as the clock was set.
    pub(super) fn shift_times(&mut self, milliseconds: i64) {
        self.since = self.since.plus_ms(milliseconds);
        shift(&mut self.overlapped_at, milliseconds);
        if let Some(sent) = &mut self.sent {
            sent.since = sent.since.plus_ms(milliseconds);
            sent.retry_at = sent.retry_at.plus_ms(milliseconds);
        }
    }

    /// True if the version that was sent last is refused.
    pub(super) fn is_refused(&self) -> bool {
        self.sent.as_ref().is_some_and(|sent| sent.is_refused)
    }

    /// Returns the time before which a version is not sent again.
    pub(super) fn pause_until(&self, version: &str, now: Timestamp) -> Option<Timestamp> {
        let refused = self.sent.as_ref().filter(|sent| sent.is_refused && sent.version == version);
        refused.map(|sent| sent.retry_at).filter(|retry_at| *retry_at > now)
    }

    /// Notes that a version is sent.
    pub(super) fn note_sent(&mut self, version: &str, now: Timestamp) {
        let before = self.sent.take().filter(|sent| sent.version == version);
        let times = before.as_ref().map_or(0, |sent| sent.times).saturating_add(1);
        let doublings = times.saturating_sub(REFUSED_AFTER).min(16);
        let pause = (FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS);
        self.sent = Some(SentVersion {
            version: version.to_owned(),
            times,
            since: before.as_ref().map_or(now, |sent| sent.since),
            is_refused: before.is_some_and(|sent| sent.is_refused),
            retry_at: now.plus_ms(pause),
        });
    }
}

/// Returns the digest of a version, which may have a number.
pub(super) fn content_of(version: &str) -> &str {
    version.split_once('.').map_or(version, |(content, _)| content)
}
