//! Documentation of the rules over unreadable files of a workspace; these rules cannot be turned off.

use crate::definition::Rule;

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
    "A group has its settings in group.yaml, as a regular file, and a definition refers to no file that belongs \
     to apigw: neither to group.yaml nor to anything below `versions`.",
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

/// The workspace folder supports locks.
pub const FOLDER_LOCK: Rule = Rule::warning(
    "folder-lock",
    "One writer at a time changes a workspace: it locks the workspace's own folder. Some file systems, NFS among them, \
     cannot lock folders; then the file `.apigw/lock` is locked instead, which `git clean -fdx` removes while somebody \
     holds it. Keep the workspace on a local file system, or do not clean it while it is changed.",
);

/// A secret of a key is not on this machine.
pub const SECRET_MISSING: Rule = Rule::warning(
    "secret-missing",
    "A gateway verifies signatures with the secrets that are on its machine, and signs requests to backends with them. Where \
     one is missing, requests that are signed with it get 401, and a group that signs with it gets 503. It is a warning, \
     since the gateway may run on another machine than this command.",
);

/// The APIs of grants exist.
pub const GRANT_API_GONE: Rule = Rule::warning(
    "grant-api-gone",
    "A grant names APIs by operation id, or by method and path. One that the live version does not have, since it was renamed \
     or removed, lets nobody call anything. Grant the API by its new name, and revoke the grant that is left over.",
);
/// No private key lies where Git would add it.
pub const PRIVATE_KEY: Rule = Rule::error(
    "private-key",
    "A file below keys/ or groups/ holds a private key (PEM), and Git does not ignore it: who has the repository can sign as \
     the caller. Move it out of the workspace. A key that was committed stays in the history of Git: revoke it, and make \
     another.",
);

/// A key has two live secrets at most.
pub const THIRD_SECRET: Rule = Rule::warning(
    "third-secret",
    "A key has two secrets while it is rotated. More are live where two branches that both rotated it were joined: each of them \
     lets in until it retires, and the key cannot be rotated. Revoke one that nobody uses.",
);

/// No secret stands under two ids.
pub const SECRET_REUSED: Rule = Rule::error(
    "secret-reused",
    "A secret of a key is one that was revoked under another id, or two keys have it. Commands refuse that; a merge of branches \
     and an edit by hand can bring it about. A gateway lets nobody in with it. Rotate the key: the caller makes another pair.",
);

/// A revocation has its file.
pub const REVOCATION_MISSING: Rule = Rule::error(
    "revocation-missing",
    "The file of a revocation is gone, as after a Git revert or where it was removed: the history of access or this machine has the \
     revocation, and keeps to it. Another machine may not, and would let in whoever has the secret. Write the file again.",
);

/// Files among the keys are those of keys.
pub const KEY_FILE_NAME: Rule = Rule::error(
    "key-file-name",
    "A file in keys/, keys/owners/ or keys/revoked/ whose name is not that of a key, an owner or a secret with the ending .yaml is \
     ignored: the key lets nobody in, the revocation revokes nothing. Names are lower case, also where the file system is not.",
);

/// No secret stands in clear.
pub const SECRET_LEAKED: Rule = Rule::error(
    "secret-leaked",
    "A secret of a signature key that is on this machine stands in clear in a file that everybody reads who has the repository: a \
     description, a message, settings, a definition. Take it out, rotate the key and revoke the secret.",
);

/// The rules in this file.
pub(super) const RULES: [Rule; 21] = [
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
    SECRET_MISSING,
    PRIVATE_KEY,
    GRANT_API_GONE,
    SECRET_REUSED,
    THIRD_SECRET,
    REVOCATION_MISSING,
    KEY_FILE_NAME,
    SECRET_LEAKED,
];
