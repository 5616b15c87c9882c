//! One probable cause of a failed step, guessed from what it printed, with the command that looks closer.
//!
//! A hint on the failure card, for a person. Nothing is ever decided by it: whether a step failed, and what
//! follows, comes from exit codes of ours. Deliberately absent: more than one guess.

/// What it probably is, and what to type next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// One sentence, lower case, without a full stop.
    pub what: String,
    pub next: String,
}

/// Looks at one line; the rules are tried in this order, the surest first.
type Rule = fn(&str) -> Option<Cause>;

const RULES: [Rule; 10] = [
    disk_full,
    docker_down,
    memory,
    port_held,
    variable_unset,
    image_missing,
    registry,
    database,
    addons_path,
    import_error,
];

/// The probable cause, if a rule finds one. `lines`: the end of what the step printed, oldest first.
pub fn probable(lines: &[String]) -> Option<Cause> {
    let found = RULES.iter().find_map(|rule| lines.iter().rev().find_map(|line| rule(line)))?;
    Some(match module_of(lines) {
        Some(module) if found.what.starts_with("Python") => {
            Cause { what: format!("{}, in module {module}", found.what), ..found }
        }
        _ => found,
    })
}

fn cause(what: impl Into<String>, next: impl Into<String>) -> Option<Cause> {
    Some(Cause { what: what.into(), next: next.into() })
}

/// The text after `start`, up to `end`.
fn between<'a>(line: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let rest = &line[line.find(start)? + start.len()..];
    Some(rest.split(end).next().unwrap_or(rest)).filter(|text| !text.is_empty())
}

fn disk_full(line: &str) -> Option<Cause> {
    let ours = line.starts_with("the disk of ") && line.contains(" is full: ");
    let full = ours
        || line.to_lowercase().contains("no space left on device")
        || line.contains("Disk quota exceeded");
    full.then(|| cause("the droplet's disk is full", "df -h; docker system df   # on the droplet"))?
}

fn docker_down(line: &str) -> Option<Cause> {
    let down = line.contains("Cannot connect to the Docker daemon") || line == "Docker does not answer";
    down.then(|| {
        cause("Docker's engine does not run on the droplet", "systemctl status docker   # on the droplet")
    })?
}

fn memory(line: &str) -> Option<Cause> {
    let killed = line.contains("killed because it ran out of memory")
        || line.contains("Out of memory: Killed process");
    killed.then(|| {
        cause(
            "the container was killed for want of memory",
            "free -m; docker stats --no-stream   # on the droplet",
        )
    })?
}

fn port_held(line: &str) -> Option<Cause> {
    // A container holds it.
    if line.contains("port is already allocated") {
        let port = between(line, "Bind for ", " failed")?;
        let number = port.rsplit(':').next().unwrap_or(port);
        return cause(
            format!("port {port} is held by another container"),
            format!("docker ps --filter publish={number}   # on the droplet"),
        );
    }
    // Something else does.
    if line.contains("address already in use") {
        let port = between(line, "listen tcp4 ", ": bind")
            .or_else(|| between(line, "failed to bind host port for ", ":1"))
            .or_else(|| between(line, "listen tcp ", ": bind"))?;
        let number = port.rsplit(':').next().unwrap_or(port);
        return cause(
            format!("port {port} is held by a process outside Docker"),
            format!("ss -ltnp 'sport = :{number}'   # on the droplet"),
        );
    }
    None
}

fn variable_unset(line: &str) -> Option<Cause> {
    let name = between(line, "required variable ", " is missing").or_else(|| {
        let warned = line.contains("variable is not set. Defaulting to a blank string");
        warned.then(|| between(line, "The \"", "\"").or_else(|| between(line, "The \\\"", "\\\""))).flatten()
    })?;
    cause(
        format!("the variable {name} of the compose file has no value"),
        format!("grep -n {name} .env   # in the stack's directory"),
    )
}

fn image_missing(line: &str) -> Option<Cause> {
    if line.contains("manifest unknown") || line.contains("not found: manifest") {
        let image = between(line, "manifest for ", " not found").unwrap_or("the image");
        return cause(
            format!("{image} is not in the registry"),
            format!("docker manifest inspect {image}   # on the droplet"),
        );
    }
    if let Some(image) = between(line, "No such image: ", " ") {
        let image = image.trim_end_matches('.');
        return cause(
            format!("the image {image} is not on the droplet any more"),
            "docker image ls   # on the droplet",
        );
    }
    let denied = line.contains("pull access denied")
        || line.contains("unauthorized")
        || line.contains("no basic auth credentials");
    denied.then(|| {
        cause(
            "the droplet may not read this image: it is not logged in, or without the right",
            "docker login REGISTRY   # on the droplet, as the user who deploys",
        )
    })?
}

fn registry(line: &str) -> Option<Cause> {
    let host = between(line, "Get \"https://", "/v2/").or_else(|| between(line, "Get \"http://", "/v2/"))?;
    let gone = [
        "connection refused",
        "no such host",
        "i/o timeout",
        "deadline exceeded",
        "connection reset",
        "no route",
    ];
    gone.iter().any(|word| line.contains(word)).then(|| {
        cause(
            format!("the droplet cannot reach the registry {host}"),
            format!("curl -v https://{host}/v2/   # on the droplet"),
        )
    })?
}

fn database(line: &str) -> Option<Cause> {
    let (what, next) = if line.contains("password authentication failed for user") {
        let user = between(line, "for user \"", "\"").unwrap_or("Odoo's user");
        (
            format!("PostgreSQL refuses the password of {user}"),
            "compare the password in .env (or odoo.conf) with the one the database was made with",
        )
    } else if line.contains("could not translate host name") {
        let host = between(line, "host name \"", "\"").unwrap_or("of the database");
        (
            format!("Odoo's container knows no host {host}"),
            "docker compose config --services; docker network ls   # in the stack's directory: same network?",
        )
    } else if line.contains("FATAL:") && line.contains("does not exist") {
        let thing = between(line, "FATAL:", " does not exist").unwrap_or("what was asked for").trim();
        (
            format!("PostgreSQL has no {thing}"),
            "docker compose exec db psql -U postgres -l   # in the stack's directory",
        )
    } else if line.contains("too many clients already")
        || line.contains("remaining connection slots are reserved")
    {
        (
            "PostgreSQL has no free connection".to_owned(),
            "compare max_connections with Odoo's workers x db_maxconn",
        )
    } else if line.contains("port 5432 failed: Connection refused")
        || line.contains("Connection refused\" (db")
        || (line.contains("could not connect to server") && line.contains("Connection refused"))
    {
        (
            "PostgreSQL does not take connections: it is down, or starting".to_owned(),
            "docker compose ps db; docker compose logs --tail 50 db   # in the stack's directory",
        )
    } else {
        return None;
    };
    cause(what, next)
}

fn addons_path(line: &str) -> Option<Cause> {
    if line.contains("option --addons-path") {
        let path = between(line, "'", "'").unwrap_or("of addons_path");
        return cause(
            format!("the directory {path} of addons_path is not in the container"),
            "compare addons_path in odoo.conf with the volumes of the web service",
        );
    }
    let path = between(line, "invalid addons directory '", "'")?;
    cause(
        format!("{path} in addons_path holds no module"),
        "compare addons_path in odoo.conf with the volumes of the web service",
    )
}

fn import_error(line: &str) -> Option<Cause> {
    let kinds = ["ModuleNotFoundError: ", "ImportError: ", "SyntaxError: ", "IndentationError: "];
    let kind = kinds.iter().find(|kind| line.trim_start().starts_with(**kind))?;
    let said = line.trim_start().strip_prefix(kind)?;
    cause(
        format!("Python cannot load the code ({}{said})", kind),
        "the last \"File\" lines of the output name the place; fix it and deploy again",
    )
}

/// The Odoo module that a traceback's last own file belongs to.
fn module_of(lines: &[String]) -> Option<&str> {
    let of = |line: &'_ str| -> Option<(usize, usize)> {
        let start = line.find("File \"")? + 6;
        let path = line[start..].split('"').next()?;
        let rest = ["/extra-addons/", "/custom-addons/", "/addons/"]
            .iter()
            .find_map(|dir| Some(path.find(dir)? + dir.len()))?;
        let module = path[rest..].split('/').next()?;
        (!module.is_empty() && path[rest..].contains('/')).then_some((start + rest, module.len()))
    };
    let line = lines.iter().rev().find(|line| of(line).is_some())?;
    let (from, length) = of(line)?;
    line.get(from..from + length)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts as engines 20.10 and 26.1, Compose 2.26, Odoo 14 and PostgreSQL 15 print them.
    const RECORDED: [(&str, &str); 17] = [
        (
            "Error response from daemon: driver failed programming external connectivity on endpoint web (fb42): Bind for 127.0.0.1:8069 failed: port is already allocated.",
            "port 127.0.0.1:8069 is held by another container",
        ),
        (
            "Error response from daemon: driver failed programming external connectivity on endpoint web (db4f): Error starting userland proxy: listen tcp4 127.0.0.1:18999: bind: address already in use.",
            "port 127.0.0.1:18999 is held by a process outside Docker",
        ),
        (
            "Error response from daemon: manifest for registry.lab:5000/nothing:1 not found: manifest unknown: manifest unknown",
            "registry.lab:5000/nothing:1 is not in the registry",
        ),
        (
            "Error response from daemon: Get \"https://registry.lab:5999/v2/\": dial tcp 10.213.64.9:5999: connect: connection refused",
            "the droplet cannot reach the registry registry.lab:5999",
        ),
        (
            "docker: Error response from daemon: No such image: ops/none:1.",
            "the image ops/none:1 is not on the droplet any more",
        ),
        (
            "Error response from daemon: pull access denied for odoo-x, repository does not exist or may require 'docker login'",
            "the droplet may not read this image: it is not logged in, or without the right",
        ),
        (
            "Cannot connect to the Docker daemon at unix:///run/none.sock. Is the docker daemon running?",
            "Docker's engine does not run on the droplet",
        ),
        (
            "error while interpolating services.a.image: required variable IMG is missing a value: set it in .env",
            "the variable IMG of the compose file has no value",
        ),
        (
            "odoo did not become healthy: killed because it ran out of memory",
            "the container was killed for want of memory",
        ),
        ("write /var/lib/docker/tmp/x: no space left on device", "the droplet's disk is full"),
        ("the disk of /var/lib/ops/odoo is full: 12 kB are free", "the droplet's disk is full"),
        (
            "psycopg2.OperationalError: connection to server at \"db\" (172.18.0.2), port 5432 failed: FATAL:  password authentication failed for user \"odoo\"",
            "PostgreSQL refuses the password of odoo",
        ),
        (
            "psycopg2.OperationalError: could not translate host name \"database\" to address: Temporary failure in name resolution",
            "Odoo's container knows no host database",
        ),
        (
            "psycopg2.OperationalError: connection to server at \"db\" (172.18.0.2), port 5432 failed: Connection refused",
            "PostgreSQL does not take connections: it is down, or starting",
        ),
        ("FATAL:  database \"odoo\" does not exist", "PostgreSQL has no database \"odoo\""),
        (
            "odoo: error: option --addons-path: no such directory: '/mnt/gone'",
            "the directory /mnt/gone of addons_path is not in the container",
        ),
        (
            "2026-11-21 02:31:28,221 1 WARNING ? odoo.tools.config: option addons_path, invalid addons directory '/mnt/empty', skipped",
            "/mnt/empty in addons_path holds no module",
        ),
    ];

    #[test]
    fn every_recorded_text_has_its_cause() {
        for (text, wanted) in RECORDED {
            let around = ["starting".to_owned(), text.to_owned(), "see 'docker run --help'".to_owned()];
            let found = probable(&around);
            assert_eq!(found.as_ref().map(|cause| cause.what.as_str()), Some(wanted), "{text}");
            assert!(!found.unwrap().next.is_empty());
        }
    }

    #[test]
    fn an_import_error_names_the_module_whose_code_it_is() {
        let traceback = [
            "2026-11-21 02:31:28,220 1 CRITICAL odoo odoo.modules.module: Couldn't load module ipai_docs",
            "Traceback (most recent call last):",
            "  File \"/usr/lib/python3/dist-packages/odoo/modules/module.py\", line 370, in load_openerp_module",
            "    __import__('odoo.addons.' + module_name)",
            "  File \"/mnt/extra-addons/ipai_docs/__init__.py\", line 1, in <module>",
            "    import module_that_is_not_there",
            "ModuleNotFoundError: No module named 'module_that_is_not_there'",
        ]
        .map(str::to_owned);
        let what = probable(&traceback).unwrap().what;
        assert_eq!(
            what,
            "Python cannot load the code (ModuleNotFoundError: No module named 'module_that_is_not_there'), in module ipai_docs"
        );
    }

    #[test]
    fn ordinary_output_has_no_cause() {
        let lines = ["Container odoo-odoo-1  Recreated", "odoo is up", "unhealthy", "GET /web/login 200"]
            .map(str::to_owned);
        assert_eq!(probable(&lines), None);
        assert_eq!(probable(&[]), None);
    }
}
