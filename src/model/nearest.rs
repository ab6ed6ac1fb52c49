//! Suggestions for misspelled names.

/// Returns the candidate most similar to the name; `None` if none is close enough to suggest.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let most = (name.chars().count() / 2).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::levenshtein(name, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= most || candidate.starts_with(name) && !name.is_empty())
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        let groups = ["petstore", "orders", "users"];
        assert_eq!(nearest("petsore", groups).as_deref(), Some("petstore"));
        assert_eq!(nearest("pet", groups).as_deref(), Some("petstore"));
        assert_eq!(nearest("user", groups).as_deref(), Some("users"));
        assert_eq!(nearest("billing", groups), None);
        assert_eq!(nearest("", groups), None);
    }
}
