//! Ways out of a refusal, as data: the command line writes the commands to type.

use crate::model::{EnvironmentName, GroupName, Version};

/// A way out of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlanAdvice {
    /// A change of a file or of the request, in words.
    Text(String),
    /// Show the status.
    Status,
    /// Look at the operations of an environment, or of a group in it.
    History {
        /// The group, or none for all.
        group: Option<GroupName>,
        /// The environment.
        environment: EnvironmentName,
    },
    /// Join what lost its entry with what is live.
    Resolve {
        /// The environment.
        environment: EnvironmentName,
    },
    /// Look at the frozen versions of a group.
    Versions {
        /// The group.
        group: GroupName,
    },
    /// Verify the workspace.
    Verify,
    /// Publish a group.
    Publish {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
        /// The version, or none for that of the working copy.
        version: Option<Version>,
    },
    /// Switch a group to a version by its number.
    Switch {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// Take a group offline.
    Offline {
        /// The group.
        group: GroupName,
        /// The environment.
        environment: EnvironmentName,
    },
    /// Give a group a backend, or this publish one, or a mock.
    Backend {
        /// The group.
        group: GroupName,
    },
}
