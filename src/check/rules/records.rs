//! Documentation of the rules over the files that apigw itself writes; these rules cannot be turned off.

use crate::model::Rule;

/// A file of deployments or keys is as its command wrote it.
pub(crate) const HAND_EDIT: Rule = Rule::error(
    "hand-edit",
    "A file of deployments or of keys is not as apigw wrote it: somebody changed it by hand, or it is damaged. What the edit means \
     is not in the history, so it is not served. `verify` explains the edit; take it back, or have `verify --repair` record it. A file \
     that was only laid out anew is served as ever, and the next change restores its layout.",
);
/// A file of deployments is whole.
pub(crate) const CUT_SHORT: Rule = Rule::error(
    "cut-short",
    "A file of deployments ends in the line `...`. Without it the file is cut short, unless it has the latest entry of every group \
     in the history. Restore it from Git or a backup.",
);
/// A file that apigw writes can be read.
pub(crate) const FILE_DAMAGED: Rule = Rule::error(
    "file-damaged",
    "A file that apigw writes is no YAML of the form that it writes: edited by hand, or damaged. Restore it from Git or a backup.",
);
/// An operation is as it was committed.
pub(crate) const OPERATION_DAMAGED: Rule = Rule::error(
    "operation-damaged",
    "The bytes of an operation in the history are not those that its name was made of. An operation never changes once it is \
     committed. Restore its file from Git or a backup.",
);
/// A committed operation has its file.
pub(crate) const OPERATION_MISSING: Rule = Rule::error(
    "operation-missing",
    "An entry, a key or a later operation names an operation whose file is gone. Without it, nobody can tell who changed what, and \
     a rollback cannot go past it. Restore its file from Git or a backup.",
);
/// An entry is as its operation left it.
pub(crate) const CHAIN_BROKEN: Rule = Rule::error(
    "chain-broken",
    "An entry of a file of deployments differs from what the operation that it names left: its checksum was recomputed by \
     hand. Record the edit, or take it back.",
);
/// An environment with a history has its file.
pub(crate) const ENVIRONMENT_MISSING: Rule = Rule::error(
    "environment-missing",
    "The file of an environment is gone, and its history is not. A missing file is never taken for an empty environment: a gateway \
     serves what it served. Restore the file, or have `verify --repair` build it from the history.",
);
/// A frozen version is as it was frozen.
pub(crate) const VERSION_DAMAGED: Rule = Rule::error(
    "version-damaged",
    "A file of a frozen version, or its list of files, is missing or not as it was frozen. A version never changes, so what is \
     there is not what was reviewed and released. Restore it from Git or a backup.",
);
/// The note of a version is as a command wrote it.
pub(crate) const NOTE_DAMAGED: Rule = Rule::error(
    "note-damaged",
    "The note of a version, with its blocks and its deletion, has a line that apigw never writes: edited by hand, or damaged. As a \
     block may be lost, the version cannot be released. Restore the file.",
);
/// The note of an interrupted change can be read.
pub(crate) const INTENT: Rule = Rule::error(
    "intent",
    "Before it changes files, a command notes what it is about to do, so that the next one can finish or take back a change that \
     was interrupted. Another apigw wrote this note: use that one, or delete the file.",
);
/// A file to be pushed exists.
pub(crate) const FILE_MISSING: Rule = Rule::error(
    "file-missing",
    "A file that belongs to the state to be pushed went away while it was read. Restore it from Git or a backup, and push again.",
);
/// A command writes over no file of the workspace.
pub(crate) const OWN_FILE: Rule = Rule::error(
    "own-file",
    "A command writes its output or a secret to no file that belongs to the workspace or to Git: it would replace what others \
     rely on. Name a file elsewhere.",
);
/// An object in the cache is whole.
pub(crate) const CACHE_DAMAGED: Rule = Rule::error(
    "cache-damaged",
    "An object in the cache of `serve --from` is missing or damaged. It is read from the store again; nothing needs to be done \
     unless it recurs, which speaks of a failing disk.",
);
/// Pushed settings start no program.
pub(crate) const PUSHED_SETTINGS: Rule = Rule::error(
    "pushed-settings",
    "Settings that came from a store name a program, or a folder for secrets, on this machine. Whoever can write to the store \
     could run programs here, so they are refused. Find out who pushed them.",
);
/// The file of a running gateway can be read.
pub(crate) const GATEWAY_FILE: Rule = Rule::error(
    "gateway-file",
    "Each gateway on this machine keeps a file below .apigw that says what it serves. This one cannot be read; it is written again \
     when the gateway restarts.",
);
/// A record of this machine can be read.
pub(crate) const LOCAL_RECORD: Rule = Rule::error(
    "local-record",
    "Commands and gateways keep records below .apigw: counts of a day, dates of signed requests, pushes, the nodes of a fleet. \
     One of them cannot be read, or a newer apigw wrote it. Use that apigw, or restore the file; without it, what it \
     recorded is not known.",
);
/// Bytes are as they were written.
pub(crate) const DAMAGED: Rule = Rule::error(
    "damaged",
    "Bytes on disk are not those that were written: a disk that fails, an editor, or a merge. The message names the file; restore \
     it from Git or a backup.",
);
/// A file that others need exists.
pub(crate) const MISSING: Rule = Rule::error(
    "missing",
    "Something that must be there is not: the files of a live version, of an environment or of an operation. Restore it from Git \
     or a backup.",
);
/// Folders of apigw hold its files alone.
pub(crate) const FOREIGN: Rule = Rule::warning(
    "foreign",
    "Something lies in a folder of apigw that does not belong to the workspace, or that no command made. Nothing reads it. Move it \
     elsewhere.",
);
/// A prepared operation is committed.
pub(crate) const ABANDONED: Rule = Rule::warning(
    "abandoned",
    "An operation was prepared and never committed, as where the power failed in between. It is not in force and never was. \
     `verify --repair` removes it.",
);
/// An entry leads to each operation.
pub(crate) const UNEXPLAINED: Rule = Rule::error(
    "unexplained",
    "No entry leads to an operation that is in the history, and nothing tells why: a merge may have lost it, or somebody took its \
     entry away by hand. Look at the operation, and release again what it released, or remove it.",
);
/// No blocked version is live.
pub(crate) const BLOCKED: Rule = Rule::warning(
    "blocked",
    "A version that was blocked is still live: a block keeps it from being released again, and takes nothing offline. Release \
     another version.",
);
/// No temporary files are left.
pub(crate) const LEFTOVER: Rule = Rule::warning(
    "leftover",
    "A command that was interrupted left temporary files. Nothing reads them. `verify --repair` removes them.",
);
/// An operation names each frozen version.
pub(crate) const UNREFERENCED: Rule = Rule::warning(
    "unreferenced",
    "No operation names a frozen version, as where the command that froze it was interrupted before its release. It does no \
     harm; release it, or remove it.",
);

/// The rules in this file.
pub(super) const RULES: [Rule; 24] = [
    HAND_EDIT,
    CUT_SHORT,
    FILE_DAMAGED,
    OPERATION_DAMAGED,
    OPERATION_MISSING,
    CHAIN_BROKEN,
    ENVIRONMENT_MISSING,
    VERSION_DAMAGED,
    NOTE_DAMAGED,
    INTENT,
    FILE_MISSING,
    OWN_FILE,
    CACHE_DAMAGED,
    PUSHED_SETTINGS,
    GATEWAY_FILE,
    LOCAL_RECORD,
    DAMAGED,
    MISSING,
    FOREIGN,
    ABANDONED,
    UNEXPLAINED,
    BLOCKED,
    LEFTOVER,
    UNREFERENCED,
];
