//! Limits of requests: the counters of groups, keys and grants, and the fields that tell clients of them.
//!
//! A counter has a name, by which it outlives snapshots and key files: a reload begins nothing anew, as long as the
//! limit stays. Each environment counts for itself. Only a request that all limits let in is counted. The fields are
//! those of draft-ietf-httpapi-ratelimit-headers-10.

mod counter;

use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::clock::wall_clock;
use super::problem::{Kind, Problem};
use super::refusal_reason::RefusalReason;
use crate::access::DayCounts;
use crate::model::{LimitWindow, RateLimit, RateLimits};

pub(crate) use counter::{LimitCounter, LimitMoment, LimitStanding};

/// The number of shards: more than threads that serve requests.
const SHARDS: usize = 16;
/// The least number of counters of a shard at which those are let go that say nothing.
const FULL_AT_LEAST: usize = 64;

/// The holder of a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LimitScope {
    Group,
    Key,
    Grant,
    /// The grant of a key's owner.
    Owner,
}

impl LimitScope {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Key => "key",
            Self::Grant => "grant",
            Self::Owner => "owner",
        }
    }
}

/// A limit with its counter, as a client is told of it.
#[derive(Debug, Clone)]
pub(crate) struct AppliedLimit {
    counter: Arc<LimitCounter>,
    scope: LimitScope,
}

impl fmt::Display for AppliedLimit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.scope.as_str(), self.counter.limit().window)
    }
}

/// The fields `RateLimit-Policy` and `RateLimit` of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RateLimitFields {
    policy: HeaderValue,
    state: HeaderValue,
}

impl RateLimitFields {
    const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
    const STATE: HeaderName = HeaderName::from_static("ratelimit");

    fn new(standings: &[(&AppliedLimit, LimitStanding)]) -> Self {
        let (mut policy, mut state) = (String::new(), String::new());
        for (applied, LimitStanding { remaining, reset_s, .. }) in standings {
            let RateLimit { window, requests } = applied.counter.limit();
            let comma = if policy.is_empty() { "" } else { ", " };
            let _ = write!(policy, "{comma}\"{applied}\";q={requests};w={}", window.seconds());
            let _ = write!(state, "{comma}\"{applied}\";r={remaining};t={reset_s}");
        }
        let value = |text: String| HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        Self { policy: value(policy), state: value(state) }
    }

    /// Writes the fields; a backend's own are about another limit than this gateway's.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        headers.insert(Self::POLICY, self.policy);
        headers.insert(Self::STATE, self.state);
    }
}

/// The verdict of all limits on a request.
pub(crate) struct LimitVerdict {
    /// The fields for the response.
    pub(crate) fields: RateLimitFields,
    /// The refusal, where one limit is used up.
    pub(crate) refusal: Option<Problem>,
}

/// The counters of a gateway.
pub(crate) struct RateLimiter {
    /// The number of gateways among which each limit is divided.
    gateways: NonZeroU32,
    started: Instant,
    shards: [Mutex<CounterShard>; SHARDS],
    /// The counts of a process before.
    restored: DayCounts,
}

/// A part of the counters, by name.
struct CounterShard {
    counters: HashMap<String, Arc<LimitCounter>>,
    /// The number at which idle ones are let go.
    full_at: usize,
}

impl Default for CounterShard {
    fn default() -> Self {
        Self { counters: HashMap::new(), full_at: FULL_AT_LEAST }
    }
}

impl RateLimiter {
    /// Begins with the counts of a process before.
    pub(crate) fn new(gateways: NonZeroU32, restored: DayCounts) -> Self {
        Self { gateways, started: Instant::now(), shards: Default::default(), restored }
    }

    /// Returns the limits of a group, a key or a grant in an environment, each with its counter.
    pub(crate) fn applied<'l>(
        &'l self,
        limits: &'l RateLimits,
        environment: &'l str,
        scope: LimitScope,
        name: &'l str,
    ) -> impl Iterator<Item = AppliedLimit> + 'l {
        limits.iter().map(move |limit| {
            let part = (limit.requests / self.gateways).max(1);
            let limit = RateLimit { requests: part, ..limit };
            let full_name = format!("{environment}/{}/{name}/{}", scope.as_str(), limit.window);
            AppliedLimit { counter: self.counter(full_name, limit), scope }
        })
    }

    fn counter(&self, name: String, limit: RateLimit) -> Arc<LimitCounter> {
        let mut shard = self.shard(&name).lock().unwrap_or_else(PoisonError::into_inner);
        let before = shard.counters.get(&name);
        if let Some(counter) = before.filter(|counter| counter.limit() == limit) {
            return Arc::clone(counter);
        }
        let counter = Arc::new(match limit.window {
            LimitWindow::Day => {
                // What was let in today was let in, whatever the limit was.
                if let Some(before) = before {
                    LimitCounter::with_days(limit, before.days())
                } else {
                    let today = DayCounts::day_of(self.now().wall);
                    LimitCounter::with_days(limit, self.restored.of(&name, today).into_iter())
                }
            }
            LimitWindow::Second | LimitWindow::Minute => LimitCounter::new(limit),
        });
        if shard.counters.len() >= shard.full_at {
            let now = self.now();
            shard.counters.retain(|_, counter| Arc::strong_count(counter) > 1 || !counter.is_idle(now));
            shard.full_at = FULL_AT_LEAST.max(shard.counters.len() * 2);
        }
        shard.counters.insert(name, Arc::clone(&counter));
        counter
    }

    fn shard(&self, name: &str) -> &Mutex<CounterShard> {
        let sum = name.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
        &self.shards[sum % SHARDS]
    }

    /// Takes a request from each of the limits, or from none where one of them is used up; `None` where nothing is
    /// limited.
    pub(crate) fn admit<'l>(&self, limits: impl Iterator<Item = &'l AppliedLimit>) -> Option<LimitVerdict> {
        let limits: Vec<&AppliedLimit> = limits.collect();
        (!limits.is_empty()).then(|| admit_at(&limits, self.now()))
    }

    /// Returns the counts of days, for the process after this one.
    pub(crate) fn day_counts(&self) -> DayCounts {
        let mut day_counts = DayCounts::default();
        for shard in &self.shards {
            let shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (name, counter) in &shard.counters {
                for (day, count) in counter.days() {
                    day_counts.days.entry(day).or_default().insert(name.clone(), count);
                }
            }
        }
        day_counts
    }

    fn now(&self) -> LimitMoment {
        let monotonic_ns = u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        LimitMoment { monotonic_ns, wall: wall_clock() }
    }
}

fn admit_at(limits: &[&AppliedLimit], now: LimitMoment) -> LimitVerdict {
    // Looked at first, so that a limit that is used up takes nothing from the others, not even for a moment.
    if limits.iter().any(|applied| applied.counter.look(now).remaining == 0) {
        return refused(limits, now);
    }
    let mut taken: Vec<(&AppliedLimit, LimitStanding)> = Vec::with_capacity(limits.len());
    for applied in limits {
        let Ok(standing) = applied.counter.take(now) else {
            for (applied, _) in &taken {
                applied.counter.give_back();
            }
            return refused(limits, now);
        };
        taken.push((applied, standing));
    }
    LimitVerdict { fields: RateLimitFields::new(&taken), refusal: None }
}

/// Refuses a request for the limit that keeps it out longest.
fn refused(limits: &[&AppliedLimit], now: LimitMoment) -> LimitVerdict {
    let standings: Vec<_> = limits.iter().map(|applied| (*applied, applied.counter.look(now))).collect();
    let longest = standings.iter().max_by_key(|(_, standing)| standing.wait_s);
    let refusal = longest.map(|(applied, standing)| {
        let limit = applied.counter.limit();
        let mut problem = Problem::new(Kind::RateLimited, format!("The limit of {limit} is used up."));
        // One that was used up by others a moment ago may have room again.
        problem.retry_after_s = Some(standing.wait_s.max(1));
        problem.refused_for = Some(RefusalReason::Limit);
        problem.operator_reason = Some(format!("the limit {applied} of {limit} is used up"));
        problem
    });
    LimitVerdict { fields: RateLimitFields::new(&standings), refusal }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    fn limits(text: &str) -> RateLimits {
        RateLimits::new(text.split(' ').map(|limit| limit.parse().unwrap()).collect()).unwrap()
    }

    fn limiter(gateways: u32) -> RateLimiter {
        RateLimiter::new(NonZeroU32::new(gateways).unwrap(), DayCounts::default())
    }

    fn applied(limiter: &RateLimiter, scope: LimitScope, text: &str) -> Vec<AppliedLimit> {
        limiter.applied(&limits(text), "test", scope, "one").collect()
    }

    fn admit_all(limits: &[AppliedLimit]) -> LimitVerdict {
        admit_at(&limits.iter().collect::<Vec<_>>(), now())
    }

    fn now() -> LimitMoment {
        LimitMoment { monotonic_ns: 7, wall: Timestamp::from_input("2027-01-15T23:59:00Z").unwrap() }
    }

    #[test]
    fn the_fields_tell_each_policy_and_a_refusal_when_to_come_again() {
        let limiter = limiter(1);
        let mut all = applied(&limiter, LimitScope::Key, "2/minute 9/day");
        all.extend(applied(&limiter, LimitScope::Group, "5/second"));
        let written = |verdict: &LimitVerdict| {
            let mut headers = HeaderMap::new();
            verdict.fields.clone().write(&mut headers);
            ["ratelimit-policy", "ratelimit"].map(|name| headers[name].to_str().unwrap().to_owned())
        };
        let first = admit_all(&all);
        assert!(first.refusal.is_none());
        assert_eq!(
            written(&first),
            [
                "\"key-minute\";q=2;w=60, \"key-day\";q=9;w=86400, \"group-second\";q=5;w=1",
                "\"key-minute\";r=1;t=30, \"key-day\";r=8;t=60, \"group-second\";r=4;t=1"
            ]
        );
        admit_all(&all);
        let refused = admit_all(&all);
        let problem = refused.refusal.clone().unwrap();
        assert_eq!(
            (problem.retry_after_s, problem.reason().as_str()),
            (Some(30), "the limit key-minute of 2/minute is used up")
        );
        assert!(
            written(&refused)[1].contains("\"group-second\";r=3;t=1"),
            "nothing was taken: {:?}",
            written(&refused)
        );
    }

    #[test]
    fn a_limit_that_is_used_up_takes_nothing_from_the_others() {
        let limiter = limiter(1);
        let (small, large) =
            (applied(&limiter, LimitScope::Grant, "3/minute"), applied(&limiter, LimitScope::Group, "10/day"));
        let both = || small.iter().chain(&large);
        let let_in = (0..50).filter(|_| admit_at(&both().collect::<Vec<_>>(), now()).refusal.is_none()).count();
        assert_eq!(let_in, 3);
        assert_eq!(large[0].counter.look(now()).remaining, 7);
    }

    #[test]
    fn a_counter_stays_as_long_as_its_limit_and_a_days_count_whatever_the_limit() {
        let limiter = limiter(1);
        let take = |text: &str| admit_all(&applied(&limiter, LimitScope::Key, text)).refusal.is_none();
        assert!(take("1/minute") && !take("1/minute") && take("2/minute") && take("1/minute"));
        assert!(take("2/day") && take("3/day") && !take("2/day") && take("3/day") && !take("3/day"));
        let other = limiter.applied(&limits("1/minute"), "online", LimitScope::Key, "one").collect::<Vec<_>>();
        assert!(admit_all(&other).refusal.is_none(), "each environment counts for itself");
    }

    #[test]
    fn gateways_share_a_limit() {
        for (gateways, limit, let_in) in [(1, "10/minute", 10), (3, "10/minute", 3), (20, "10/minute", 1)] {
            let limiter = limiter(gateways);
            let applied = applied(&limiter, LimitScope::Group, limit);
            assert_eq!((0..50).filter(|_| admit_all(&applied).refusal.is_none()).count(), let_in);
        }
    }

    #[test]
    fn the_count_of_a_day_goes_from_process_to_process() {
        let first = limiter(1);
        let days = applied(&first, LimitScope::Key, "5/day");
        for _ in 0..3 {
            assert!(first.admit(days.iter()).unwrap().refusal.is_none());
        }
        let saved = first.day_counts();
        let of_today = [("test/key/one/day".to_owned(), 3)].into();
        let (day, counts) = saved.days.first_key_value().expect("a day");
        assert_eq!((saved.days.len(), counts), (1, &of_today));
        let yesterday = DayCounts { days: [(day - 1, of_today)].into() };
        let second = RateLimiter::new(NonZeroU32::MIN, saved.clone());
        let days = applied(&second, LimitScope::Key, "5/day");
        assert_eq!((0..9).filter(|_| second.admit(days.iter()).unwrap().refusal.is_none()).count(), 2);
        let tomorrow = RateLimiter::new(NonZeroU32::MIN, yesterday);
        let days = applied(&tomorrow, LimitScope::Key, "5/day");
        assert_eq!((0..9).filter(|_| tomorrow.admit(days.iter()).unwrap().refusal.is_none()).count(), 5);
    }

    #[test]
    fn limits_are_exact_over_threads_while_they_are_asked_for_anew() {
        let limiter = limiter(1);
        let text = limits("1000/minute");
        let take = || {
            let applied: Vec<_> = limiter.applied(&text, "test", LimitScope::Group, "one").collect();
            admit_all(&applied).refusal.is_none()
        };
        let total: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| (0..200).filter(|_| take()).count())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(total, 1000);
    }

    #[test]
    fn counters_that_say_nothing_are_let_go() {
        let limiter = limiter(1);
        for number in 0..5 * SHARDS * FULL_AT_LEAST {
            limiter.applied(&limits("1/second 5/day"), "test", LimitScope::Key, &number.to_string()).for_each(drop);
        }
        let counters = limiter.shards.iter().map(|shard| shard.lock().unwrap().counters.len()).collect::<Vec<_>>();
        assert!(counters.iter().all(|count| *count > 0 && *count <= 2 * FULL_AT_LEAST), "{counters:?}");
    }
}
