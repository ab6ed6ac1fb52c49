//! The outcome of a comparison: changes, each with its place and its effect on callers.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use super::kinds::{ChangeEffect, Compatibility, KINDS};
use crate::model::{BumpLevel, ChangeLevel, Location, Timestamp};

/// The differences between two sides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// The changes: those of the group, those of the definition as a whole, then those of each API in document order.
    pub changes: Vec<Change>,
    /// True while the version before is a 0.y.z, which promises nothing (Semantic Versioning 2.0.0, item 4).
    pub is_initial: bool,
}

/// A team's own rules for judging changes.
#[derive(Debug, Clone, Copy)]
pub struct ChangeRules<'a> {
    /// Levels of the kinds of change, by name, that differ from those of [`KINDS`].
    pub levels: &'a BTreeMap<String, ChangeLevel>,
    /// The time after which a removal is a warning where the date of its `x-sunset` is past; `None` where dates change
    /// nothing.
    pub sunset: Option<Timestamp>,
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The name of its kind, one of [`KINDS`].
    pub kind: &'static str,
    /// Effect on callers.
    pub compatibility: Compatibility,
    /// First API that it concerns, in document order; `None` for the group or the whole definition.
    pub api: Option<ApiName>,
    /// The other APIs that it concerns, as they use the changed part.
    pub also: Vec<ApiName>,
    /// Place within the API: `response 200 application/json body /items[]/name`; empty for the API itself.
    pub path: String,
    /// Description of the old and the new state.
    pub message: String,
    /// The description for callers.
    pub for_callers: CallerMessage,
    /// Location on the old side; `None` for an added part, and for settings.
    pub before: Option<Location>,
    /// Location on the new side; `None` for a removed part, and for settings.
    pub after: Option<Location>,
    /// The date in the `x-sunset` of a deprecated part that is gone.
    pub sunset: Option<Sunset>,
    /// Number of changes that it stands for: one, but for those that are only counted.
    pub count: usize,
}

/// The description of a change for callers, who are told nothing that lies behind the gateway, and no owner's notes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CallerMessage {
    /// The same as for the owners.
    Same,
    /// Other words.
    Other(String),
    /// None: callers do not see the change.
    Hidden,
}

/// The date until which a deprecated part was to be kept (RFC 8594).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sunset {
    /// The moment after which it may go.
    pub end: Timestamp,
    /// The date as it is written.
    pub date: String,
}

/// An API, as it is named in a change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiName {
    /// Its method.
    pub method: Arc<str>,
    /// Its path template, with its variant; that of after, where it is on both sides.
    pub path: Arc<str>,
}

impl Comparison {
    /// True if callers break.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.changes.iter().any(Change::is_breaking)
    }

    /// Counts the changes of an effect on callers, with those that are not listed; all of them without one.
    #[must_use]
    pub fn count(&self, of: Option<Compatibility>) -> usize {
        let counted = self.changes.iter().filter(|change| of.is_none_or(|of| change.compatibility == of));
        counted.map(|change| change.count).sum()
    }

    /// Returns it as a team judges it.
    #[must_use]
    pub fn judged(mut self, judgement: ChangeRules<'_>) -> Self {
        for change in &mut self.changes {
            match judgement.levels.get(change.kind) {
                Some(ChangeLevel::Breaking) => change.compatibility = Compatibility::Breaking,
                Some(ChangeLevel::Warning) => change.compatibility = Compatibility::Warning,
                Some(ChangeLevel::Compatible) => change.compatibility = Compatibility::Compatible,
                None => change.pass_sunset(judgement.sunset),
            }
        }
        self
    }

    /// Recommends the level of the version bump; `None` where nothing differs. While the major number is 0, a breaking
    /// change asks for a minor version, and any other for a patch.
    #[must_use]
    pub fn advice(&self) -> Option<BumpLevel> {
        let level = self.changes.iter().map(Change::level).max()?;
        Some(match level {
            BumpLevel::Major if self.is_initial => BumpLevel::Minor,
            _ if self.is_initial => BumpLevel::Patch,
            level => level,
        })
    }
}

impl Change {
    /// Returns the part of the version that grows with the change.
    #[must_use]
    pub fn level(&self) -> BumpLevel {
        let describes =
            || KINDS.iter().any(|kind| kind.name == self.kind && matches!(kind.effect, ChangeEffect::Describes));
        match self.compatibility {
            Compatibility::Breaking => BumpLevel::Major,
            Compatibility::Compatible if describes() => BumpLevel::Patch,
            Compatibility::Warning | Compatibility::Compatible => BumpLevel::Minor,
        }
    }

    /// Turns a breaking removal into a warning if its sunset date is past, and adds that to its message.
    fn pass_sunset(&mut self, now: Option<Timestamp>) {
        let past = self.sunset.as_ref().zip(now).filter(|(sunset, now)| sunset.end <= *now);
        if let Some((sunset, _)) = past.filter(|_| self.is_breaking()) {
            let _ = write!(self.message, "; allowed, as its sunset date {} is past", sunset.date);
            self.compatibility = Compatibility::Warning;
        }
    }

    /// Returns the message for callers; `None` for what they do not see.
    #[must_use]
    pub fn message_for_callers(&self) -> Option<&str> {
        match &self.for_callers {
            CallerMessage::Same => Some(&self.message),
            CallerMessage::Other(message) => Some(message),
            CallerMessage::Hidden => None,
        }
    }

    /// True if callers break.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        self.compatibility == Compatibility::Breaking
    }

    /// Names the APIs that it concerns, `most` of them, and counts the others; empty where it concerns no single one.
    #[must_use]
    pub fn apis(&self, most: usize) -> String {
        let all = self.api.iter().chain(&self.also);
        let names: Vec<String> = all.take(most.max(1)).map(ToString::to_string).collect();
        match (self.also.len() + 1).saturating_sub(names.len()) {
            0 => names.join(", "),
            _ if names.is_empty() => String::new(),
            left => format!("{} and {left} more", names.join(", ")),
        }
    }
}

impl fmt::Display for ApiName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&format!("{} {}", self.method, self.path))
    }
}
