//! Counts and times requests by environment, group, API and status.
//!
//! Each worker writes to counters of its own, so that counting costs no lock and no shared cache line; whoever
//! asks adds them up.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The upper bounds of the histogram's buckets, in seconds.
pub(crate) const BOUNDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

const BOUNDS_US: [u128; 14] = [
    500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000,
    10_000_000,
];

/// The most statuses that are told apart for an API; the rest is counted as status 0.
const MOST_STATUSES: usize = 12;

/// Labels of a meter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct MeterName {
    pub(crate) environment: Arc<str>,
    pub(crate) group: Arc<str>,
    pub(crate) version: Arc<str>,
    pub(crate) api: Arc<str>,
}

/// The outcome of a check of a backend's response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ResponseCheck {
    Valid,
    Invalid,
    /// Its body is too large or compressed.
    Unchecked,
}

impl ResponseCheck {
    const ALL: [Self; 3] = [Self::Valid, Self::Invalid, Self::Unchecked];

    /// Returns the value of the metric's label.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Invalid => "invalid",
            Self::Unchecked => "unchecked",
        }
    }
}

/// Counts the requests of one API.
pub(crate) struct Meter {
    workers: Box<[OnceLock<Box<StatusMeters>>]>,
    /// Checks of responses, which are rare beside requests: one counter for all workers.
    responses: [AtomicU64; ResponseCheck::ALL.len()],
}

#[derive(Default)]
struct StatusMeters([OnceLock<Box<StatusCounters>>; MOST_STATUSES]);

struct StatusCounters {
    status: u16,
    buckets: [AtomicU64; BOUNDS.len() + 1],
    sum_us: AtomicU64,
}

/// Counts of one status.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct StatusCounts {
    /// Number of requests in each bucket; the last is for those above all bounds.
    pub(crate) buckets: [u64; BOUNDS.len() + 1],
    /// The sum of their times, in microseconds.
    pub(crate) sum_us: u64,
}

impl Meter {
    fn new(workers: usize) -> Self {
        Self { workers: (0..workers).map(|_| OnceLock::new()).collect(), responses: Default::default() }
    }

    /// Counts a response of a worker.
    pub(crate) fn record(&self, worker: usize, status: u16, took: Duration) {
        let Some(slot) = self.workers.get(worker) else { return };
        let statuses = slot.get_or_init(Box::default);
        for (index, slot) in statuses.0.iter().enumerate() {
            let counted_as = if index + 1 == MOST_STATUSES { 0 } else { status };
            let counters = slot.get_or_init(|| Box::new(StatusCounters::new(counted_as)));
            if counters.status == counted_as {
                counters.record(took);
                return;
            }
        }
    }

    /// Counts a check of a response.
    pub(crate) fn count_response(&self, check: ResponseCheck) {
        let index = ResponseCheck::ALL.iter().position(|known| *known == check);
        if let Some(counter) = index.and_then(|index| self.responses.get(index)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Adds up the counts of all workers, by status.
    pub(crate) fn read(&self) -> BTreeMap<u16, StatusCounts> {
        let mut readings: BTreeMap<u16, StatusCounts> = BTreeMap::new();
        let statuses = self.workers.iter().filter_map(OnceLock::get);
        for counters in statuses.flat_map(|statuses| statuses.0.iter().filter_map(OnceLock::get)) {
            let reading = readings.entry(counters.status).or_default();
            for (sum, bucket) in reading.buckets.iter_mut().zip(&counters.buckets) {
                *sum += bucket.load(Ordering::Relaxed);
            }
            reading.sum_us += counters.sum_us.load(Ordering::Relaxed);
        }
        readings
    }
}

impl StatusCounters {
    fn new(status: u16) -> Self {
        Self { status, buckets: Default::default(), sum_us: AtomicU64::new(0) }
    }

    fn record(&self, took: Duration) {
        let micros = took.as_micros();
        let bucket = BOUNDS_US.iter().position(|&bound| micros <= bound).unwrap_or(BOUNDS.len());
        // Only one worker writes, so that reading and writing need not be one step.
        let add = |counter: &AtomicU64, by: u64| {
            counter.store(counter.load(Ordering::Relaxed).wrapping_add(by), Ordering::Relaxed);
        };
        if let Some(counter) = self.buckets.get(bucket) {
            add(counter, 1);
        }
        add(&self.sum_us, u64::try_from(micros).unwrap_or(u64::MAX));
    }
}

/// The meters of a gateway. A meter lives on when its group is compiled again, and for a while when its API is gone.
pub(crate) struct Meters {
    workers: usize,
    kept: Mutex<RetainedMeter>,
}

#[derive(Default)]
struct RetainedMeter {
    meters: BTreeMap<MeterName, Arc<Meter>>,
    /// At how many meters those are let go whose API is gone.
    full_at: usize,
}

/// The least number of meters at which those of APIs that are gone are let go.
const FULL_AT_LEAST: usize = 1024;

impl Meters {
    /// Makes the meters of a gateway with so many workers.
    pub(crate) fn new(workers: usize) -> Self {
        Self { workers, kept: Mutex::default() }
    }

    /// Returns the meter of a name.
    pub(crate) fn get(&self, name: MeterName) -> Arc<Meter> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.meters.len() >= kept.full_at.max(FULL_AT_LEAST) {
            // Twice as many again before the next look, so that looking costs each meter a share that does not grow.
            kept.meters.retain(|_, meter| Arc::strong_count(meter) > 1);
            kept.full_at = kept.meters.len() * 2;
        }
        Arc::clone(kept.meters.entry(name).or_insert_with(|| Arc::new(Meter::new(self.workers))))
    }

    /// Returns how many meters there are.
    #[cfg(test)]
    fn count(&self) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).meters.len()
    }

    /// Goes through the checks of responses that have been counted.
    pub(crate) fn try_for_each_response<E>(
        &self,
        mut visit: impl FnMut(&MeterName, ResponseCheck, u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let meters = self.kept.lock().unwrap_or_else(PoisonError::into_inner).meters.clone();
        for (name, meter) in &meters {
            for (check, counter) in ResponseCheck::ALL.into_iter().zip(&meter.responses) {
                let count = counter.load(Ordering::Relaxed);
                if count > 0 {
                    visit(name, check, count)?;
                }
            }
        }
        Ok(())
    }

    /// Visits all counts.
    pub(crate) fn try_for_each<E>(
        &self,
        mut visit: impl FnMut(&MeterName, u16, &StatusCounts) -> Result<(), E>,
    ) -> Result<(), E> {
        let meters = self.kept.lock().unwrap_or_else(PoisonError::into_inner).meters.clone();
        for (name, meter) in &meters {
            for (status, reading) in meter.read() {
                visit(name, status, &reading)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_workers_count_is_added_up() {
        let meters = Meters::new(2);
        let name =
            MeterName { environment: "test".into(), group: "g".into(), version: "1.0.0".into(), api: "a".into() };
        let meter = meters.get(name.clone());
        meter.record(0, 200, Duration::from_micros(400));
        meter.record(1, 200, Duration::from_mins(1));
        meter.record(1, 404, Duration::from_millis(2));
        let mut seen = Vec::new();
        let visited: Result<(), std::convert::Infallible> = meters.try_for_each(|found, status, reading| {
            assert_eq!(*found, name);
            seen.push((status, reading.buckets[0], reading.buckets[BOUNDS.len()], reading.buckets.iter().sum::<u64>()));
            Ok(())
        });
        assert!(visited.is_ok());
        assert_eq!(seen, [(200, 1, 1, 2), (404, 0, 0, 1)]);
        assert!(Arc::ptr_eq(&meter, &meters.get(name)));
    }

    #[test]
    fn meters_of_apis_that_are_gone_are_let_go() {
        let meters = Meters::new(1);
        let name = |api: usize| MeterName {
            environment: "test".into(),
            group: "g".into(),
            version: "1.0.0".into(),
            api: api.to_string().into(),
        };
        let live: Vec<Arc<Meter>> = (0..10).map(|api| meters.get(name(api))).collect();
        for api in 10..100_000 {
            meters.get(name(api));
            assert!(meters.count() <= FULL_AT_LEAST, "{}", meters.count());
        }
        assert!(live.iter().enumerate().all(|(api, meter)| Arc::ptr_eq(meter, &meters.get(name(api)))));
    }

    #[test]
    fn statuses_beyond_the_most_are_counted_as_one() {
        let meter = Meter::new(1);
        for status in 400..420 {
            meter.record(0, status, Duration::ZERO);
        }
        let read = meter.read();
        assert_eq!(read.len(), MOST_STATUSES);
        assert_eq!(read[&0].buckets[0], 20 - 11);
    }
}
