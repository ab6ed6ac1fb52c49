//! The tree of a definition: values with the location of every token.
//!
//! All files of a definition share one arena. A YAML alias is not a copy but the same node, so the cost of a node is
//! paid once, however often it is referenced. Walks of the tree must therefore detect repetition and cycles by
//! [`NodeId`].

mod ids;
mod node;
mod object;
mod span;
mod store;

use std::sync::Arc;

use crate::model::Location;

pub use ids::{NodeId, NodeMap, NodeSet, SeenNodes};
pub(super) use node::BYTES_A_VALUE;
pub use node::{Node, NodeKind};
pub(super) use object::ObjectEntry;
pub(super) use span::{TextPosition, TextSpan};
pub(super) use store::{NodeStore, NodeValue, ObjectBuilder};

/// The files of a definition as one tree of values.
#[derive(Debug, Default)]
pub struct Document {
    folder: String,
    files: Vec<SourceFile>,
    nodes: Vec<StoredNode>,
    store: NodeStore,
    targets: NodeMap<NodeId, ReferenceTarget>,
    /// The nodes that the last nodes are copies of, as schemas under other dynamic scopes are.
    originals: Vec<NodeId>,
    /// The contents of files named by `externalValue`, by Example Object.
    externals: NodeMap<NodeId, Arc<[u8]>>,
}

impl Document {
    /// Returns the node with a given id of this document.
    #[must_use]
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { document: self, id }
    }

    /// Returns the root of the definition's own file.
    #[must_use]
    pub fn root(&self) -> Option<Node<'_>> {
        self.files.first().and_then(|file| file.root).map(|root| self.node(root))
    }

    pub(super) fn new(folder: &str) -> Self {
        Self { folder: folder.trim_end_matches('/').to_owned(), ..Self::default() }
    }

    /// Returns the number of nodes in all files.
    #[must_use]
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// Begins a file of a given size in bytes.
    pub(super) fn begin_file(&mut self, path: &str, bytes: usize) {
        self.nodes.reserve((bytes / 12).min(MOST_NODES));
        self.store.reserve(bytes);
        let shown = self.path_of(path).into();
        self.files.push(SourceFile { path: path.to_owned(), shown, first: self.nodes.len(), root: None });
    }

    pub(super) fn end_file(&mut self, root: Option<NodeId>) {
        if let Some(file) = self.files.last_mut() {
            file.root = root;
        }
    }

    pub(super) fn root_of(&self, id: NodeId) -> Option<NodeId> {
        self.source_file(id).and_then(|file| file.root)
    }

    pub(super) fn root_of_file(&self, path: &str) -> Option<NodeId> {
        self.files.iter().find(|file| file.path == path).and_then(|file| file.root)
    }

    pub(super) fn add(&mut self, content: NodeValue, place: TextPosition) -> Option<NodeId> {
        let id = NodeId(u32::try_from(self.nodes.len()).ok()?);
        self.nodes.push(StoredNode { content, place });
        Some(id)
    }

    /// Adds a copy of a node; only once all files are read.
    pub(super) fn add_copy(&mut self, of: NodeId) -> Option<NodeId> {
        let StoredNode { content, place } = *self.stored(of)?;
        let copy = self.add(content, place)?;
        self.originals.push(of);
        Some(copy)
    }

    /// Replaces the items of a list or the values of an object's fields, all of them in their order.
    pub(super) fn set_parts(&mut self, id: NodeId, parts: &[NodeId]) {
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
    pub(super) fn original(&self, id: NodeId) -> NodeId {
        let first = self.nodes.len() - self.originals.len();
        id.index().checked_sub(first).and_then(|at| self.originals.get(at)).copied().unwrap_or(id)
    }

    pub(super) fn set_target(&mut self, reference: NodeId, next: NodeId) {
        self.targets.insert(reference, ReferenceTarget { next, meant: None, last: None });
    }

    pub(super) fn next_target(&self, reference: NodeId) -> Option<NodeId> {
        self.targets.get(&reference).map(|target| target.next)
    }

    /// Sets the end of a reference's chain, of which the rest must be resolved already.
    pub(super) fn settle_target(&mut self, reference: NodeId, last: NodeId) {
        let Some(next) = self.next_target(reference) else { return };
        let passes = self.node(next).is_bare_reference();
        let meant = if passes { self.targets.get(&next).and_then(|target| target.meant) } else { Some(next) };
        if let Some(target) = self.targets.get_mut(&reference) {
            target.last = Some(last);
            target.meant = meant;
        }
    }

    /// Stores the contents of the file named by an example's `externalValue`.
    pub(super) fn set_external(&mut self, example: NodeId, bytes: Arc<[u8]>) {
        self.externals.insert(example, bytes);
    }

    /// Returns the contents of the file named by an example's `externalValue`, if it lies beside the definition.
    pub(super) fn external(&self, example: NodeId) -> Option<&Arc<[u8]>> {
        self.externals.get(&example)
    }

    pub(super) fn last_target(&self, reference: NodeId) -> Option<NodeId> {
        self.targets.get(&reference).and_then(|target| target.last)
    }

    /// Returns the folder of the files, as named in findings.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    pub(super) fn path_of(&self, file: &str) -> String {
        if self.folder.is_empty() { file.to_owned() } else { format!("{}/{file}", self.folder) }
    }

    /// Lists the nodes from a given index on.
    pub(super) fn ids_from(&self, first: usize) -> impl Iterator<Item = NodeId> + use<> {
        (u32::try_from(first).unwrap_or(u32::MAX)..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX)).map(NodeId)
    }

    /// Returns the storage, for adding values.
    pub(super) fn store_mut(&mut self) -> &mut NodeStore {
        &mut self.store
    }

    /// Returns the position of a node's text.
    pub(super) fn text_of(&self, id: NodeId) -> Option<TextSpan> {
        if let NodeValue::String(text) = self.node(id).content() { Some(text) } else { None }
    }

    /// Returns the field of an object at a given index.
    pub(super) fn field(&self, object: NodeId, at: usize) -> Option<ObjectEntry> {
        self.store.fields(self.node(object).content()).get(at).copied()
    }

    fn stored(&self, id: NodeId) -> Option<&StoredNode> {
        self.nodes.get(id.0 as usize)
    }

    fn source_file(&self, id: NodeId) -> Option<&SourceFile> {
        let id = self.original(id);
        let after = self.files.partition_point(|file| file.first <= id.0 as usize);
        after.checked_sub(1).and_then(|index| self.files.get(index))
    }

    fn location(&self, id: NodeId, place: TextPosition) -> Location {
        let file = self.source_file(id).map_or_else(|| self.path_of("").into(), |file| Arc::clone(&file.shown));
        Location { file, line: place.line as usize, column: place.column as usize }
    }
}

#[derive(Debug)]
struct SourceFile {
    path: String,
    /// The path as named in findings.
    shown: Arc<str>,
    first: usize,
    root: Option<NodeId>,
}

#[derive(Debug, Clone, Copy)]
struct StoredNode {
    content: NodeValue,
    place: TextPosition,
}

/// The target of a reference: the next node of its chain, the first that is not a bare reference, and the last.
#[derive(Debug)]
struct ReferenceTarget {
    next: NodeId,
    meant: Option<NodeId>,
    last: Option<NodeId>,
}

/// The maximum number of values in all files of a definition.
pub(super) const MOST_NODES: usize = 800_000;
