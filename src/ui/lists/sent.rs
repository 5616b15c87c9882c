//! What the channels answered that others are told by.

use serde_json::json;

use super::List;
use crate::notify::Sent;

/// `ops.notify/1`; in the order of the inventory.
pub fn sent(env: &str, sent: &[Sent]) -> List {
    let answer = |one: &Sent| match &one.answer {
        Ok(text) => ["ok".to_owned(), text.clone()],
        Err(why) => ["FAILED".to_owned(), why.clone()],
    };
    let row = |one: &Sent, took: String| {
        let [result, text] = answer(one);
        vec![one.kind.to_owned(), one.place.clone(), result, took, text]
    };
    let object = |one: &Sent| {
        let [_, text] = answer(one);
        json!({ "kind": one.kind, "place": one.place, "ok": one.answer.is_ok(), "answer": text, "millis": one.millis })
    };
    List {
        head: &["kind", "at", "result", "took", "answer"],
        rows: sent.iter().map(|one| row(one, format!("{} ms", one.millis))).collect(),
        raw: sent.iter().map(|one| row(one, one.millis.to_string())).collect(),
        json: json!({ "schema": "ops.notify/1", "env": env, "channels": sent.iter().map(object).collect::<Vec<_>>() }),
        empty: format!("{env} tells nobody."),
    }
}
