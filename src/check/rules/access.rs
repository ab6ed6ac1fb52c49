//! Documentation of the rules over keys, secrets and grants; these rules cannot be turned off.

use crate::model::Rule;

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
     is accepted until it retires, and the key cannot be rotated. Revoke one that nobody uses.",
);

/// No secret stands under two ids.
pub const SECRET_REUSED: Rule = Rule::error(
    "secret-reused",
    "A secret of a key is one that was revoked under another id, or two keys have it. Commands refuse that; a merge of branches \
     and an edit by hand can bring it about. A gateway does not accept it. Rotate the key: the caller makes another pair. A key that was \
     bound to a subject of tokens before that was revoked is revoked too: bind a new one if the subject may call again.",
);

/// A revocation has its file.
pub const REVOCATION_MISSING: Rule = Rule::error(
    "revocation-missing",
    "The file of a revocation is gone, as after a Git revert or where it was removed: the history of access or this machine has the \
     revocation, and keeps to it. Another machine may not, and would accept the secret. Write the file again.",
);

/// Git can be asked for revocations that a commit has reverted.
pub const REVOCATIONS_UNREAD: Rule = Rule::error(
    "revocations-unread",
    "The workspace has keys and lies in a Git repository that cannot be read: Git is not installed, refuses the folder since \
     another user owns it, or fails. A commit may have a revocation that a later one reverted; without Git nobody knows, and the \
     revoked secret would be accepted. Install Git, or have it trust the folder (`safe.directory`).",
);

/// The clone has its whole past.
pub const SHALLOW_CLONE: Rule = Rule::warning(
    "shallow-clone",
    "The workspace has keys, and its clone was cut off (`git clone --depth`): where a commit that is not here has a revocation that \
     a later one reverted, the revoked secret would be accepted. Fetch the whole past on machines that run a gateway or push.",
);

/// The clone has the main branch of its remote.
pub const SINGLE_BRANCH_CLONE: Rule = Rule::warning(
    "single-branch-clone",
    "The workspace has keys, and its clone took a tag or some branches alone (`git clone --single-branch -b TAG`, `git fetch URL TAG`): \
     where the main branch of the remote has a revocation, or had it, the revoked secret would be accepted. The main branch is the one \
     that `git remote set-head` or a clone has noted, else `main` or `master`. Fetch all branches on machines that run a gateway, \
     export or push.",
);

/// Files among the keys are those of keys.
pub const KEY_FILE_NAME: Rule = Rule::error(
    "key-file-name",
    "A file in keys/, keys/owners/ or keys/revoked/ whose name is not that of a key, an owner or a secret with the ending .yaml is \
     ignored: the key is not accepted, the revocation revokes nothing. Names are lower case, also where the file system is not.",
);

/// No secret stands in clear.
pub const SECRET_LEAKED: Rule = Rule::error(
    "secret-leaked",
    "A secret of a signature key that is on this machine, or a valid subscription key, stands in clear in a file that everybody reads \
     who has the repository: a description, a message, a definition, a script of the pipeline. All files that Git has or would take \
     are looked through. Nothing is published with it; `verify` looks for it in \
     frozen versions too. Revoke the secret, take it out, and rotate the key.",
);

/// The file of a key can be a key.
pub(crate) const KEY_FAULT: Rule = Rule::error(
    "key-fault",
    "The file of a key states something that no key has, such as two secrets with one id. The key is not accepted until the \
     file is as a command wrote it: take it back from Git, and change the key by command.",
);

/// A key that operations made has its file.
pub(crate) const KEY_MISSING: Rule = Rule::error(
    "key-missing",
    "The history of access has a key whose file is gone, as after a Git revert or where it was removed. The key is not accepted \
     until its file is written again.",
);

/// A file of a key has no secret in clear.
pub(crate) const CLEAR_SECRET: Rule = Rule::error(
    "clear-secret",
    "The file of a key or an owner has a line with a secret in clear. Files of keys hold fingerprints and checksums alone, and \
     Git keeps every line that was ever committed: revoke the key, take the line out, and rotate the key. A rotation alone leaves \
     the old secret valid for a week.",
);

/// The secret on this machine is that of the key.
pub(crate) const SECRET_DIFFERS: Rule = Rule::error(
    "secret-differs",
    "The secret on this machine differs from the one that was made with the id, as after a mix-up of two files. Signatures \
     made with it are refused with 401. Put the secret in its place that belongs to the id.",
);

/// A secret on this machine can be read.
pub(crate) const SECRET_UNREADABLE: Rule = Rule::error(
    "secret-unreadable",
    "The file of a secret is on this machine, and cannot be read or used: signatures made with it are refused with 401. The \
     message names the cause.",
);

/// The file of a secret is private, and holds the secret alone.
pub(crate) const SECRET_FILE: Rule = Rule::error(
    "secret-file",
    "A secret stands alone in a small file that its owner alone can read (`chmod 600`). If others could read it, revoke the key.",
);

/// A secret is written where Git does not see it.
pub(crate) const SECRET_PLACE: Rule = Rule::error(
    "secret-place",
    "A command writes a secret or a private key into a new file outside of the repository and the workspace, in a folder that \
     exists: whatever Git sees is soon in every clone.",
);

/// `secrets_command` prints the secrets.
pub(crate) const SECRETS_COMMAND: Rule = Rule::error(
    "secrets-command",
    "`secrets_command` in apigw.toml names a program that prints the secrets of keys as one JSON object of texts by id, within \
     10 seconds. Where it fails, keys whose secrets are nowhere else on this machine are not accepted. Run it by hand to see \
     its error.",
)
.example(
    "apigw.toml:\n\
     \x20 [access]\n\
     \x20 secrets_command = [\"./secrets\"]\n\
     what it prints:\n\
     \x20 {\"ID\": \"SECRET\"}",
);

/// The key set that settings name exists.
pub(crate) const KEY_SET_MISSING: Rule = Rule::error(
    "key-set-missing",
    "`auth.token.jwks` in group.yaml names a file of keys/jwks with the public keys of the issuer, and there is none: no token \
     of that issuer is accepted. Put the issuer's key set (JWKS) there.",
);

/// A key set can be used.
pub(crate) const KEY_SET: Rule = Rule::error(
    "key-set",
    "A file of keys/jwks is a key set (JWKS, RFC 7517) of public keys that verify tokens. Take it from the issuer's `jwks_uri`. A \
     running gateway keeps the set before it for a minute; after that, no token of the issuer is accepted.",
);

/// The list of signed dates can be read.
pub(crate) const SIGNED_DATES: Rule = Rule::error(
    "signed-dates",
    "The list of requests that were signed for a date ahead has a line that apigw never writes. A gateway reads it to refuse \
     a request that was sent before. Restore the file.",
);

/// The rules in this file.
pub(super) const RULES: [Rule; 22] = [
    SECRET_MISSING,
    GRANT_API_GONE,
    PRIVATE_KEY,
    THIRD_SECRET,
    SECRET_REUSED,
    REVOCATION_MISSING,
    REVOCATIONS_UNREAD,
    SHALLOW_CLONE,
    SINGLE_BRANCH_CLONE,
    KEY_FILE_NAME,
    SECRET_LEAKED,
    KEY_FAULT,
    KEY_MISSING,
    CLEAR_SECRET,
    SECRET_DIFFERS,
    SECRET_UNREADABLE,
    SECRET_FILE,
    SECRET_PLACE,
    SECRETS_COMMAND,
    KEY_SET_MISSING,
    KEY_SET,
    SIGNED_DATES,
];
