//! Operation ids as people type them: the beginning of their last part that no other operation has.

use std::collections::BTreeMap;

use super::Workspace;
use super::error::Error;
use crate::model::OperationId;

/// The length from which short ids are given, so that most of them stay unambiguous as the history grows.
const SHORTEST: usize = 8;

/// The end of the time in an id, and the separator behind it.
const TIME_END: &str = "Z-";
/// The number of characters of an id before the end of its time.
const TIME_LENGTH: usize = 19;
/// The number of characters of an id's last part.
const LAST_PART_LENGTH: usize = 12;

/// The short forms of the ids of all operations.
#[derive(Debug, Default)]
pub struct ShortIds(BTreeMap<OperationId, String>);

impl ShortIds {
    fn new(ids: Vec<OperationId>) -> Self {
        let mut last_parts: Vec<String> = ids.iter().map(|id| last_part(id).to_owned()).collect();
        last_parts.sort_unstable();
        let mut sorted = ids;
        sorted.sort_unstable();
        sorted.dedup();
        let is_unambiguous = |text: &str| {
            let from = last_parts.partition_point(|part| part.as_str() < text);
            let begin = last_parts.iter().skip(from).take(2).filter(|part| part.starts_with(text)).count();
            // The beginning of a whole id is taken as well, and that is a date.
            let dated = sorted.partition_point(|id| id.as_str() < text);
            begin == 1 && !sorted.get(dated).is_some_and(|id| id.as_str().starts_with(text))
        };
        let short = |id: &OperationId| {
            let part = last_part(id);
            let prefixes = (SHORTEST..=part.len()).filter_map(|length| part.get(..length));
            prefixes.into_iter().find(|prefix| is_unambiguous(prefix)).unwrap_or(id.as_str()).to_owned()
        };
        Self(sorted.iter().map(|id| (id.clone(), short(id))).collect())
    }

    /// Returns the short form of an id; of an operation that has no file, its whole id.
    #[must_use]
    pub fn get<'a>(&'a self, id: &'a OperationId) -> &'a str {
        self.0.get(id).map_or(id.as_str(), String::as_str)
    }

    /// Shortens the whole ids in a text. Names of files keep them.
    #[must_use]
    pub fn shorten(&self, text: &str) -> String {
        let mut shortened = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find(TIME_END) {
            let (start, end) = (at.saturating_sub(TIME_LENGTH), at + TIME_END.len() + LAST_PART_LENGTH);
            let id = rest.get(start..end).and_then(|id| id.parse::<OperationId>().ok());
            let after = rest.get(end..).unwrap_or_default();
            if let Some(id) = id.filter(|_| !after.starts_with(".yaml")) {
                shortened.push_str(&rest[..start]);
                shortened.push_str(self.get(&id));
                rest = after;
            } else {
                let (before, behind) = rest.split_at(at + TIME_END.len());
                shortened.push_str(before);
                rest = behind;
            }
        }
        shortened + rest
    }
}

fn last_part(id: &OperationId) -> &str {
    id.as_str().rsplit_once('-').map_or("", |(_, part)| part)
}

impl Workspace {
    /// Reads which operations there are, and shortens their ids.
    pub fn short_ids(&self) -> Result<ShortIds, Error> {
        let mut ids = Vec::new();
        for environment in self.settings.environments() {
            ids.extend(self.operation_ids(&environment)?);
        }
        ids.extend(self.access_operation_ids()?);
        Ok(ShortIds::new(ids))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_a_text_are_shortened_and_names_of_files_are_not() {
        let whole = "20261124T021611.036Z-0b2a68d22e03";
        let short = ShortIds::new(vec![whole.parse().expect("an id")]);
        for (text, expected) in [
            (format!("undo {whole}, or {whole}"), "undo 0b2a68d2, or 0b2a68d2".to_owned()),
            (format!("ä{whole}"), "ä0b2a68d2".to_owned()),
            (format!("history/test/{whole}.yaml"), format!("history/test/{whole}.yaml")),
            ("Z-a Z- ä20261124T021611.036Z-0b2a".to_owned(), "Z-a Z- ä20261124T021611.036Z-0b2a".to_owned()),
            (whole.replace("036", "037"), whole.replace("036", "037")),
        ] {
            assert_eq!(short.shorten(&text), expected);
        }
    }

    #[test]
    fn ids_are_as_short_as_they_are_unambiguous() {
        let id = |part: &str| format!("20261124T021611.036Z-{part}").parse::<OperationId>().expect("an id");
        let ids = [
            ("0b2a68d22e03", "0b2a68d2"),
            ("a00000000001", "a00000000001"),
            ("a00000000002", "a00000000002"),
            ("b0000000aaaa", "b0000000a"),
            ("b0000000bbbb", "b0000000b"),
            // It would be taken for the day of every operation here.
            ("20261124aaaa", "20261124a"),
        ];
        let short = ShortIds::new(ids.iter().map(|(part, _)| id(part)).collect());
        for (part, expected) in ids {
            assert_eq!(short.get(&id(part)), expected);
        }
        assert_eq!(short.get(&id("ffffffffffff")), "20261124T021611.036Z-ffffffffffff", "there is no file of it");
    }
}
