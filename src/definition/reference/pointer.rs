//! Pointers outside `$ref`: the mapping of a discriminator names schemas as references do.

use super::target::child;
use crate::definition::document::Node;
use crate::definition::local_path::{local_path, percent_decoded};

impl<'d> Node<'d> {
    /// Returns the node that a text would lead to as a `$ref` beside this one, or as the name of a schema of its file.
    ///
    /// `None` if it leads nowhere, or to a file that no reference of the definition leads to.
    #[must_use]
    pub fn pointed_to_by(self, text: &str) -> Option<Node<'d>> {
        let document = self.document();
        let (base, fragment) = text.split_once('#').unwrap_or((text, ""));
        if !text.contains(['#', '/', '.', ':']) {
            let root = document.node(document.root_of(self.id())?);
            return root.get("components")?.get("schemas")?.get(text);
        }
        let root = match base {
            "" => document.root_of(self.id())?,
            base => document.root_of_file(&local_path(self.file(), base, &[]).ok()?)?,
        };
        let unescaped = |token: &str| percent_decoded(token).replace("~1", "/").replace("~0", "~");
        let mut tokens = fragment.split('/').skip(1);
        tokens.try_fold(document.node(root), |node, token| child(node, &unescaped(token)))
    }
}
