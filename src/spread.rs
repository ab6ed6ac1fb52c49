//! Parallel map over a slice.

use std::num::NonZero;
use std::thread;

/// The minimum number of items for each thread.
const WORTH_A_THREAD: usize = 64;

/// Maps each item, on several threads where there are enough of them, and returns the results in order.
pub(crate) fn spread<'t, T: Sync, R: Send>(things: &'t [T], work: impl Fn(&'t T) -> R + Sync) -> Vec<R> {
    let most = thread::available_parallelism().map_or(1, NonZero::get);
    let workers = most.min(things.len().div_ceil(WORTH_A_THREAD)).max(1);
    if workers == 1 {
        return things.iter().map(work).collect();
    }
    thread::scope(|scope| {
        let work = &work;
        let parts = things.chunks(things.len().div_ceil(workers));
        let workers: Vec<_> =
            parts.map(|part| scope.spawn(move || part.iter().map(work).collect::<Vec<R>>())).collect();
        let joined = workers.into_iter().map(thread::ScopedJoinHandle::join);
        joined.flat_map(|part| part.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_things() {
        for count in [0, 1, 63, 64, 65, 1000] {
            let things: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = things.iter().map(|thing| thing * 2).collect();
            assert_eq!(spread(&things, |thing| thing * 2), expected, "{count}");
        }
    }
}
