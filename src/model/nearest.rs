//! Suggestions for misspelled names.

/// Returns the candidate most similar to the name; `None` if none is close enough to suggest.
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let most = (name.chars().count() / 2).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (edit_distance(name, candidate), candidate))
        .filter(|&(distance, candidate)| distance <= most || candidate.starts_with(name) && !name.is_empty())
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

/// Counts the insertions, deletions and replacements that lead from one text to the other.
fn edit_distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, left) in from.chars().enumerate() {
        let mut diagonal = index;
        let mut previous = index + 1;
        for (right, cell) in to.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            *cell = (diagonal + usize::from(left != *right)).min(above + 1).min(previous + 1);
            diagonal = above;
            previous = *cell;
        }
        row[0] = index + 1;
    }
    row.last().copied().unwrap_or_default()
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

    #[test]
    fn distances() {
        assert_eq!(edit_distance("", "abc"), 3);
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        assert_eq!(edit_distance("same", "same"), 0);
    }
}
