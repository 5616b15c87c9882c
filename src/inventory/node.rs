//! A tree to print: as YAML in the order it was made, or as JSON.

use serde_json::Value as Json;

use super::model::Source;

/// What `ops config check` prints.
#[derive(Debug, Clone)]
pub(super) enum Node<'a> {
    /// A text, a number, a truth, or a list of such.
    Plain(Json),
    List(Vec<Node<'a>>),
    Map(Vec<(String, Node<'a>)>),
    /// Where a secret comes from; never the secret.
    Reference(&'a Source),
}

impl<'a> Node<'a> {
    /// Without the keys that have no value.
    pub(super) fn map<K: Into<String>>(pairs: impl IntoIterator<Item = (K, Node<'a>)>) -> Self {
        let given = pairs.into_iter().filter(|(_, node)| !matches!(node, Node::Plain(Json::Null)));
        Node::Map(given.map(|(key, node)| (key.into(), node)).collect())
    }
}

impl Default for Node<'_> {
    fn default() -> Self {
        Node::Plain(Json::Null)
    }
}

impl From<Json> for Node<'_> {
    fn from(json: Json) -> Self {
        Node::Plain(json)
    }
}

impl<'a> FromIterator<Node<'a>> for Node<'a> {
    fn from_iter<I: IntoIterator<Item = Node<'a>>>(nodes: I) -> Self {
        Node::List(nodes.into_iter().collect())
    }
}

impl From<Node<'_>> for Json {
    fn from(node: Node<'_>) -> Self {
        match node {
            Node::Plain(json) => json,
            Node::List(nodes) => nodes.into_iter().map(Json::from).collect(),
            Node::Map(pairs) => {
                Json::Object(pairs.into_iter().map(|(key, node)| (key, node.into())).collect())
            }
            Node::Reference(source) => serde_json::json!(source),
        }
    }
}

impl Node<'_> {
    /// As YAML. Written here because no serializer puts a comment behind a mapping on one line; what
    /// is in quotes is JSON, which YAML contains.
    pub(super) fn yaml(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, "");
        out
    }

    /// Whole lines, each after `indent`.
    fn write(&self, out: &mut String, indent: &str) {
        let deeper = format!("{indent}  ");
        match self {
            Node::Map(pairs) => {
                for (key, node) in pairs {
                    out.push_str(&format!("{indent}{}:", text(key)));
                    match node.short() {
                        Some(short) => out.push_str(&format!(" {short}\n")),
                        None => {
                            out.push('\n');
                            node.write(out, &deeper);
                        }
                    }
                }
            }
            Node::List(nodes) => {
                for node in nodes {
                    let mut item = String::new();
                    node.write(&mut item, &deeper);
                    out.push_str(&format!("{indent}- {}", &item[deeper.len()..]));
                }
            }
            Node::Plain(_) | Node::Reference(_) => {
                out.push_str(&format!("{indent}{}\n", self.short().unwrap_or_default()));
            }
        }
    }

    /// What fits behind its key.
    fn short(&self) -> Option<String> {
        match self {
            Node::Plain(json) => Some(flow(json)),
            Node::Reference(source) => Some(format!("{} # redacted", flow(&serde_json::json!(source)))),
            Node::List(nodes) if nodes.is_empty() => Some("[]".to_owned()),
            Node::Map(pairs) if pairs.is_empty() => Some("{}".to_owned()),
            Node::List(_) | Node::Map(_) => None,
        }
    }
}

fn flow(json: &Json) -> String {
    match json {
        Json::String(word) => text(word),
        Json::Array(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Json::Object(map) => {
            let pairs: Vec<_> =
                map.iter().map(|(key, json)| format!("{}: {}", text(key), flow(json))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        other => other.to_string(),
    }
}

/// Without quotes only where it is read back as this very text.
fn text(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./@:+-".contains(c);
    let same = || serde_yaml::from_str::<Json>(word).is_ok_and(|json| json == word);
    if word.chars().all(plain) && same() { word.to_owned() } else { Json::from(word).to_string() }
}
