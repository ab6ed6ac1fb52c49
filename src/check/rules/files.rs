//! Documentation of the rules over unreadable files of a workspace; these rules cannot be turned off.

use crate::model::Rule;

/// A group has at most five custom domains.
pub(crate) const DOMAIN_COUNT: Rule = Rule::error(
    "domain-count",
    "A group has five custom domains at most, each of which reaches all of its APIs in `online`. The finding \
     stands at the first that is too many. Remove some, or split the group.",
)
.example(
    "wrong:\n\
     \x20 domains: [a.example, b.example, c.example, d.example, e.example, f.example]\n\
     right:\n\
     \x20 domains: [a.example, b.example, c.example, d.example, e.example]",
);
/// `promote_from` names an environment that exists.
pub(crate) const PROMOTION_SOURCE: Rule = Rule::error(
    "environment",
    "`promote_from` names the environment in which a version must be live, or have been, before it comes to this one: another \
     one of the built-in environments test, pre-release and online, or of those that apigw.toml declares.",
)
.example(
    "wrong:\n\
     \x20 [environments.online]\n\
     \x20 promote_from = \"qa\"\n\
     right:\n\
     \x20 [environments.qa]\n\
     \x20 [environments.online]\n\
     \x20 promote_from = \"qa\"",
);
/// The kinds of change that settings name exist.
pub(crate) const UNKNOWN_CHANGE: Rule = Rule::error(
    "unknown-change",
    "`[changes]` in apigw.toml sets kinds of change to \"breaking\", \"warning\" or \"compatible\" by name. A name that \
     no kind has would leave a change as it is, unseen.",
)
.example(
    "wrong:\n\
     \x20 [changes]\n\
     \x20 enum-value-aded = \"compatible\"\n\
     right:\n\
     \x20 [changes]\n\
     \x20 enum-value-added = \"compatible\"",
);
/// An environment has one table.
pub(crate) const ENVIRONMENT_ALIAS: Rule = Rule::error(
    "environment-alias",
    "A table of apigw.toml that is named by an alias configures the environment that it is an alias of: preview, pre \
     and staging are pre-release; prod, production and release are online. Two tables for one environment contradict \
     each other; put its settings into one.",
)
.example(
    "wrong:\n\
     \x20 [environments.online]\n\
     \x20 protected = true\n\
     \x20 [environments.prod]\n\
     \x20 breaking = \"deny\"\n\
     right:\n\
     \x20 [environments.online]\n\
     \x20 protected = true\n\
     \x20 breaking = \"deny\"",
);
/// The files of a group exist and belong to it.
pub(crate) const FILE: Rule = Rule::error(
    "file",
    "A group has its settings in group.yaml, as a regular file that can be read, and a definition refers to no file \
     that belongs to apigw: neither to group.yaml nor to anything below `versions`. A file that a command names is a file, in \
     a folder that exists.",
);
/// `group.yaml` is readable.
pub(crate) const YAML: Rule = Rule::error(
    "yaml",
    "group.yaml is UTF-8 text and one well-formed YAML document with the fields of its schema, \
     each once. The finding names the first place that cannot be read; the group's other findings wait until it \
     is fixed.",
)
.example(
    "wrong:\n\
     \x20 version: 1.10\n\
     right:\n\
     \x20 version: \"1.10.0\"",
);
/// `apigw.toml` is readable.
pub(crate) const TOML: Rule = Rule::error(
    "toml",
    "apigw.toml is UTF-8 text and well-formed TOML with the fields of its schema. The \
     finding names the first place that cannot be read. Groups are checked all the same, with the settings that a \
     workspace has by default.",
)
.example(
    "wrong:\n\
     \x20 base_domain = gateway.local\n\
     right:\n\
     \x20 base_domain = \"gateway.local\"",
);
/// The schema number of a file exists.
pub(crate) const SCHEMA_NUMBER: Rule = Rule::error(
    "schema",
    "Every file that apigw writes or reads has `schema: 1`, in apigw.toml `schema = 1`. No other number was ever \
     in use, so the file is not what it seems.",
);
/// The schema of a file is supported by this release of apigw.
pub(crate) const SCHEMA_NEWER: Rule = Rule::error(
    "newer-schema",
    "A newer apigw wrote the file, and may mean what this one does not know. Use that apigw.",
);
/// A settings file is UTF-8 text.
pub(crate) const ENCODING: Rule = Rule::error(
    "encoding",
    "apigw.toml and group.yaml are UTF-8 text. The finding names the first byte that is not; save the file in \
     that encoding.",
);
/// A settings file is small.
pub(crate) const FILE_SIZE: Rule = Rule::error(
    "file-size",
    "A file of settings has at most the size that the finding names. Real ones stay far below; something else \
     lies in its place.",
);
/// A value can be edited in place.
pub(crate) const EDIT: Rule = Rule::error(
    "edit",
    "A command that changes a value of a hand-written file keeps everything around it, byte for byte. Where that \
     cannot be done safely, nothing is written, and the change is left to a person.",
);

/// A folder of the workspace is a folder.
pub(crate) const FOLDER: Rule = Rule::error(
    "folder",
    "A file lies where the layout of a workspace has a folder, so that nothing in that folder can be read or written. Move the \
     file elsewhere.",
);
/// A file of the workspace can be read.
pub(crate) const FILE_UNREADABLE: Rule = Rule::error(
    "file-unreadable",
    "The system refuses to read a file of the workspace, or a link leads out of it, where no gateway and no other machine \
     finds its target. Let this user read the file, or put the file itself in the place of the link.",
);

/// The workspace folder supports locks.
pub const FOLDER_LOCK: Rule = Rule::warning(
    "folder-lock",
    "One writer at a time changes a workspace: it locks the workspace's own folder. Some file systems, NFS among them, \
     cannot lock folders; then the file `.apigw/lock` is locked instead, which `git clean -fdx` removes while somebody \
     holds it. Keep the workspace on a local file system, or do not clean it while it is changed.",
);

/// Git has no file of one machine.
pub(crate) const LOCAL_FILE_TRACKED: Rule = Rule::error(
    "local-file-tracked",
    "The folder .apigw has what one machine keeps for itself: secrets, the day's counts, the revocations that it has seen. Git ignores \
     it; a file that was added by force comes to every clone, which takes the state of another machine for its own. Take it out \
     of Git.",
);
/// Git takes the state of the workspace.
pub(crate) const STATE_IGNORED: Rule = Rule::warning(
    "state-ignored",
    "A pattern in a `.gitignore`, or in one of Git's own files of patterns, matches a group, an environment or its history. `git add` leaves \
     it out, so that clones lack what is live, and `git clean -X` deletes it here. The finding names the file, the line and the \
     pattern; `git check-ignore -v` tells the same. A workspace whose `apigw.toml` is ignored too is kept out of Git as a whole.",
);
/// The rules in this file.
pub(super) const RULES: [Rule; 17] = [
    DOMAIN_COUNT,
    PROMOTION_SOURCE,
    UNKNOWN_CHANGE,
    ENVIRONMENT_ALIAS,
    FILE,
    YAML,
    TOML,
    SCHEMA_NUMBER,
    SCHEMA_NEWER,
    ENCODING,
    FILE_SIZE,
    EDIT,
    FOLDER_LOCK,
    FOLDER,
    FILE_UNREADABLE,
    LOCAL_FILE_TRACKED,
    STATE_IGNORED,
];
