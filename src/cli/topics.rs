//! Help texts about more than one command: `apigw help TOPIC`, and manual pages of section 7.
//!
//! Each is a Markdown file in `topics/`, which a forge renders too. `tests/cli/documents.rs` runs every block in them.

/// A help text about more than one command.
pub(super) struct Topic {
    /// Its name, as it is typed.
    pub(super) name: &'static str,
    /// Its subject in a line.
    pub(super) summary: &'static str,
    /// The text, in Markdown.
    pub(super) markdown: &'static str,
}

macro_rules! topics {
    ($($name:literal: $summary:literal,)*) => {
        /// Every topic, in the order in which a new user needs them.
        pub(super) const TOPICS: &[Topic] = &[$(Topic {
            name: $name,
            summary: $summary,
            markdown: include_str!(concat!("topics/", $name, ".md")),
        }),*];
    };
}

topics! {
    "workspace": "files on disk, versions, operations, branches and merges",
    "settings": "every key of apigw.toml and group.yaml, with an example",
    "definitions": "OpenAPI documents, mock responses, and the rules of check",
    "plans": "release plans over many groups and environments",
    "compatibility": "which changes break callers, and the policies about them",
    "serving": "the gateway: addresses, mocks, backends, TLS, logs, refusals",
    "sdk": "clients for callers: packages, first calls, credentials, errors",
    "access": "keys of callers, signatures, grants, rotation, leaks",
    "fleets": "Envoys that follow live; exports to nginx, HAProxy, Kubernetes and Kong; following Git",
    "push": "carrying what is live to other machines: stores, signed pushes, gateways that follow",
    "docs": "pages for callers: what is live, references, changes",
    "ci": "recipes for pipelines and pull requests",
    "json": "the documents that -o json prints",
    "variables": "environment variables and your own defaults",
    "troubleshooting": "exit codes, and first steps when something breaks",
    "reliability": "promises about files and requests, and their proofs",
    "performance": "figures, and how to measure them",
    "changes": "new in each release",
}

/// Returns the topic of a name.
pub(super) fn find_topic(name: &str) -> Option<&'static Topic> {
    TOPICS.iter().find(|topic| topic.name == name)
}
