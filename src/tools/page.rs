//! The page that nginx shows while nobody may reach Odoo: 503, so that search engines and monitors know, and
//! `Retry-After`, so that they come back.

/// Where nginx itself answers with the page, on its own loopback.
pub const PORT: u16 = 18_068;

/// What users read where the inventory has no text of its own.
pub const TEXT: &str = "The system is being updated and will be back in a few minutes.";

/// A server block with the page. `text` is shown as text: what HTML or nginx would read is escaped or left out.
pub fn server(text: &str) -> String {
    format!(
        r#"# Written by ops for the time of an update; it goes with it.
server {{
    listen 127.0.0.1:{PORT};
    access_log off;
    location / {{
        default_type "text/html; charset=utf-8";
        add_header Retry-After 30 always;
        add_header Cache-Control no-store always;
        return 503 "{}";
    }}
}}"#,
        html(text)
    )
}

/// `$` is a variable for nginx and cannot be escaped there; as HTML it can.
fn html(text: &str) -> String {
    let escaped: String = text
        .chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '$' => "&#36;".to_owned(),
            '\\' => "&#92;".to_owned(),
            c if c.is_control() => " ".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!(
        "<!doctype html><html><head><meta charset='utf-8'><meta http-equiv='refresh' content='15'>\
         <title>503</title></head><body style='font-family:sans-serif;text-align:center;margin-top:20vh'>\
         <p>{escaped}</p></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_the_inventory_stays_text() {
        let server = server("Back at 9:00 \"sharp\"; } $host \\ <script>");
        assert!(
            server.contains("Back at 9:00 &quot;sharp&quot;; } &#36;host &#92; &lt;script&gt;"),
            "{server}"
        );
        assert_eq!(server.matches('"').count(), 4, "the words of nginx are closed where we close them");
        assert!(!server.contains('$'), "{server}");
    }
}
