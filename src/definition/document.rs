//! The tree of a definition: values with the location of every token.
//!
//! All files of a definition share one arena. A YAML alias is not a copy but the same node, so the cost of a node is
//! paid once, however often it is referenced. Walks of the tree must therefore detect repetition and cycles by
//! [`NodeId`].

mod builder;
mod ids;
mod object;
mod span;
mod store;

use std::sync::Arc;

use serde_json::{Map, Number, Value};

use crate::model::Location;

pub use ids::{NodeId, NodeMap, NodeSet, SeenNodes};
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

/// A value of a definition, with its location.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    id: NodeId,
}

/// The type of a node, with its value if it is a scalar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NodeKind<'d> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(&'d Number),
    /// A text.
    String(&'d str),
    /// A list.
    Array,
    /// A mapping from names to values.
    Object,
}

impl<'d> Node<'d> {
    pub(super) fn document(self) -> &'d Document {
        self.document
    }

    /// Returns the node's id.
    #[must_use]
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Returns the type of the node.
    #[must_use]
    pub fn kind(self) -> NodeKind<'d> {
        match self.content() {
            NodeValue::Null => NodeKind::Null,
            NodeValue::Bool(value) => NodeKind::Bool(value),
            NodeValue::Number(place) => self.document.store.number(place).map_or(NodeKind::Null, NodeKind::Number),
            NodeValue::String(text) => NodeKind::String(self.document.store.text(text)),
            NodeValue::Array(_) => NodeKind::Array,
            NodeValue::Object(_) | NodeValue::LargeObject(_) => NodeKind::Object,
        }
    }

    /// Returns the value of a field; `None` if the node is not an object or lacks it.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Node<'d>> {
        self.entry(name).map(|entry| self.document.node(entry.value))
    }

    /// Iterates over the fields of an object in document order; empty for other nodes.
    pub fn entries(self) -> impl Iterator<Item = (&'d str, Node<'d>)> {
        let Document { store, .. } = self.document;
        let fields = store.fields(self.content()).iter();
        fields.map(move |entry| (store.text(entry.key.text()), self.document.node(entry.value)))
    }

    /// Iterates over the items of a list; empty for other nodes.
    pub fn items(self) -> impl Iterator<Item = Node<'d>> {
        self.document.store.items(self.content()).iter().map(move |id| self.document.node(*id))
    }

    /// Returns the text of a string.
    #[must_use]
    pub fn as_str(self) -> Option<&'d str> {
        if let NodeValue::String(text) = self.content() { Some(self.document.store.text(text)) } else { None }
    }

    /// Returns the value of a boolean.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        if let NodeValue::Bool(value) = self.content() { Some(value) } else { None }
    }

    /// Returns the text of a number of which a double is but the nearest; `None` for any other value.
    pub(crate) fn number_text(self) -> Option<&'d str> {
        if let NodeValue::Number(place) = self.content() { self.document.store.number_text(place) } else { None }
    }

    /// True if some numbers of its document are but the nearest doubles.
    pub(super) fn is_in_inexact_document(self) -> bool {
        self.document.store.has_inexact_numbers()
    }

    /// Returns the number; `None` for any other value.
    #[must_use]
    pub fn as_number(self) -> Option<&'d Number> {
        if let NodeValue::Number(place) = self.content() { self.document.store.number(place) } else { None }
    }

    /// True if it is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        matches!(self.content(), NodeValue::Object(_) | NodeValue::LargeObject(_))
    }

    /// True if it is a list.
    #[must_use]
    pub fn is_array(self) -> bool {
        matches!(self.content(), NodeValue::Array(_))
    }

    /// Returns the start of the value.
    #[must_use]
    pub fn location(self) -> Location {
        let place = self.document.stored(self.id).map_or(TextPosition::default(), |stored| stored.place);
        self.document.location(self.id, place)
    }

    /// Returns the location of a field's name, or of the object if it has no such field.
    #[must_use]
    pub fn key_location(self, name: &str) -> Location {
        self.entry(name).map_or_else(|| self.location(), |entry| self.document.location(self.id, entry.place))
    }

    /// Returns the path of the node's file, below the group's folder.
    #[must_use]
    pub fn file(self) -> &'d str {
        self.document.source_file(self.id).map_or("", |file| &file.path)
    }

    /// Returns the text of `$ref` in a Reference Object or a schema.
    #[must_use]
    pub fn reference(self) -> Option<&'d str> {
        self.get("$ref").and_then(Node::as_str)
    }

    /// Returns the node as it stands in its file, of which a copy has the targets of another dynamic scope.
    pub(super) fn original(self) -> Node<'d> {
        self.document.node(self.document.original(self.id))
    }

    /// Returns the end of the node's chain of references, or the node itself if it is not a reference.
    ///
    /// `None` if the reference cannot be resolved; the reader has reported it.
    #[must_use]
    pub fn resolve(self) -> Option<Node<'d>> {
        if self.reference().is_none() {
            return Some(self);
        }
        match self.document.targets.get(&self.id) {
            Some(ReferenceTarget { last: Some(last), .. }) => Some(self.document.node(*last)),
            _ => None,
        }
    }

    /// Returns the node that `$ref` names, one step of the chain.
    #[must_use]
    pub fn referenced(self) -> Option<Node<'d>> {
        self.document.targets.get(&self.id).map(|target| self.document.node(target.next))
    }

    /// Returns the first node of the chain of references that is not a bare reference.
    #[must_use]
    pub fn followed(self) -> Option<Node<'d>> {
        let target = self.document.targets.get(&self.id)?;
        target.meant.map(|meant| self.document.node(meant))
    }

    /// True if it is a reference without other fields.
    #[must_use]
    pub fn is_bare_reference(self) -> bool {
        self.reference().is_some() && self.entries().nth(1).is_none()
    }

    /// Converts the node to JSON, without resolving references; `None` if it has more than `most` values.
    ///
    /// Aliases are expanded, so a small file can represent a huge tree.
    #[must_use]
    pub fn to_value(self, most: usize) -> Option<Value> {
        let mut left = most;
        self.to_value_within(&mut left)
    }

    /// Converts the node to JSON and subtracts the number of values; `None` if the budget is exceeded.
    ///
    /// A long text counts as several values, in proportion to the time it takes to copy.
    pub(super) fn to_value_within(self, left: &mut usize) -> Option<Value> {
        take(left, 1 + self.as_str().map_or(0, str::len) / BYTES_A_VALUE)?;
        Some(match self.kind() {
            NodeKind::Null => Value::Null,
            NodeKind::Bool(value) => Value::Bool(value),
            NodeKind::Number(value) => Value::Number(value.clone()),
            NodeKind::String(value) => Value::String(value.to_owned()),
            NodeKind::Array => {
                Value::Array(self.items().map(|item| item.to_value_within(left)).collect::<Option<_>>()?)
            }
            NodeKind::Object => {
                let mut map = Map::new();
                for (key, value) in self.entries() {
                    take(left, key.len() / BYTES_A_VALUE)?;
                    map.insert(key.to_owned(), value.to_value_within(left)?);
                }
                Value::Object(map)
            }
        })
    }

    fn content(self) -> NodeValue {
        self.document.stored(self.id).map_or(NodeValue::Null, |stored| stored.content)
    }

    fn entry(self, name: &str) -> Option<&'d ObjectEntry> {
        self.document.store.find(self.content(), name)
    }
}

/// The number of bytes of a text that take about as long to copy as a value.
pub(super) const BYTES_A_VALUE: usize = 32;

/// Subtracts an amount; `None`, with nothing left, if that is more than remains.
fn take(left: &mut usize, amount: usize) -> Option<()> {
    let rest = left.checked_sub(amount);
    *left = rest.unwrap_or(0);
    rest.map(|_| ())
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Node({} at {})", self.id.0, self.location())
    }
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

    /// Lists the roots of all files, that of the definition's own first.
    pub(crate) fn roots(&self) -> impl Iterator<Item = Node<'_>> {
        self.files.iter().filter_map(|file| file.root).map(|root| self.node(root))
    }

    pub(super) fn new(folder: &str) -> Self {
        Self { folder: folder.trim_end_matches('/').to_owned(), ..Self::default() }
    }

    /// Returns the number of nodes in all files.
    #[must_use]
    pub fn size(&self) -> usize {
        self.nodes.len()
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
