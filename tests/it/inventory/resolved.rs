//! What `ops config check` shows.

use ops::inventory::{resolved, resolved_json};

use super::{EXAMPLE, SMALL, parse, with};

fn without_thresholds() -> String {
    let shown = resolved(parse(SMALL).unwrap().environment("prod").unwrap());
    let (before, after) = shown.split_once("  health:").unwrap();
    before.to_owned() + &after[after.find("  modules:").unwrap()..]
}

#[test]
fn the_smallest_environment_shows_every_default() {
    insta::assert_snapshot!(without_thresholds(), @r###"
    prod:
      protected: false
      state_dir: /var/lib/ops
      min_free_percent: 10
      droplets:
        - name: one
          host: 203.0.113.1
          roles: [web, db]
          compose: [compose.yaml]
          connect_timeout: 10s
          become: "no"
      stack:
        path: /opt/odoo
        compose: [compose.yaml]
        profiles: []
        web: odoo
        db: db
        database: odoo
        addons: []
        env: {}
      deploy:
        strategy: auto
        update: auto
        health_timeout: 2m
        drain: 30s
        keep_releases: 5
        snapshot: auto
        snapshot_days: 7
        watch: "off"
        backup:
          before: never
          max_age: 24h
          drill_max_age: 30d
      backup:
        path: /var/backups/ops
        keep:
          daily: 7
          weekly: 4
          monthly: 3
        missing_files: 0
        images: true
        schedule: 02:30
        offsite: []
      mask:
        emails: false
        phones: false
        names: false
        sql: []
      targets: {}
      modules: []
      checks: []
      notify: []
      hooks:
        pre_deploy: []
        post_deploy: []
        on_failure: []
    "###);
}

/// The lines of the smallest environment from one key to another.
fn shown_between(from: &str, to: &str) -> String {
    let inventory = parse(SMALL).unwrap();
    let shown = resolved(inventory.environment("prod").unwrap());
    shown[shown.find(from).unwrap()..shown.find(to).unwrap()].to_owned()
}

#[test]
fn the_smallest_environment_shows_every_threshold() {
    insta::assert_snapshot!(shown_between("  health:", "    connections:"), @r###"
    health:
      disk:
        warn: 80
        crit: 90
      memory:
        warn: 15
        crit: 7
      pressure:
        warn: 5
        crit: 20
      load:
        warn: 150
        crit: 300
      answer:
        warn: 2s
        crit: 5s
      certificate:
        warn: 30
        crit: 17
    "###);
    insta::assert_snapshot!(shown_between("    connections:", "    crons:"), @r###"
      connections:
        warn: 80
        crit: 95
      statement:
        warn: 5m
        crit: 30m
      slow:
        warn: 1s
        crit: 5m
      idle:
        warn: 5m
        crit: 15m
      blocked:
        warn: 1
        crit: 10
      wraparound:
        warn: 500
        crit: 1000
      growth:
        warn: 14
        crit: 3
    "###);
}

#[test]
fn the_smallest_environment_shows_every_threshold_of_odoo_and_what_stays() {
    insta::assert_snapshot!(shown_between("    crons:", "  harden:"), @r###"
      crons:
        warn: 1
        crit: 5
      mails:
        warn: 10
        crit: 100
      tracebacks:
        warn: 1
        crit: 20
      logins:
        warn: 500
        crit: 5000
      odoo_logins:
        warn: 30
        crit: 300
      log:
        warn: 500
        crit: 2000
      backup:
        warn: 26
        crit: 50
      skip: []
    "###);
}

#[test]
fn what_is_shown_can_be_read_again_and_means_the_same() {
    let inventory = parse(EXAMPLE).unwrap();
    for environment in inventory.environments.values() {
        let indented: String = resolved(environment).lines().map(|line| format!("  {line}\n")).collect();
        let text = format!("version: 1\nproject: insightpulse\nenvironments:\n{indented}");
        let again = parse(&text).unwrap_or_else(|error| panic!("{text}\n{}", super::rendered(&error)));
        assert_eq!(again.environment(&environment.name).unwrap(), environment);
    }
    let json = resolved_json(inventory.environments.values());
    assert_eq!(json["schema"], "ops.config/1");
    let mut json = json;
    json.as_object_mut().unwrap().remove("schema");
    assert_eq!(parse(&json.to_string()).unwrap().environments, inventory.environments);
}

#[test]
fn secrets_are_references_and_credentials_are_hidden() {
    let text = with(
        r#"notify: [{ kind: slack, url: "https://hooks.example.com/services/canary-4711" }]"#,
    )
    .replace(
        "database: odoo }",
        r#"database: odoo, git: { remote: "https://bot:canary-4711@example.com/a.git", ref: main },
             env: { A_PASSWORD: { env: A }, B: { file: b }, C: { cmd: [pass, c] }, D_TOKEN: canary-4711, E: plain } }"#,
    );
    let inventory = parse(&text).unwrap();
    let environment = inventory.environment("prod").unwrap();
    let shown = resolved(environment);
    let from = shown.find("  stack:").unwrap();
    let to = shown.find("  deploy:").unwrap();
    insta::assert_snapshot!(&shown[from..to], @r###"
    stack:
      path: /opt/odoo
      compose: [compose.yaml]
      profiles: []
      git:
        remote: "https://***@example.com/a.git"
        ref: main
        allow: []
      web: odoo
      db: db
      database: odoo
      addons: []
      env:
        A_PASSWORD: { env: A } # redacted
        B: { file: /project/b } # redacted
        C: { cmd: [pass, c] } # redacted
        D_TOKEN: "***"
        E: plain
    "###);
    let json = resolved_json([environment]).to_string();
    for shown in [shown, json] {
        assert!(!shown.contains("canary"), "{shown}");
        assert!(shown.contains("https://***@example.com/a.git"), "{shown}");
        assert!(shown.contains("https://hooks.example.com/***"), "{shown}");
    }
}
