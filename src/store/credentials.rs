//! Credentials, region and endpoint of an S3-compatible store, as AWS tools take them: from variables, else from a
//! profile.

use std::collections::BTreeMap;
use std::fmt;

/// The region where none is set; stores that are not Amazon's seldom look at it.
const USUAL_REGION: &str = "us-east-1";
const USUAL_PROFILE: &str = "default";

/// Credentials of a store. Shown as `***` where they are formatted.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsCredentials {
    /// The access key id.
    pub(super) key_id: String,
    /// The secret access key.
    pub(super) secret: String,
    /// The session token of credentials that expire.
    pub(super) session_token: Option<String>,
}

impl fmt::Debug for AwsCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// The settings of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwsSettings {
    /// The credentials.
    pub credentials: AwsCredentials,
    /// The region.
    pub region: String,
    /// The address of a store that is not Amazon's.
    pub endpoint: Option<String>,
}

/// The names and the texts of the files with profiles.
#[derive(Clone, Default)]
pub struct AwsProfile {
    /// The text of `~/.aws/credentials`, if there is one.
    pub credentials: Option<String>,
    /// The text of `~/.aws/config`, if there is one.
    pub config: Option<String>,
}

/// Hides the texts, which hold secrets.
impl fmt::Debug for AwsProfile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("***")
    }
}

/// Reason why there are no settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AwsSettingsError {
    /// A named profile is in no file.
    #[error("there is no profile {0:?} with credentials")]
    NoProfile(String),
    /// Neither variables nor a profile have credentials.
    #[error("there are no credentials for the store")]
    NoCredentials,
    /// Half of the credentials is set.
    #[error("{present} is set, and {missing} is not")]
    Half {
        /// The name that has a value.
        present: &'static str,
        /// The name that has none.
        missing: &'static str,
    },
    /// A value has characters that none has.
    #[error("{0} has a character that no such value has")]
    Malformed(&'static str),
}

impl AwsSettings {
    /// Puts the settings together. Variables win over the profile.
    pub fn of(variables: &BTreeMap<String, String>, profile: &AwsProfile) -> Result<Self, AwsSettingsError> {
        let variable = |name: &str| variables.get(name).map(|value| value.trim().to_owned()).filter(|v| !v.is_empty());
        let named = variable("AWS_PROFILE");
        let name = named.as_deref().unwrap_or(USUAL_PROFILE);
        let credentials = profile.credentials.as_deref().map(|text| section(text, name)).unwrap_or_default();
        let section_name = if name == USUAL_PROFILE { name.to_owned() } else { format!("profile {name}") };
        let config = profile.config.as_deref().map(|text| section(text, &section_name)).unwrap_or_default();
        let in_profile = |key: &str| credentials.get(key).or_else(|| config.get(key)).cloned();
        let of_variables = [variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY")];
        let (key_id, secret, session_token) = match of_variables {
            [Some(id), Some(secret)] => (id, secret, variable("AWS_SESSION_TOKEN")),
            [Some(_), None] => return Err(half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
            [None, Some(_)] => return Err(half("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")),
            [None, None] => match (in_profile("aws_access_key_id"), in_profile("aws_secret_access_key")) {
                (Some(id), Some(secret)) => (id, secret, in_profile("aws_session_token")),
                (Some(_), None) => return Err(half("aws_access_key_id", "aws_secret_access_key")),
                (None, Some(_)) => return Err(half("aws_secret_access_key", "aws_access_key_id")),
                (None, None) => {
                    return Err(named.map_or(AwsSettingsError::NoCredentials, AwsSettingsError::NoProfile));
                }
            },
        };
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).or_else(|| in_profile("region"));
        let endpoint = variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL"));
        let settings = Self {
            credentials: AwsCredentials { key_id, secret, session_token },
            region: region.unwrap_or_else(|| USUAL_REGION.to_owned()),
            endpoint: endpoint.or_else(|| in_profile("endpoint_url")),
        };
        settings.check()
    }

    /// Refuses values that would become something else in a header or a host name.
    fn check(self) -> Result<Self, AwsSettingsError> {
        let is_visible = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
        let is_label = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let AwsCredentials { key_id, session_token, .. } = &self.credentials;
        if !is_visible(key_id) || key_id.contains(['/', ',', '=']) {
            return Err(AwsSettingsError::Malformed("the access key id"));
        }
        if !session_token.as_deref().is_none_or(is_visible) {
            return Err(AwsSettingsError::Malformed("the session token"));
        }
        if !self.region.bytes().all(is_label) {
            return Err(AwsSettingsError::Malformed("the region"));
        }
        Ok(self)
    }
}

const fn half(present: &'static str, missing: &'static str) -> AwsSettingsError {
    AwsSettingsError::Half { present, missing }
}

/// Reads a section of an INI file. Indented lines, which belong to the key above, are left out.
fn section(text: &str, name: &str) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let mut is_inside = false;
    for line in text.lines() {
        let trimmed = line.trim();
        if let Some(header) = trimmed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            is_inside = header.0.split_whitespace().eq(name.split_whitespace());
        } else if is_inside
            && !line.starts_with([' ', '\t', '#', ';'])
            && let Some((key, value)) = trimmed.split_once('=')
            && !value.trim().is_empty()
        {
            values.insert(key.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)], credentials: &str, config: &str) -> Result<AwsSettings, AwsSettingsError> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let profile = AwsProfile { credentials: Some(credentials.to_owned()), config: Some(config.to_owned()) };
        AwsSettings::of(&variables, &profile)
    }

    const CREDENTIALS: &str = "[default]\naws_access_key_id = ID\naws_secret_access_key = a=/+b\n\n# x\n[other]\n\
                               aws_access_key_id=OTHER\naws_secret_access_key=s\naws_session_token=t\n";
    const CONFIG: &str = "[default]\nregion = eu-west-1\ns3 =\n  region = nested\n[profile other]\nregion=us-west-2\n\
                          endpoint_url = http://127.0.0.1:1\n";

    #[test]
    fn variables_win_over_profiles() {
        let found = settings(&[], CREDENTIALS, CONFIG).unwrap();
        assert_eq!((found.credentials.secret.as_str(), found.region.as_str()), ("a=/+b", "eu-west-1"));
        assert_eq!(found.endpoint, None);
        let found = settings(&[("AWS_PROFILE", "other"), ("AWS_REGION", "")], CREDENTIALS, CONFIG).unwrap();
        assert_eq!(found.credentials.session_token.as_deref(), Some("t"));
        assert_eq!((found.region.as_str(), found.endpoint.as_deref()), ("us-west-2", Some("http://127.0.0.1:1")));
        let own = [("AWS_ACCESS_KEY_ID", "V"), ("AWS_SECRET_ACCESS_KEY", "w"), ("AWS_DEFAULT_REGION", "x")];
        let found = settings(&own, CREDENTIALS, CONFIG).unwrap();
        assert_eq!((found.credentials.key_id.as_str(), found.credentials.session_token), ("V", None));
        assert_eq!(found.region, "x");
        let both = [("AWS_ENDPOINT_URL", "a"), ("AWS_ENDPOINT_URL_S3", "b")];
        assert_eq!(settings(&both, CREDENTIALS, "").unwrap().endpoint.as_deref(), Some("b"));
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(settings(&[], "", ""), Err(AwsSettingsError::NoCredentials));
        let named = [("AWS_PROFILE", "gone")];
        assert_eq!(settings(&named, CREDENTIALS, CONFIG), Err(AwsSettingsError::NoProfile("gone".to_owned())));
        let half = settings(&[("AWS_ACCESS_KEY_ID", "V")], CREDENTIALS, CONFIG).unwrap_err();
        assert_eq!(half.to_string(), "AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not");
        let region = settings(&[("AWS_REGION", "x.example.com/")], CREDENTIALS, "");
        assert_eq!(region, Err(AwsSettingsError::Malformed("the region")));
    }

    #[test]
    fn no_secret_is_shown() {
        let shown = format!("{:?}", settings(&[("AWS_PROFILE", "other")], CREDENTIALS, CONFIG).unwrap());
        assert!(!shown.contains("OTHER") && shown.contains("us-west-2"), "{shown}");
    }
}
