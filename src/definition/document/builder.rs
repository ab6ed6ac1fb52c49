//! The making of a document: its files and nodes, and the targets of its references.

use std::sync::Arc;

use super::{Document, MOST_NODES, NodeId, NodeValue, ReferenceTarget, SourceFile, StoredNode, TextPosition};

impl Document {
    /// Begins a file of a given size in bytes.
    pub(in crate::definition) fn begin_file(&mut self, path: &str, bytes: usize) {
        self.nodes.reserve((bytes / 12).min(MOST_NODES));
        self.store.reserve(bytes);
        let shown = self.path_of(path).into();
        self.files.push(SourceFile { path: path.to_owned(), shown, first: self.nodes.len(), root: None });
    }

    pub(in crate::definition) fn end_file(&mut self, root: Option<NodeId>) {
        if let Some(file) = self.files.last_mut() {
            file.root = root;
        }
    }

    pub(in crate::definition) fn root_of(&self, id: NodeId) -> Option<NodeId> {
        self.source_file(id).and_then(|file| file.root)
    }

    pub(in crate::definition) fn root_of_file(&self, path: &str) -> Option<NodeId> {
        self.files.iter().find(|file| file.path == path).and_then(|file| file.root)
    }

    pub(in crate::definition) fn add(&mut self, content: NodeValue, place: TextPosition) -> Option<NodeId> {
        let id = NodeId(u32::try_from(self.nodes.len()).ok()?);
        self.nodes.push(StoredNode { content, place });
        Some(id)
    }

    /// Adds a copy of a node; only once all files are read.
    pub(in crate::definition) fn add_copy(&mut self, of: NodeId) -> Option<NodeId> {
        let StoredNode { content, place } = *self.stored(of)?;
        let copy = self.add(content, place)?;
        self.originals.push(of);
        Some(copy)
    }

    /// Replaces the items of a list or the values of an object's fields, all of them in their order.
    pub(in crate::definition) fn set_parts(&mut self, id: NodeId, parts: &[NodeId]) {
        let Some(content) = self.stored(id).map(|stored| stored.content) else { return };
        let content = match content {
            NodeValue::Array(_) => self.store.add_items(parts),
            NodeValue::Object(_) | NodeValue::LargeObject(_) => self.store.add_object_like(content, parts),
            _ => None,
        };
        if let (Some(content), Some(stored)) = (content, self.nodes.get_mut(id.index())) {
            stored.content = content;
        }
    }

    /// Returns the node that a node is a copy of, or itself.
    pub(in crate::definition) fn original(&self, id: NodeId) -> NodeId {
        let first = self.nodes.len() - self.originals.len();
        id.index().checked_sub(first).and_then(|at| self.originals.get(at)).copied().unwrap_or(id)
    }

    pub(in crate::definition) fn set_target(&mut self, reference: NodeId, next: NodeId) {
        self.targets.insert(reference, ReferenceTarget { next, meant: None, last: None });
    }

    pub(in crate::definition) fn next_target(&self, reference: NodeId) -> Option<NodeId> {
        self.targets.get(&reference).map(|target| target.next)
    }

    /// Sets the end of a reference's chain, of which the rest must be resolved already.
    pub(in crate::definition) fn settle_target(&mut self, reference: NodeId, last: NodeId) {
        let Some(next) = self.next_target(reference) else { return };
        let passes = self.node(next).is_bare_reference();
        let meant = if passes { self.targets.get(&next).and_then(|target| target.meant) } else { Some(next) };
        if let Some(target) = self.targets.get_mut(&reference) {
            target.last = Some(last);
            target.meant = meant;
        }
    }

    /// Stores the contents of the file named by an example's `externalValue`.
    pub(in crate::definition) fn set_external(&mut self, example: NodeId, bytes: Arc<[u8]>) {
        self.externals.insert(example, bytes);
    }

    /// Returns the contents of the file named by an example's `externalValue`, if it lies beside the definition.
    pub(in crate::definition) fn external(&self, example: NodeId) -> Option<&Arc<[u8]>> {
        self.externals.get(&example)
    }

    pub(in crate::definition) fn last_target(&self, reference: NodeId) -> Option<NodeId> {
        self.targets.get(&reference).and_then(|target| target.last)
    }
}
