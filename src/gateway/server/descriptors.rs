//! File descriptors: each connection is one, and the system limits how many the process may have.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Descriptors for the operators' listener, and for the files of a reload.
const RESERVED: usize = 64;

/// Descriptors that a worker needs for itself, beside its listeners.
const RESERVED_A_WORKER: usize = 8;

/// Connections that backends have at most where there are few descriptors, unless half of them are fewer.
const ENOUGH_FOR_BACKENDS: usize = 2048;

/// The most connections at a time that leave enough descriptors for operators and reloads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Open files that the system allows; `None` where it sets no limit.
    pub open_files: Option<usize>,
    /// Open files that all connections which the settings allow would take.
    pub wanted_open_files: usize,
    /// Connections of clients.
    pub clients: usize,
    /// Connections to backends, for each worker.
    pub(crate) backends_a_worker: usize,
}

impl ConnectionLimits {
    /// Divides the descriptors between clients and backends. `listeners` is how many sockets each worker listens on,
    /// `nodes` the most connections of nodes, and `clients` the most connections by the settings.
    pub(crate) fn new(
        open_files: Option<usize>,
        workers: usize,
        (listeners, nodes): (usize, usize),
        clients: usize,
    ) -> Self {
        let reserved = RESERVED + nodes + workers * (RESERVED_A_WORKER + listeners);
        let left = open_files.unwrap_or(usize::MAX).saturating_sub(reserved);
        let clients_left = left.saturating_sub((left / 2).min(ENOUGH_FOR_BACKENDS));
        let allowed = clients.min(clients_left).max(1);
        Self {
            open_files,
            wanted_open_files: clients.saturating_add(ENOUGH_FOR_BACKENDS).saturating_add(reserved),
            clients: allowed,
            backends_a_worker: (left.saturating_sub(allowed) / workers.max(1)).max(1),
        }
    }
}

/// Returns the most connections of nodes at a time: enough for each node of a large fleet, which has one for each kind
/// of resource, or a quarter of all where there are few descriptors.
pub(crate) fn most_node_connections(open_files: Option<usize>) -> usize {
    const ENOUGH_FOR_NODES: usize = 1024;
    open_files.map_or(ENOUGH_FOR_NODES, |open_files| ENOUGH_FOR_NODES.min(open_files / 4))
}

/// Raises the limit of open files to the maximum that the system allows the process, and returns it: a shell usually
/// starts programs with a thousand. `None` where there is no limit.
pub(crate) fn raise_open_files() -> Option<usize> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where it cannot be raised, fewer connections are accepted at a time.
    setrlimit(Resource::Nofile, limit).ok();
    getrlimit(Resource::Nofile).current.map(|most| usize::try_from(most).unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_and_backends_keep_descriptors() {
        // The open files allowed, the connections set; those of clients, and those to backends for each of two workers.
        for (open_files, set, clients, backends) in [
            (None, 16384, 16384, (usize::MAX - 82 - 16384) / 2),
            (Some(1_000_000), 16384, 16384, (1_000_000 - 82 - 16384) / 2),
            (Some(20_000), 16384, 16384, (20_000 - 82 - 16384) / 2),
            (Some(10_082), 16384, 10_000 - 2048, 1024),
            (Some(1082), 16384, 500, 250),
            (Some(1082), 100, 100, 450),
            (Some(182), 16384, 50, 25),
            // Nothing is left, and yet one connection at a time is served.
            (Some(80), 16384, 1, 1),
        ] {
            let limits = ConnectionLimits::new(open_files, 2, (1, 0), set);
            assert_eq!((limits.clients, limits.backends_a_worker), (clients, backends), "{open_files:?} for {set}");
            let enough = ConnectionLimits::new(Some(limits.wanted_open_files), 2, (1, 0), set);
            assert_eq!(enough.clients, set, "{} are enough for {set}", limits.wanted_open_files);
        }
    }
}
