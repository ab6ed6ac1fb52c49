//! Callers: keys, grants, limits, and the verification of what a request shows of them.
//!
//! Pure but for the clock and the randomness that it is given: [`crate::workspace`] reads and writes the files, the
//! gateway asks. [`Key`] is what a key's file says, [`change`] what commands make of it, [`AccessOperation`] one
//! committed change; [`merge`] joins the changes of two branches. [`sigv4`] verifies and signs requests of JDCLOUD2,
//! JDCLOUD3 and AWS4, [`message_signature`] those of RFC 9421, [`token`] verifies tokens; [`SubscriptionKey`] is the
//! text that callers show as it is. [`KeyDirectory`] finds the secret of an id and the grant of a call; [`NonceTable`]
//! lets each signed request in once.

pub mod change;
pub mod merge;
pub mod message_signature;
pub mod resolve;
pub mod sigv4;
pub mod token;

mod ahead_dates;
mod clock_reading;
mod day_counts;
mod denial;
mod directory;
mod ed25519;
mod fault;
mod grant;
mod hexadecimal;
mod hmac_secret;
mod key;
mod latest_dates;
mod nonces;
mod operation;
mod public_key_use;
mod request;
mod reused;
mod revoked;
mod secret_id;
mod signature;
mod subscription;

pub use ahead_dates::{DateJournal, DateSlot, DateSlotError, EarlierDates, SignedDates};
pub use clock_reading::ClockReading;
pub use day_counts::DayCounts;
pub use denial::{CredentialKind, Denial, EndedPart, shown_subject};
pub use directory::{ApiCall, CallGrants, KeyDirectory, PresentedSecret};
pub use ed25519::{PrivateKey, PublicKey, PublicKeyError};
pub use fault::SignatureFault;
pub use grant::{Grant, GrantId, GrantIdError, OwnerGrants};
pub use hmac_secret::HmacSecret;
pub use key::{Key, KeyFault, PathForm, Revocation, Secret, SecretProof, SigningSettings, TokenBinding};
pub use latest_dates::LatestDates;
pub use nonces::{NonceFault, NonceTable};
pub use operation::{AccessAction, AccessOperation, AccessSubject, SubjectError, SubjectRecord, SubjectState};
pub use public_key_use::PublicKeyUse;
pub use request::{BodyDigest, BodyHasher, ReceivedRequest, SigningRequest};
pub use reused::{ReusedSecret, absent_revoked, early_bindings, reused_secrets};
pub use revoked::RevokedSecrets;
pub use secret_id::{SecretId, SecretIdError};
pub use signature::RequestSignature;
pub use subscription::{
    LONGEST_SUBSCRIPTION_KEY, NewSecret, SubscriptionKey, contains_clear_secret, contains_subscription_key,
};
