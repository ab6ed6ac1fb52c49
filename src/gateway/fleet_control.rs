//! The fleets of some environments: their nodes poll here, and releases reach them.

use std::collections::{BTreeMap, HashMap};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::clock::wall_clock;
use crate::access::ClockReading;
use crate::fleet::{
    DiscoveryBody, DiscoveryPoll, EnvironmentFleet, FleetRecord, FleetRelease, FleetReport, FullFleet, PollStep,
    RefusedClient,
};
use crate::model::{EnvironmentName, NodeName, Timestamp};

/// The time for which a poll is held that nothing is new for: shorter than a node waits.
const HOLD: Duration = Duration::from_secs(10);

/// The fleets of some environments.
#[derive(Debug)]
pub struct FleetControl {
    fleets: Mutex<ControlledFleets>,
    started: std::time::Instant,
}

/// The fleets, with the time at which they were last looked at.
#[derive(Debug)]
struct ControlledFleets {
    by_environment: BTreeMap<EnvironmentName, ControlledFleet>,
    clock: ClockReading,
}

impl Default for FleetControl {
    fn default() -> Self {
        let clock = ClockReading { wall: wall_clock(), monotonic_ms: 0 };
        let fleets = ControlledFleets { by_environment: BTreeMap::new(), clock };
        Self { fleets: Mutex::new(fleets), started: std::time::Instant::now() }
    }
}

/// A fleet with the polls that are held.
#[derive(Debug)]
struct ControlledFleet {
    fleet: EnvironmentFleet,
    wakers: HashMap<NodeName, Arc<Notify>>,
    /// Grows with each change that others are told.
    revision: u64,
}

/// Reason why a poll has no response of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PollFailure {
    /// No such environment is served.
    UnknownEnvironment,
    /// There are too many nodes.
    Full(FullFleet),
}

impl FleetControl {
    /// Begins with the nodes of an environment, new ones or remembered ones.
    pub fn open(&self, environment: &EnvironmentName, fleet: EnvironmentFleet) {
        let controlled = ControlledFleet { fleet, wakers: HashMap::new(), revision: 1 };
        self.lock().0.by_environment.insert(environment.clone(), controlled);
    }

    /// Takes note of a release, and returns what has to be remembered before [`Self::replace`] hands it out.
    #[must_use]
    pub fn announce(&self, environment: &EnvironmentName, release: &FleetRelease) -> Option<FleetRecord> {
        let (mut fleets, now) = self.lock();
        let controlled = fleets.by_environment.get_mut(environment)?;
        controlled.fleet.announce(release);
        Some(controlled.fleet.record(now))
    }

    /// Gives the nodes of an environment a release.
    pub fn replace(&self, environment: &EnvironmentName, release: FleetRelease) {
        let (mut fleets, _) = self.lock();
        if let Some(controlled) = fleets.by_environment.get_mut(environment) {
            controlled.fleet.replace(release);
            controlled.revision += 1;
            controlled.wakers.values().for_each(|waker| waker.notify_waiters());
        }
    }

    /// Tells the state of each fleet.
    #[must_use]
    pub fn reports(&self) -> Vec<FleetReport> {
        let (fleets, now) = self.lock();
        fleets.by_environment.values().map(|controlled| controlled.fleet.report(now)).collect()
    }

    /// Returns what has to be remembered of a fleet, with its revision, where that changed.
    #[must_use]
    pub fn record_since(&self, environment: &EnvironmentName, revision: u64) -> Option<(u64, FleetRecord)> {
        let (fleets, now) = self.lock();
        let controlled = fleets.by_environment.get(environment);
        let controlled = controlled.filter(|controlled| controlled.revision != revision)?;
        Some((controlled.revision, controlled.fleet.record(now)))
    }

    /// Forgets nodes that have not polled for some time, but for those that are named.
    pub fn forget(&self, environment: &EnvironmentName, silent_ms: i64, is_named: impl Fn(&NodeName) -> bool) {
        let (mut fleets, now) = self.lock();
        if let Some(controlled) = fleets.by_environment.get_mut(environment) {
            controlled.fleet.forget(silent_ms, is_named, now);
            let report = controlled.fleet.report(now);
            controlled.wakers.retain(|name, _| report.nodes.iter().any(|node| node.node == *name));
            // The times at which nodes were seen.
            controlled.revision += 1;
        }
    }

    /// Forgets a node that is silent. Returns true if there was one.
    #[must_use]
    pub fn forget_node(&self, environment: &EnvironmentName, node: &NodeName) -> bool {
        let (mut fleets, now) = self.lock();
        let Some(controlled) = fleets.by_environment.get_mut(environment) else { return false };
        let is_forgotten = controlled.fleet.forget_node(node, now);
        if is_forgotten {
            controlled.wakers.remove(node);
            controlled.revision += 1;
        }
        is_forgotten
    }

    /// Takes note of a client whose poll was refused: in the environment that it was for, else in each. It is
    /// remembered with the times at which nodes were seen: whoever is refused a thousand times a second does not have
    /// each poll saved.
    pub(crate) fn note_refused(&self, environment: Option<&EnvironmentName>, client: &RefusedClient) {
        let (mut fleets, _) = self.lock();
        let is_known = environment.is_some_and(|environment| fleets.by_environment.contains_key(environment));
        for (name, controlled) in &mut fleets.by_environment {
            if !is_known || environment == Some(name) {
                controlled.fleet.note_refused(client.clone());
            }
        }
    }

    /// Returns the body for a poll; `None` where nothing is new within the time for which it may be held.
    pub(crate) async fn respond(self: Arc<Self>, poll: DiscoveryPoll) -> Result<Option<DiscoveryBody>, PollFailure> {
        let waker = self.arrive(&poll)?;
        // A poll for one kind may be what another one of the same node waits for.
        waker.notify_waiters();
        let deadline = Instant::now() + if poll.waits { HOLD } else { Duration::ZERO };
        let held = HeldPoll { control: self, poll };
        loop {
            let mut woken = pin!(waker.notified());
            woken.as_mut().enable();
            let (step, now) = held.step();
            let until = match step {
                PollStep::Send(body) => return Ok(Some(body)),
                PollStep::Wait(until) => until,
            };
            if Instant::now() >= deadline {
                return Ok(None);
            }
            let pause = until.map(|until| until.ms_since(now));
            let pause = pause.map(|pause| Duration::from_millis(u64::try_from(pause).unwrap_or_default()));
            let again = pause.map_or(deadline, |pause| deadline.min(Instant::now() + pause));
            tokio::select! {
                () = woken => {}
                () = sleep_until(again) => {}
            }
        }
    }

    fn arrive(&self, poll: &DiscoveryPoll) -> Result<Arc<Notify>, PollFailure> {
        let (mut fleets, now) = self.lock();
        let controlled =
            fleets.by_environment.get_mut(&poll.identity.environment).ok_or(PollFailure::UnknownEnvironment)?;
        if controlled.fleet.arrive(poll, now).map_err(PollFailure::Full)? {
            controlled.revision += 1;
        }
        Ok(Arc::clone(controlled.wakers.entry(poll.identity.node.clone()).or_default()))
    }

    /// Locks the fleets, and returns them with the time. Where the clock was set meanwhile, their times are moved
    /// along: else nodes would wait for that long, or be forgotten at once.
    fn lock(&self) -> (MutexGuard<'_, ControlledFleets>, Timestamp) {
        let mut fleets = self.fleets.lock().unwrap_or_else(PoisonError::into_inner);
        let monotonic_ms = i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX);
        let clock = ClockReading { wall: wall_clock(), monotonic_ms };
        let step_ms = clock.step_ms_since(std::mem::replace(&mut fleets.clock, clock));
        if step_ms != 0 {
            for controlled in fleets.by_environment.values_mut() {
                controlled.fleet.shift_times(step_ms);
                controlled.revision += 1;
            }
        }
        (fleets, clock.wall)
    }
}

/// A poll that is being held; dropping it says that it is over.
struct HeldPoll {
    control: Arc<FleetControl>,
    poll: DiscoveryPoll,
}

impl HeldPoll {
    /// Decides about the poll, and returns the time at which it did.
    fn step(&self) -> (PollStep, Timestamp) {
        let (mut fleets, now) = self.control.lock();
        let Some(controlled) = fleets.by_environment.get_mut(&self.poll.identity.environment) else {
            return (PollStep::Wait(None), now);
        };
        let step = controlled.fleet.respond(&self.poll.identity.node, self.poll.kind, now);
        if matches!(step, PollStep::Send(_)) {
            controlled.revision += 1;
        }
        (step, now)
    }
}

impl Drop for HeldPoll {
    fn drop(&mut self) {
        let (mut fleets, now) = self.control.lock();
        if let Some(controlled) = fleets.by_environment.get_mut(&self.poll.identity.environment) {
            controlled.fleet.leave(&self.poll, now);
        }
    }
}
