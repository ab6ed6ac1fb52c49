//! The stores that people name, with the credentials of this machine, and the errors of stores as they are shown.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;

use super::context::Context;
use super::error::{CommandError, Exit};
use super::process::wall_clock;
use crate::store::{
    AwsProfile, AwsSettings, AwsSettingsError, ChainFault, ContentFault, DestinationError, FollowError, ObjectStore,
    PointerFault, PruneError, PushError, S3Store, StoreError, StoreFault, StoreUrl, WebStore,
};
use crate::workspace::{self, ObjectFolder, read_outside, stamp_outside};

/// The most bytes of a file with profiles.
const LARGEST_PROFILES: u64 = 1 << 20;

/// Opens a store to read it.
pub(super) fn open_store(
    context: &Context<'_>,
    url: &StoreUrl,
    timeout: Duration,
) -> Result<Arc<dyn ObjectStore>, CommandError> {
    Ok(match url {
        StoreUrl::Folder(path) => Arc::new(ObjectFolder::open(&context.folder().join(path))),
        StoreUrl::Web(url) => Arc::new(WebStore::new(url.clone(), timeout)),
        StoreUrl::S3 { bucket, prefix } => {
            let settings = aws_settings(context)?;
            let store = S3Store::new(bucket, prefix, settings, timeout, wall_clock);
            Arc::new(store.map_err(|error| {
                CommandError::invalid("store-endpoint", format!("the endpoint of the store: {error}"))
                    .hint("set `AWS_ENDPOINT_URL`, like https://minio.example.com")
            })?)
        }
    })
}

/// Opens a store to push to it. The first write makes a folder that is missing.
pub(super) fn create_store(
    context: &Context<'_>,
    url: &StoreUrl,
    timeout: Duration,
) -> Result<Arc<dyn ObjectStore>, CommandError> {
    match url {
        StoreUrl::Folder(path) => {
            Ok(Arc::new(ObjectFolder::create(&context.folder().join(path)).map_err(|error| {
                let is_taken = matches!(error, workspace::Error::FolderTaken { .. });
                let mut error = CommandError::from(error);
                if is_taken {
                    error.hints = vec!["nothing was pushed; name a folder that is empty or does not exist".to_owned()];
                }
                error
            })?))
        }
        StoreUrl::Web(_) => Err(CommandError::usage("a web server can only be read")
            .hint("push to the place that it serves: s3://BUCKET/PREFIX or a folder")),
        StoreUrl::S3 { .. } => open_store(context, url, timeout),
    }
}

/// Reads the credentials of a store as AWS tools do.
fn aws_settings(context: &Context<'_>) -> Result<AwsSettings, CommandError> {
    let file = |variable: &str, name: &str| -> Result<Option<String>, CommandError> {
        let home = || Some(Path::new(context.process.variable("HOME")?).join(".aws").join(name));
        let path = context.process.variable(variable).map(PathBuf::from).or_else(home);
        let Some(path) = path.filter(|path| stamp_outside(path).is_some()) else { return Ok(None) };
        Ok(Some(String::from_utf8_lossy(&read_outside(&path, LARGEST_PROFILES)?).into_owned()))
    };
    let profile = AwsProfile {
        credentials: file("AWS_SHARED_CREDENTIALS_FILE", "credentials")?,
        config: file("AWS_CONFIG_FILE", "config")?,
    };
    AwsSettings::of(&context.process.variables, &profile).map_err(|error| {
        let hint = match &error {
            AwsSettingsError::NoCredentials | AwsSettingsError::Half { .. } => {
                "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or name a profile of ~/.aws/credentials in `AWS_PROFILE`"
            }
            AwsSettingsError::NoProfile(_) => "name one of ~/.aws/credentials in `AWS_PROFILE`",
            AwsSettingsError::Malformed(_) => "look for blanks and for lines that were glued together",
        };
        CommandError::invalid("store-credentials", error.to_string()).hint(hint)
    })
}

/// Shows the error of a store, with the way out.
pub(super) fn store_error(error: &StoreError) -> CommandError {
    let code = if error.is_transient() { "store-unreachable" } else { "store" };
    let shown = CommandError::new(code, Exit::Failed, error.to_string());
    match &error.fault {
        StoreFault::Connect(_) => shown.hint("check the address (`AWS_ENDPOINT_URL`), and whether the store runs"),
        StoreFault::Broken(_) => shown.hint("try again; then look at the store's log"),
        StoreFault::Timeout(_) => shown.hint("give it longer with `--store-timeout 60s`"),
        StoreFault::Tls(_) => shown.hint("check the name in the address, and the store's certificate"),
        StoreFault::Status { status, code } => {
            let hint = status_hint(*status, code.as_deref());
            shown.hint(hint)
        }
        StoreFault::Redirect(_) => shown.hint("name the final address; for a bucket, its own region in `AWS_REGION`"),
        StoreFault::ClockSkew(_) => shown.hint("set the clock of this machine, for example with NTP, then try again"),
        StoreFault::Unconditional { .. } => shown.hint(NO_CONDITIONS),
        StoreFault::List | StoreFault::EndlessList => shown.hint("the store must have ListObjectsV2, as S3 has it"),
        StoreFault::Unchanged { .. } | StoreFault::NotKept => {
            shown.hint("look at the store's log: something before it may respond in its place, or it is short of room")
        }
        StoreFault::TooLarge(_) => shown.hint("another program has written this object: look at the store"),
        StoreFault::Folder(source) => shown.causes(source.as_ref()),
        StoreFault::Request(_) | StoreFault::ReadOnly => shown,
    }
}

/// Stands in a command to type for the destination and the key, where they are not known.
pub(super) const DESTINATION_AND_KEY: &str = "DESTINATION --key FILE";
pub(super) const ANOTHER_PREFIX: &str =
    "push to another prefix and let gateways follow that, each with an empty cache: `serve --from NEW --cache DIR`";
const NO_CONDITIONS: &str = "push to a store with conditional writes (`If-Match`, `If-None-Match`), or to a folder: without them, pushes undo one another";

fn status_hint(status: StatusCode, code: Option<&str>) -> &'static str {
    match (status, code) {
        (_, Some("SignatureDoesNotMatch")) => "check `AWS_SECRET_ACCESS_KEY`, and `AWS_REGION`",
        (_, Some("InvalidAccessKeyId")) => "check `AWS_ACCESS_KEY_ID`",
        (_, Some("ExpiredToken" | "InvalidToken")) => "the session has ended: get new credentials",
        (_, Some("NoSuchBucket")) => "create the bucket, or check its name and `AWS_REGION`",
        (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
            "the credentials need s3:GetObject and s3:PutObject on the prefix (s3:DeleteObject too for `--prune`), and \
             s3:ListBucket on the bucket, without which a missing object looks like a forbidden one"
        }
        (StatusCode::NOT_IMPLEMENTED, _) => NO_CONDITIONS,
        (StatusCode::CONFLICT, _) => "try again later; then look at the store's log",
        (status, _) if status.is_server_error() => "try again later; then look at the store's log",
        _ => "check the bucket, the prefix and `AWS_REGION`",
    }
}

/// Shows why the state of a store cannot be used.
pub(super) fn destination_error(error: &DestinationError) -> CommandError {
    match error {
        DestinationError::Store(error) | DestinationError::Content(ContentFault::Store(error)) => store_error(error),
        DestinationError::Pointer(PointerFault::Signature) => {
            CommandError::new("pointer-key", Exit::Refused, error.to_string())
                .hint("trust the key that signed it too, with `--public-key KEY`, or push elsewhere")
        }
        DestinationError::Pointer(PointerFault::NewerSchema(_)) => {
            CommandError::invalid("newer-schema", error.to_string()).hint("a newer apigw wrote it: use that one")
        }
        DestinationError::NoTag => CommandError::new("store", Exit::Failed, error.to_string()).hint(NO_CONDITIONS),
        DestinationError::Pointer(PointerFault::Malformed) => {
            CommandError::invalid("pointer-damaged", error.to_string())
                .hint("put back an earlier pointer, where the store or a backup keeps one")
                .hint(format!("else {ANOTHER_PREFIX}"))
        }
        DestinationError::Content(ContentFault::Missing(_) | ContentFault::Damaged(_)) | DestinationError::List(_) => {
            CommandError::invalid("store-damaged", error.to_string())
                .hint(format!("write damaged and missing objects again: `apigw push {DESTINATION_AND_KEY} --repair`"))
        }
    }
}

/// Shows why a push is not in force.
pub(super) fn push_error(error: &PushError) -> CommandError {
    match error {
        PushError::Store(source) | PushError::Unwritten(source) => with_message(store_error(source), error.to_string()),
        PushError::Source(_) => {
            CommandError::invalid("damaged", error.to_string()).hint("list damaged files: `apigw verify`")
        }
        PushError::Moved => CommandError::new("overtaken", Exit::Conflict, error.to_string())
            .hint("nothing was pushed by this command; run it again"),
        PushError::PutBack { .. } => CommandError::new("store-put-back", Exit::Refused, error.to_string())
            .hint("nothing was written; put back the newest pointer, where the store or a backup keeps it")
            .hint("else push with `--after-restore`; gateways need an empty `--cache DIR` then: `apigw help push`"),
        PushError::Pruning(_) => CommandError::new("store-busy", Exit::Conflict, error.to_string())
            .hint("nothing was pushed; `push --prune` is at work there, or was killed: push again after that time"),
        PushError::Unknown(_) => CommandError::new("push-unknown", Exit::DurabilityUnknown, error.to_string())
            .hint("run it again once the store responds: it says whether the push is in force, and makes it otherwise"),
    }
}

/// Shows why nothing, or not all, was removed from a store.
pub(super) fn prune_error(error: &PruneError) -> CommandError {
    let shown = match error {
        PruneError::Destination(source) => destination_error(source),
        PruneError::Chain(ChainFault::Content(ContentFault::Store(source))) => store_error(source),
        PruneError::Chain(_) => CommandError::invalid("store-damaged", error.to_string())
            .hint("put the object back, where the store or a backup keeps one; readers that are behind need it too"),
        PruneError::KeptState(_) => CommandError::invalid("store-damaged", error.to_string())
            .hint("keep fewer states: name a smaller `--keep`, and a shorter `--older-than`"),
        PruneError::Empty => {
            CommandError::invalid("store-empty", error.to_string()).hint("check the address; else push there without `--prune`")
        }
        PruneError::Busy(_) => CommandError::new("store-busy", Exit::Conflict, error.to_string())
            .hint("wait until then; a run that was killed holds it no longer"),
        PruneError::Moved => {
            CommandError::new("overtaken", Exit::Conflict, error.to_string()).hint("nothing was removed; run it again")
        }
        PruneError::Overtaken => CommandError::new("prune-unfinished", Exit::Conflict, error.to_string())
            .hint(format!("run it again; if a later push names an object that is gone, `apigw push {DESTINATION_AND_KEY} --repair` writes it")),
        PruneError::Unfinished { .. } => CommandError::new("prune-unfinished", Exit::Failed, error.to_string())
            .hint("the state is whole; run it again after that time, and look at the store's log"),
    };
    with_message(shown, error.to_string())
}

/// Shows why a state is not followed.
pub(super) fn follow_error(error: &FollowError) -> CommandError {
    let shown = match error {
        FollowError::Store(source)
        | FollowError::Chain(ChainFault::Content(ContentFault::Store(source)))
        | FollowError::Cache(DestinationError::Store(source)) => store_error(source),
        FollowError::State { fault, .. } => destination_error(fault),
        FollowError::Cache(_) => CommandError::new("cache", Exit::Refused, error.to_string())
            .hint("if the key was rightly replaced, start with an empty `--cache DIR`"),
        FollowError::NoPointer => CommandError::invalid("store-empty", error.to_string())
            .hint("check the address; it is the one that `apigw push` was given, or where that place is served"),
        FollowError::Pointer(PointerFault::Signature) => {
            CommandError::new("pointer-key", Exit::Refused, error.to_string())
                .hint("check `--public-key`: `apigw push … -o json` has the key that it signed with as `public_key`")
        }
        FollowError::Pointer(_) | FollowError::Chain(_) => {
            CommandError::new("pointer", Exit::Refused, error.to_string()).hint("look at the store, then push again")
        }
        FollowError::Older { .. } | FollowError::Forked { .. } => {
            CommandError::new("pointer", Exit::Refused, error.to_string())
                .hint("if the store lost pushes and was put back, push to another prefix and follow that, or start each gateway with an empty `--cache DIR`: `apigw help push`")
        }
    };
    with_message(shown, error.to_string())
}

/// Returns the way out where a store is refused for as long as one waits.
pub(super) fn refusal_hint(error: &FollowError) -> Option<String> {
    match error {
        FollowError::Older { .. } | FollowError::Forked { .. } => follow_error(error).hints.into_iter().next(),
        _ => None,
    }
}

fn with_message(mut error: CommandError, message: String) -> CommandError {
    error.message = message;
    error
}
