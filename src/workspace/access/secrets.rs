//! The secrets with which callers sign, in five places; the first that has one counts.
//!
//! Variables `APIGW_SECRET_<ID>`, `$CREDENTIALS_DIRECTORY/<id>`, `secrets_dir`, `secrets_command`,
//! `.apigw/secrets/<id>`. No message says anything of a secret but its id.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::super::durable::sync_folder;
use super::super::error::{Error, ExistingPart, PathContext};
use super::super::git::is_hidden_from_git;
use super::super::outside::require_folder;
use super::super::own_places::require_foreign;
use super::super::secret_variables::SECRET_VARIABLE;
use super::super::take_back::Leftovers;
use super::super::{LockGuard, Workspace, layout, local_folder};
use super::leaked_secrets::{SearchedFiles, SoughtSecrets};
use super::secrets_command::{command_problem, printed};
use super::{AccessSnapshot, subject_place};
use crate::access::{AccessSubject, HmacSecret, Key, NewSecret, Secret, SecretId};
use crate::check::SECRET_MISSING;
use crate::check::rules::access::{SECRET_DIFFERS, SECRET_FILE, SECRET_PLACE, SECRET_UNREADABLE};
use crate::model::{Finding, KeyKind, KeyName, Location, Severity, Timestamp};

/// The variable in which systemd names the folder of credentials.
const CREDENTIALS_DIRECTORY: &str = "CREDENTIALS_DIRECTORY";
/// The most bytes of a secret.
const LARGEST_SECRET: u64 = 64 << 10;
/// The permissions of others than the owner.
const OTHERS: u32 = 0o077;

/// The places of secrets that do not lie in the workspace.
#[derive(Debug, Default)]
pub struct SecretSources {
    variables: BTreeMap<String, HmacSecret>,
    credentials: Option<PathBuf>,
    printed: BTreeMap<String, HmacSecret>,
    problem: Option<Finding>,
}

/// The secrets of keys that were found, and what is wrong with others.
#[derive(Debug, Default)]
pub struct SecretsOnMachine {
    /// The secrets, by id.
    pub secrets: HashMap<SecretId, HmacSecret>,
    /// Problems of the sources.
    pub problems: Vec<Finding>,
    /// Those that are there and cannot be used.
    unusable: BTreeSet<SecretId>,
}

impl SecretSources {
    /// Takes the secrets in the variables of a process, and the folders that they name.
    pub(super) fn of_variables(variables: &BTreeMap<String, String>) -> Self {
        let of_secrets = variables.iter().filter_map(|(name, value)| {
            let id = name.strip_prefix(SECRET_VARIABLE).filter(|_| !value.is_empty())?;
            Some((id.to_owned(), HmacSecret::new(value.as_bytes())))
        });
        Self {
            variables: of_secrets.collect(),
            credentials: variables.get(CREDENTIALS_DIRECTORY).filter(|path| !path.is_empty()).map(PathBuf::from),
            ..Self::default()
        }
    }

    /// Takes the secrets in the variables of a process, and runs the workspace's command for others.
    #[must_use]
    pub fn read(workspace: &Workspace, variables: &BTreeMap<String, String>) -> Self {
        let mut sources = Self::of_variables(variables);
        if let [program, arguments @ ..] = workspace.settings.access.secrets_command.as_slice() {
            match printed(workspace, program, arguments) {
                Ok(printed) => sources.printed = printed,
                Err(problem) => sources.problem = Some(command_problem(program, &problem)),
            }
        }
        sources
    }
}

impl SecretSources {
    /// Keeps the secrets that a command printed earlier if it failed now.
    pub(super) fn or_printed_of(self, before: &Self) -> Self {
        if self.problem.is_some() { Self { printed: before.printed.clone(), ..self } } else { self }
    }

    /// Returns the folders outside of the workspace's own in which secrets may lie.
    pub(super) fn folders(&self, workspace: &Workspace) -> Vec<PathBuf> {
        let named = workspace.settings.access.secrets_dir.as_ref().map(|path| workspace.folder().join(path));
        self.credentials.iter().cloned().chain(named).collect()
    }
}

impl Workspace {
    /// Finds a secret of one key of any kind, for a client that runs on this machine; without its text where another
    /// text stands in its place.
    pub fn secret_of_key(
        &self,
        sources: &SecretSources,
        key: &Key,
        now: Timestamp,
    ) -> Result<Option<(SecretId, Option<HmacSecret>)>, Error> {
        let revoked = self.revoked_secrets()?;
        let mut other = None;
        let is_revoked = |secret: &&Secret| revoked.contains(&secret.id);
        // The latest first: of two live secrets it is the one that stays.
        for secret in key.live_secrets(now).filter(|secret| !is_revoked(secret)).collect::<Vec<_>>().into_iter().rev() {
            match self.find_secret(sources, &secret.id)? {
                Some(found) if secret.proof.is_proof_of(&found) => return Ok(Some((secret.id.clone(), Some(found)))),
                Some(_) => other = other.or(Some((secret.id.clone(), None))),
                None => {}
            }
        }
        Ok(other)
    }

    /// Finds the secrets of keys whose requests are signed.
    #[must_use]
    pub fn secrets_on_machine<'k>(
        &self,
        sources: &SecretSources,
        keys: impl IntoIterator<Item = &'k Key>,
    ) -> SecretsOnMachine {
        let mut found = SecretsOnMachine::default();
        found.problems.extend(sources.problem.clone());
        for key in keys.into_iter().filter(|key| key.kind == KeyKind::Signature) {
            for secret in key.secrets.iter().filter(|secret| secret.proof.needs_secret()) {
                let problems = match self.find_secret(sources, &secret.id) {
                    Ok(Some(hmac)) if secret.proof.is_proof_of(&hmac) => {
                        found.secrets.insert(secret.id.clone(), hmac);
                        continue;
                    }
                    Ok(None) => continue,
                    Ok(Some(_)) => vec![other_secret(key, &secret.id)],
                    Err(Error::Invalid(findings)) => findings,
                    Err(error) => vec![unreadable(&secret.id, &error)],
                };
                found.unusable.insert(secret.id.clone());
                found.problems.extend(problems);
            }
        }
        found
    }

    /// Finds the live secrets of signature keys that are not on this machine, and those that cannot be used. These are
    /// warnings: a gateway may run on another machine. A secret that stands in clear in a file of the workspace, or a
    /// valid subscription key, is an error. Where no key signs, no command for secrets is run.
    pub fn secret_findings(
        &self,
        access: &AccessSnapshot,
        files: SearchedFiles,
        variables: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Result<Vec<Finding>, Error> {
        let keys: Vec<&Key> = access.keys().filter(|key| key.kind == KeyKind::Signature).collect();
        let is_unusable = |name: &KeyName| !access.keys().any(|key| key.name == *name);
        // The file of a key may be broken by the very secret that somebody wrote into it.
        let unusable = self.key_names()?.into_iter().filter(is_unusable);
        let stated: Vec<SecretId> = unusable.flat_map(|name| self.stated_ids(&name)).collect();
        let leaked = |found: &SecretsOnMachine| {
            self.leaked_secrets(&SoughtSecrets::new(found, access.keys(), &access.revoked, now), files)
        };
        if keys.is_empty() && stated.is_empty() {
            return leaked(&SecretsOnMachine::default());
        }
        let sources = SecretSources::read(self, variables);
        let mut found = self.secrets_on_machine(&sources, keys.iter().copied());
        for id in stated {
            if let Ok(Some(secret)) = self.find_secret(&sources, &id) {
                found.secrets.entry(id).or_insert(secret);
            }
        }
        let leaked = leaked(&found)?;
        let mut named = found.unusable;
        let mut findings = found.problems;
        for key in keys {
            for Secret { id, .. } in key.live_secrets(now).filter(|secret| secret.proof.needs_secret()) {
                if !access.revoked.contains(id) && !found.secrets.contains_key(id) && named.insert(id.clone()) {
                    let place = subject_place(&AccessSubject::Key(key.name.clone()));
                    let message = format!("the secret {id} of key {} is not on this machine", key.name);
                    let hint = format!("put it into .apigw/secrets/{id} (mode 0600), or name its place in apigw.toml");
                    findings.push(SECRET_MISSING.finding(Location::file(place), message, hint));
                }
            }
        }
        let warnings = findings.into_iter().map(|finding| Finding { severity: Severity::Warning, ..finding });
        Ok(warnings.chain(leaked).collect())
    }

    pub(super) fn find_secret(&self, sources: &SecretSources, id: &SecretId) -> Result<Option<HmacSecret>, Error> {
        let named = |secrets: &BTreeMap<String, HmacSecret>| {
            let upper = id.as_str().to_ascii_uppercase();
            secrets.get(id.as_str()).or_else(|| secrets.get(&upper)).cloned()
        };
        if let Some(secret) = named(&sources.variables) {
            return Ok(Some(secret));
        }
        for folder in sources.folders(self) {
            if let Some(secret) = read_secret(&folder.join(id.as_str()), false)? {
                return Ok(Some(secret));
            }
        }
        if let Some(secret) = sources.printed.get(id.as_str()) {
            return Ok(Some(secret.clone()));
        }
        read_secret(&self.root.locate(layout::SECRETS_FOLDER)?.join(id.as_str()), true)
    }
}

fn other_secret(key: &Key, id: &SecretId) -> Finding {
    SECRET_DIFFERS.finding(
        Location::file(subject_place(&AccessSubject::Key(key.name.clone()))),
        format!("the secret {id} on this machine is not the one of key {}", key.name),
        "put the secret there that belongs to this id; requests that are signed with it get 401",
    )
}

fn unreadable(id: &SecretId, error: &Error) -> Finding {
    SECRET_UNREADABLE.finding(
        Location::file(layout::SECRETS_FOLDER),
        format!("the secret {id} cannot be read: {}", error.one_line()),
        "requests that are signed with it get 401",
    )
}

/// Reads the file of a secret, without the end of its line; `None` where there is none.
pub(super) fn read_secret(path: &Path, is_private: bool) -> Result<Option<HmacSecret>, Error> {
    let refuse = |message: &str, hint: &str| {
        let location = Location::file(path.display().to_string());
        Err(Error::invalid(&SECRET_FILE, location, message.to_owned(), hint))
    };
    let (no_file, hint) = ("this is not the file of a secret", "put the text of the secret alone into it");
    // Looked at before it is opened: opening a pipe would wait for a writer.
    match fs::metadata(path) {
        Err(error) if layout::is_absent(&error) => return Ok(None),
        metadata => {
            if !metadata.at("read", path)?.is_file() {
                return refuse(no_file, hint);
            }
        }
    }
    let file = match fs::File::open(path) {
        Err(error) if layout::is_absent(&error) => return Ok(None),
        file => file.at("read", path)?,
    };
    let metadata = file.metadata().at("read", path)?;
    if is_private && metadata.mode() & OTHERS != 0 {
        return refuse(
            "this secret is readable by others than its owner",
            "`chmod 600` it, and revoke the key if others did",
        );
    }
    let mut bytes = Vec::new();
    file.take(LARGEST_SECRET + 1).read_to_end(&mut bytes).at("read", path)?;
    if !metadata.is_file() || bytes.len() as u64 > LARGEST_SECRET {
        return refuse(no_file, hint);
    }
    let text = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let text = text.strip_suffix(b"\r").unwrap_or(text);
    Ok(Some(HmacSecret::new(text)))
}

impl LockGuard {
    /// Keeps a secret on this machine, where the gateway finds it; durable when this returns.
    pub fn keep_secret(&self, id: &SecretId, secret: &NewSecret) -> Result<PathBuf, Error> {
        let root = &self.workspace().root;
        local_folder::make_local_folder(root)?;
        let folder = root.locate(layout::SECRETS_FOLDER)?;
        if !folder.exists() {
            fs::create_dir_all(&folder).at("create", &folder)?;
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o700)).at("create", &folder)?;
            sync_folder(folder.parent().unwrap_or(&folder))?;
        }
        let path = folder.join(id.as_str());
        create_private(&path, secret.reveal())?;
        Ok(path)
    }

    /// Writes a secret into a file of its own that nobody else can read; durable when this returns.
    ///
    /// # Errors
    ///
    /// Refuses a file that is there already, one without a folder, and a place in the workspace that Git would see.
    pub fn hand_out_secret(&self, path: &Path, secret: &NewSecret) -> Result<(), Error> {
        require_foreign(path)?;
        require_folder(&SECRET_PLACE, path, folder_of(path))?;
        if path.is_dir() {
            let location = Location::file(path.display().to_string());
            let message = "this is a folder, and the secret needs a file".to_owned();
            return Err(Error::invalid(
                &SECRET_PLACE,
                location,
                message,
                "name a file in it, outside of the repository",
            ));
        }
        if !is_hidden_from_git(path) {
            let location = Location::file(path.display().to_string());
            let message = "Git would see a secret in this place".to_owned();
            return Err(Error::invalid(&SECRET_PLACE, location, message, "name a file outside of the repository"));
        }
        create_private(path, &format!("{}\n", secret.reveal()))
    }

    /// Takes back a file with a secret, of a change that was not committed, and returns the error with one that stays.
    #[must_use]
    pub fn take_back_secret(&self, path: &Path, error: Error) -> Error {
        take_back(path, error)
    }
}

fn take_back(path: &Path, error: Error) -> Error {
    let removed = fs::remove_file(path);
    let stays = removed.is_err_and(|error| !layout::is_absent(&error));
    let secrets = stays.then(|| path.display().to_string()).into_iter().collect();
    Leftovers { secrets, ..Leftovers::default() }.explain(error)
}

/// Returns the folder of a file, which is the current one where none is named.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn create_private(path: &Path, text: &str) -> Result<(), Error> {
    let mut options = fs::OpenOptions::new();
    let created = options.write(true).create_new(true).mode(0o600).open(path);
    if created.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::AlreadyExists) {
        return Err(Error::Exists(ExistingPart::File(path.to_owned())));
    }
    let mut file = created.at("create", path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).at("write", path);
    let synced = written.and_then(|()| sync_folder(folder_of(path)));
    synced.map_err(|error| take_back(path, error.into()))
}
