//! Finds the texts in a request that belong to a parameter, as they were sent.

use std::borrow::Cow;
use std::collections::HashSet;

use http::header::COOKIE;
use http::{HeaderMap, HeaderName};

use crate::definition::values::{NameScope, TextPlace, ValueNotation, ValueSchema, WrittenTexts};
use crate::definition::{ParameterPlace, percent};
use crate::model::trim_blanks;

/// A request besides its body.
pub(crate) struct RequestTexts<'a> {
    /// Names and percent-encoded values of the path's parameters.
    pub(crate) path_parameters: &'a [(&'a str, &'a str)],
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
}

impl<'a> RequestTexts<'a> {
    /// Returns the texts of a parameter. Where its parts stand under names of their own, `declared` are the names that
    /// other parameters have, and `scope` says which others count.
    pub(crate) fn written(
        &self,
        place: ParameterPlace,
        name: &str,
        notation: ValueNotation,
        gathering: Option<(&ValueSchema, &HashSet<String>)>,
        scope: NameScope,
    ) -> WrittenTexts<'a> {
        let mut written = WrittenTexts { own: self.own(place, name), others: Vec::new() };
        if let Some((schema, declared)) = gathering {
            let pairs: Vec<(String, Cow<'a, str>)> = match notation.place {
                TextPlace::Query => self.query_pairs().collect(),
                TextPlace::Cookie => self.cookies().collect(),
                _ => Vec::new(),
            };
            written.others = notation.gather(name, pairs, schema, declared, scope);
        }
        written
    }

    /// Returns the texts under a name, one for each occurrence.
    fn own(&self, place: ParameterPlace, name: &str) -> Vec<Cow<'a, str>> {
        match place {
            ParameterPlace::Path => {
                let found = self.path_parameters.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| Cow::Borrowed(*value)).into_iter().collect()
            }
            ParameterPlace::Query => {
                self.query_pairs().filter(|(known, _)| known == name).map(|(_, value)| value).collect()
            }
            ParameterPlace::Header => {
                let Ok(name) = HeaderName::try_from(name) else { return Vec::new() };
                self.headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect()
            }
            ParameterPlace::Cookie => {
                self.cookies().filter(|(known, _)| known == name).map(|(_, value)| value).collect()
            }
        }
    }

    fn query_pairs(&self) -> impl Iterator<Item = (String, Cow<'a, str>)> + use<'a> {
        let query: &'a str = self.query;
        query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent::decode_query(name), Cow::Borrowed(value))
        })
    }

    fn cookies(&self) -> impl Iterator<Item = (String, Cow<'a, str>)> + use<'a> {
        // Bytes that are no UTF-8 are replaced: a header that is skipped would not be checked.
        let lines = self.headers.get_all(COOKIE).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        lines.flat_map(|line| match line {
            Cow::Borrowed(line) => pairs(line).map(|(name, value)| (name.to_owned(), Cow::Borrowed(value))).collect(),
            Cow::Owned(line) => pairs(&line)
                .map(|(name, value)| (name.to_owned(), Cow::Owned(value.to_owned())))
                .collect::<Vec<(String, Cow<'a, str>)>>(),
        })
    }
}

/// Iterates over the cookies of a line.
fn pairs(line: &str) -> impl Iterator<Item = (&str, &str)> {
    line.split(';').filter_map(|pair| trim_blanks(pair).split_once('='))
}
