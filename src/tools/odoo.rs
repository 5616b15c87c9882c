//! Odoo's own command line, always in a one-off container and with the flags that keep it from
//! binding a port, starting crons or being killed half-way (FACTS: `limit_memory_hard` applies to `-i`).

/// `odoo -d DB -i ..` into a database that does not exist yet.
pub fn create_database(database: &str, modules: &[String]) -> Vec<String> {
    let mut all = vec!["base".to_owned()];
    all.extend(modules.iter().filter(|module| *module != "base").cloned());
    let fixed = [
        "--stop-after-init",
        "--no-http",
        "--workers=0",
        "--max-cron-threads=0",
        "--limit-memory-hard=0",
        "--without-demo=all",
    ];
    let mut words = vec!["odoo".to_owned(), "-d".into(), database.to_owned(), "-i".into(), all.join(",")];
    words.extend(fixed.map(str::to_owned));
    words
}
