//! Names for languages: words of what a definition calls things, and an allocator that gives each name once.
//!
//! A name depends on its own origin alone, unless several fold to the same. Of operations none has the plain name then,
//! and each one an ending made of a digest of its origin, whatever their order: an operation that is added may end a
//! name, and never takes it for itself, so that no call goes elsewhere. Of other things the first has the plain name.

use std::collections::{HashMap, HashSet};

use crate::model::Digest;

/// The longest name, in characters.
const LONGEST: usize = 80;
/// The length of an ending made of a digest.
const ENDING: usize = 8;

/// Splits a text into words in lower case: at what is no letter or digit, and where capitals begin a word.
pub(super) fn words(text: &str) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for (index, character) in characters.iter().copied().enumerate() {
        if !is_name_character(character) {
            is_open = false;
            continue;
        }
        let before = index.checked_sub(1).and_then(|before| characters.get(before)).copied();
        let after = characters.get(index + 1).copied();
        let is_start = character.is_uppercase()
            && (before.is_some_and(|before| !before.is_uppercase())
                || after.is_some_and(char::is_lowercase) && before.is_some_and(char::is_uppercase));
        if !is_open || is_start {
            words.push(String::new());
        }
        is_open = true;
        if let Some(word) = words.last_mut() {
            word.extend(character.to_lowercase().filter(|lower| is_name_character(*lower)));
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// True if it is the letters and digits that every language allows in a name and reads alike.
fn is_name_character(character: char) -> bool {
    character.is_ascii_alphanumeric()
        || matches!(character,
            '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{ff}'
            | '\u{430}'..='\u{44f}' | '\u{410}'..='\u{42f}'
            | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}'
            | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

/// Joins words as `snake_case`.
pub(super) fn snake(words: &[String]) -> String {
    words.join("_")
}

/// Joins words as `PascalCase`.
pub(super) fn pascal(words: &[String]) -> String {
    words.iter().map(|word| capitalized(word)).collect()
}

/// Joins words as `camelCase`.
pub(super) fn camel(words: &[String]) -> String {
    match words.split_first() {
        Some((first, rest)) => format!("{first}{}", pascal(rest)),
        None => String::new(),
    }
}

/// Writes a word with a capital at its start.
pub(super) fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map(|first| first.to_uppercase().chain(characters).collect()).unwrap_or_default()
}

/// Gives each name once.
#[derive(Debug, Clone)]
pub(super) struct NameAllocator {
    taken: HashSet<String>,
    reserved: &'static [&'static str],
    joint: &'static str,
    ignores_case: bool,
}

impl NameAllocator {
    /// Builds a set with reserved names, which are never given; `joint` separates a suffix.
    pub(super) fn new(reserved: &'static [&'static str], joint: &'static str) -> Self {
        Self { taken: HashSet::new(), reserved, joint, ignores_case: false }
    }

    /// Makes two names that differ by case alone count as one, as files of classes do on macOS and Windows.
    pub(super) fn ignoring_case(mut self) -> Self {
        self.ignores_case = true;
        self
    }

    fn folded(&self, name: &str) -> String {
        if self.ignores_case { name.to_lowercase() } else { name.to_owned() }
    }

    /// Gives the name for an origin: the wanted one, if it can be had.
    pub(super) fn give(&mut self, wanted: String, fallback: &str, origin: &str) -> String {
        let name = self.valid(wanted, fallback, origin);
        let is_taken = self.taken.contains(&self.folded(&name));
        self.insert(name, is_taken.then_some(origin))
    }

    /// Gives the names for pairs of a wanted name and an origin: one that several want goes to none of them.
    pub(super) fn give_all<'o>(
        &mut self,
        pairs: impl IntoIterator<Item = (String, &'o str)>,
        fallback: &str,
    ) -> Vec<String> {
        let valid: Vec<(String, &str)> =
            pairs.into_iter().map(|(wanted, origin)| (self.valid(wanted, fallback, origin), origin)).collect();
        let mut uses: HashMap<String, usize> = HashMap::new();
        for (name, _) in &valid {
            *uses.entry(self.folded(name)).or_default() += 1;
        }
        let give = |(name, origin): (String, &str)| {
            let is_shared = uses.get(&self.folded(&name)).is_some_and(|count| *count > 1);
            self.insert(name, is_shared.then_some(origin))
        };
        valid.into_iter().map(give).collect()
    }

    /// Makes a wanted name one that the language allows.
    fn valid(&self, wanted: String, fallback: &str, origin: &str) -> String {
        let mut name = wanted;
        if name.is_empty() {
            name = format!("{fallback}{}{}", self.joint, ending(origin));
        }
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            name = format!("{fallback}{}{name}", self.joint);
        }
        if name.chars().count() > LONGEST {
            let start: String = name.chars().take(LONGEST - ENDING - 1).collect();
            name = format!("{}{}{}", start.trim_end_matches('_'), self.joint, ending(origin));
        }
        if self.reserved.contains(&name.as_str()) {
            name.push('_');
        }
        name
    }

    /// Takes a name, with the ending of its origin where it is not free.
    fn insert(&mut self, mut name: String, origin: Option<&str>) -> String {
        if let Some(origin) = origin {
            name = format!("{name}{}{}", self.joint, ending(origin));
        }
        // Two origins that are the same text: only numbers tell them apart.
        let mut unique = name.clone();
        let mut number = 2;
        while !self.taken.insert(self.folded(&unique)) {
            unique = format!("{name}{}{number}", self.joint);
            number += 1;
        }
        unique
    }
}

/// Returns the start of the digest of an origin.
fn ending(origin: &str) -> String {
    let digest = Digest::of(origin.as_bytes()).to_string();
    digest.rsplit(':').next().map(|hex| hex.chars().take(ENDING).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_split_into_words() {
        for (text, expected) in [
            ("getPetById", "get_pet_by_id"),
            ("HTTPServer", "http_server"),
            ("list-pets", "list_pets"),
            ("GET /pets/{petId}", "get_pets_pet_id"),
            ("v2_get", "v2_get"),
            ("URL", "url"),
            ("x\u{1f980}y", "x_y"),
            ("\u{1f980}", ""),
            ("\u{67e5}\u{8be2}Pet", "\u{67e5}\u{8be2}_pet"),
            ("OAuth2Token", "o_auth2_token"),
        ] {
            assert_eq!(snake(&words(text)), expected, "{text}");
        }
        assert_eq!(pascal(&words("get_pet")), "GetPet");
        assert_eq!(camel(&words("X-Request-Id")), "xRequestId");
    }

    #[test]
    fn names_are_given_once() {
        let mut names = NameAllocator::new(&["class"], "_");
        let mut give = |text: &str| names.give(snake(&words(text)), "operation", text);
        assert_eq!(give("getPet"), "get_pet");
        let other = give("get_pet");
        assert!(other.starts_with("get_pet_") && other.len() == 16, "{other}");
        assert_eq!(give("class"), "class_");
        assert_eq!(give("2fa"), "operation_2fa");
        assert!(give("\u{1f980}").starts_with("operation_"));
        assert_eq!(give(&"a".repeat(300)).len(), 80);
        assert_eq!(give("getPet").rsplit('_').count(), 3);
    }

    #[test]
    fn a_name_that_several_want_goes_to_none_in_any_order() {
        let give = |texts: &[&'static str]| {
            let mut names = NameAllocator::new(&["class"], "_");
            let pairs = texts.iter().map(|text| (snake(&words(text)), *text));
            let given = names.give_all(pairs, "operation");
            texts.iter().copied().zip(given).collect::<std::collections::BTreeMap<_, _>>()
        };
        let given = give(&["getPet", "class", "get_pet", "other"]);
        assert_eq!(given, give(&["other", "get_pet", "class", "getPet"]));
        assert_eq!((given["class"].as_str(), given["other"].as_str()), ("class_", "other"));
        assert!(given["getPet"].len() == 16 && given["get_pet"].len() == 16, "{given:?}");
    }

    #[test]
    fn names_of_files_differ_by_more_than_case() {
        let mut names = NameAllocator::new(&[], "").ignoring_case();
        let mut give = |text: &str| names.give(pascal(&words(text)), "Type", text);
        assert_eq!(give("PetOwner"), "PetOwner");
        let other = give("Petowner");
        assert!(other.starts_with("Petowner") && other.len() == 16, "{other}");
    }
}
