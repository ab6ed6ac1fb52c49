//! The nouns of a release: names, versions, digests, deployments, operations, settings, findings.
//!
//! Each type is validated when it is parsed. The module does no I/O, reads no clock and depends on no other part of the
//! project.

mod address;
mod auth;
mod author;
mod backend;
mod blanks;
mod canonical;
mod client_network;
mod conflict_marker;
mod deployment;
mod digest;
mod file_schema;
mod files;
mod finding;
mod findings;
mod fleet_settings;
mod forwarding;
mod head_choice;
mod header_names;
mod header_text;
mod hexadecimal;
mod hint;
mod ip_rules;
mod key_set_source;
mod lifetime;
mod limit;
mod media_range;
mod media_type;
mod method;
mod name;
mod nearest;
mod operation;
mod operation_id;
mod rule;
mod secret;
mod settings;
mod time;
mod variable;
mod version;
mod version_notes;

pub use address::{DomainName, DomainNameError, GroupHosts, PathPrefix, PathPrefixError, PublicOrigin};
pub(crate) use auth::OneOrMany;
pub use auth::{Auth, KeyKind, MOST_SIGNED_BODY_BYTES, SignatureAuth, SubscriptionAuth, TokenAuth, TokenGrant};
pub use author::Author;
pub use backend::{Backend, HttpUrl, HttpUrlError};
pub use blanks::trim_blanks;
pub use canonical::{PathReading, is_canonical_but_for_slashes, path_reading};
pub(crate) use client_network::client_network;
pub use conflict_marker::{MERGE_CONFLICT, conflict_finding, conflict_marker, first_conflict};
pub use deployment::{Deployment, DeploymentState, Environment, Release};
pub use digest::{Digest, DigestError, DigestedText};
pub use file_schema::SCHEMA;
pub use files::{
    DEFINITION_FILE, DefinitionPath, DefinitionPathError, FileSet, Manifest, SETTINGS_FILE, VERSION_FILE,
    is_reserved_file,
};
pub use finding::{Finding, Location, Severity};
pub use findings::Findings;
pub use fleet_settings::FleetSettings;
pub use forwarding::{
    ApiForwarding, BackendSigning, BackendTls, ConstantParameter, Cors, DynamicRoute, Forwarding, ParameterMapping,
    ParameterPlaceError, ParameterReference, SigningScheme, is_file_name,
};
pub use head_choice::HeadChoice;
pub(crate) use header_names::{HOP_BY_HOP, KEEP_ALIVE, can_hold_key, is_hop_by_hop, is_reserved_for_gateway};
pub(crate) use header_text::{is_header_name, is_header_value};
pub use hexadecimal::{hexadecimal, hexadecimal_digits};
pub use hint::{GitGap, Hint, RestoreSource};
pub use ip_rules::{GroupIpRules, IpRange, IpRangeError, IpRules};
pub use key_set_source::{KeySetSource, KeySetSourceError};
pub use lifetime::{Lifetime, LifetimeError};
pub use limit::{LimitWindow, RateLimit, RateLimitError, RateLimits};
pub(crate) use media_range::{MediaRange, is_token, media_type_parameter, split_unquoted, token_or_quoted, unquoted};
pub use media_type::{is_json_media_type, media_type_essence, reads_as_utf8};
pub use method::{Method, MethodError};
pub use name::{EnvironmentName, GroupName, KeyName, NameError, NodeName, OwnerName};
pub use nearest::nearest;
pub use operation::{GroupChange, Operation, PolicyOverride, ReleaseAction};
pub use operation_id::{OperationId, OperationIdError};
pub use rule::Rule;
pub use secret::is_secret_name;
pub use settings::{
    AccessSettings, ChangeLevel, DocumentPolicy, EnvironmentSettings, GroupSettings, MOST_DOMAINS, MockSettings,
    PolicyMode, ResponseValidation, RuleLevel, RuleLevels, SunsetPolicy, USUAL_BODY_KIB, WorkspaceSettings,
    apply_levels,
};
pub use time::{Timestamp, TimestampError};
pub use variable::{VariableError, variables_of, with_variables};
pub use version::{BumpLevel, Version, VersionError};
pub use version_notes::{RemarkKind, VersionNote, VersionNotes, VersionRemark, VersionUnblock};
