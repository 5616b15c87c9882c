//! What a scheduled run that comes to its end tells.

use serde_json::Value;

use super::{
    CANARY, DIR, KEEPS, heard, in_each_shell, install, is_free, launch, night, outcomes, record, status, step,
};

#[test]
fn scheduled_run_goes_from_lock_to_close_and_tells_what_it_made() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.store", KEEPS, ""), step("backup.close", "true", "")]);
        night(stack, "A=1").exits(0).says(&["backup 20261130t011700z of prod is verified"]);
        let said = status(stack);
        assert_eq!(
            (&said["ok"], &said["exit"], &said["why"]),
            (&true.into(), &0.into(), &Value::Null),
            "{said}"
        );
        assert_eq!((&said["bytes"], &said["added"]), (&5000.into(), &70.into()), "{said}");
        assert!(said["run"].as_str().unwrap().ends_with("-night") && said["ended"].is_string(), "{said}");
        let record = record(stack);
        assert_eq!((&record["exit"], &record["operator"]), (&0.into(), &"schedule".into()), "{record}");
        assert_eq!(outcomes(&record), ["done", "done"]);
        assert_eq!(record["ledger"][0]["title"], "do \"backup.store\"");
        let audit = stack.sandbox.read(&format!("{DIR}/audit.jsonl"));
        let events: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let events: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(events, ["installed", "begin", "end"]);
        assert!(is_free(stack));
        let url = format!("https://hc.example.com/{CANARY}");
        assert_eq!(heard(stack), [format!("{url}/start?a=1"), format!("{url}?a=1")]);
        assert!(!stack.sandbox.calls("curl").join("\n").contains(CANARY), "an address is a secret");
        let metrics = stack.sandbox.read("/var/metrics/ops-backup-odoo.prom");
        for line in [
            "ops_backup_last_ok{env=\"prod\",project=\"odoo\"} 1",
            "ops_backup_verified_bytes{env=\"prod\",project=\"odoo\"} 5000",
        ] {
            assert!(metrics.contains(line), "{metrics}");
        }
    });
}

#[test]
fn scheduled_run_refuses_verbs_and_addresses_that_it_does_not_know() {
    in_each_shell(|stack| {
        install(stack, vec![step("backup.store", KEEPS, "")]);
        let started = launch(stack, "explode", "A=1");
        stack.sandbox.wait(started).exits(71);
        for address in
            ["ftp://hc.example.com/x", "https://hc.example.com/$(id)", "https://hc.example.com/a b"]
        {
            stack.sandbox.write(&format!("{DIR}/schedule/ping"), format!("PING_0123abcd='{address}'\n"));
            night(stack, "A=1").exits(0).says(&["an address of notify cannot be used"]);
        }
        assert!(heard(stack).is_empty());
        // One that is not heard fails nothing.
        stack.sandbox.write(&format!("{DIR}/schedule/ping"), "PING_0123abcd='https://hc.example.com/x'\n");
        stack.sandbox.stub("curl", "exit 22");
        night(stack, "A=1").exits(0).says(&["a notification was not heard (code 22)"]);
    });
}
