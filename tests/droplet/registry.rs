//! The stage: which registry it asks without TLS.

use crate::catalog::program;
use crate::sandbox::{Sandbox, Shell};

#[test]
fn stage_asks_a_registry_without_tls_only_when_the_engine_calls_it_insecure() {
    let text = program("deploy.stage").text();
    let functions = text.split_once("\ninsecure() {").unwrap().1.split_once("\ndescribe() {").unwrap().0;
    let cases = [
        ("registry.lab:5000/odoo:14", "yes"),
        ("10.1.2.3/odoo", "yes"),
        ("127.0.0.9:5000/a/b", "yes"),
        ("localhost:5000/a", "yes"),
        ("odoo:14", "no"),
        ("library/odoo", "no"),
        ("registryxlab:5000/odoo", "no"),
        ("registry.lab/odoo", "no"),
        ("10.2.0.1/odoo", "no"),
        ("127.evil.example/odoo", "no"),
        ("10.1.2.3.evil.example/odoo", "no"),
    ];
    let asked: String = cases.iter().map(|(image, _)| format!(" {image}")).collect();
    let wanted: String = cases.iter().map(|(image, answer)| format!("{image} {answer}\n")).collect();
    let script = format!(
        "insecure() {{{functions}\nfor image in{asked}; do (insecure \"$image\") && echo \"$image yes\" || echo \"$image no\"; done"
    );
    for shell in Shell::each() {
        let mut sandbox = Sandbox::new(shell);
        sandbox.stub("docker", "printf '%s\\n' registry.lab:5000 10.1.0.0/16 127.0.0.0/8 ::1/128");
        let ran = sandbox.sh(&script).exits(0);
        assert_eq!(ran.out, wanted, "{shell:?}\n{ran}");
    }
}
