//! Hints for names of media types.

use super::{OPEN_3_1, PATHS, WorkspaceCase, hint_text};

#[test]
fn a_media_type_with_a_wrong_parameter_is_told_what_is_wrong() {
    let name = "write a media type like \"application/json\", or a range like \"text/*\"";
    let form = "write a parameter as name=value without blanks, or as name=\"value\"";
    for (media_type, hint) in [
        ("json", name),
        ("a b/c; d=e", name),
        ("*; a b", name),
        ("a/b; profile=http://x/y", "quote the parameter's value: `profile=\"http://x/y\"`"),
        ("a/b; c=d; e=f g", "quote the parameter's value: `e=\"f g\"`"),
        ("a/b; c = d", form),
        ("a/b; c", form),
        ("a/b; c=\"d", form),
        ("a/b; c=d;e=f;C=g", "a parameter is given twice: c"),
    ] {
        let case = WorkspaceCase::definition(&format!(
            "{OPEN_3_1}{PATHS}components: {{responses: {{A: {{description: d, content: {{'{media_type}': {{}}}}}}}}}}\n"
        ));
        let hints: Vec<String> = case.findings().into_iter().map(|finding| hint_text(&finding.hint)).collect();
        assert!(hints.iter().any(|each| each == hint), "{media_type}: {hints:?}");
    }
}
