//! Names that tell that a value is a secret.

/// The words by which a name says that its value is a secret.
const SECRET_NAMES: [&str; 8] = ["secret", "token", "password", "passwd", "api-key", "api_key", "apikey", "credential"];

/// True if a name, before an equals sign, tells that its value is a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.split('=').next().unwrap_or_default().to_lowercase();
    SECRET_NAMES.iter().any(|secret| name.contains(secret))
}
