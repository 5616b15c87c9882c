//! The switch of nginx from one slot to the other (`switch.sh`, `upstreams.awk`): what is changed, and what comes back.

use ops::tools::slots::{Server, Site};
use ops::tools::{page, site};

use crate::container_stubs::{container, docker};
use crate::nginx_stub::nginx;
use crate::sandbox::{Sandbox, Shell};
use crate::site_stubs::{Trouble, cure, in_every_shell, quick_sleep, tell};

const FILE: &str = "/etc/nginx/sites-enabled/odoo";
const KEEP: &str = "/var/lib/ops/p/runs/r/site";
const SITE: Site<'_> = Site { file: FILE, keep: KEEP, project: "p", container: None };

fn server(upstream: &str, old: &str, new: &str) -> Server {
    Server { upstream: upstream.into(), old: old.into(), new: new.into() }
}

fn servers() -> Vec<Server> {
    vec![
        server("odoo", "127.0.0.1:8069", "127.0.0.1:18069"),
        server("chat", "127.0.0.1:8072", "127.0.0.1:18072"),
    ]
}

/// A site as a first deploy writes it.
fn written() -> String {
    site::render("erp.example.com", "odoo", "chat", 8069, 8072)
}

fn switched() -> String {
    written().replace("127.0.0.1:8069", "127.0.0.1:18069").replace("127.0.0.1:8072", "127.0.0.1:18072")
}

fn serving(sandbox: &mut Sandbox, text: &str) {
    quick_sleep(sandbox);
    sandbox.sh("mkdir -p /var/lib/ops/p/runs/r").exits(0);
    nginx(sandbox, FILE, text);
}

#[track_caller]
fn loads(sandbox: &Sandbox, text: &str) {
    let loaded = sandbox.read("/run/nginx.loaded");
    assert!(loaded.ends_with(text), "nginx serves\n{loaded}\nwanted\n{text}");
}

#[test]
fn switch_points_nginx_to_the_other_slot_and_undo_restores_every_byte() {
    in_every_shell(|sandbox| {
        serving(sandbox, &written());
        sandbox.run(&SITE.switch(&servers())).exits(0);
        assert_eq!(sandbox.read(FILE), switched());
        loads(sandbox, &switched());
        // Repeated, it changes nothing and keeps the oldest text.
        sandbox.run(&SITE.switch(&servers())).exits(0);
        assert_eq!((sandbox.read(FILE), sandbox.read(KEEP)), (switched(), written()));
        for _ in 0..2 {
            sandbox.run(&SITE.back()).exits(0);
            assert_eq!(sandbox.read(FILE), written());
            loads(sandbox, &written());
        }
        assert!(!sandbox.exists(&format!("{KEEP}.next")) && !sandbox.exists(&format!("{KEEP}.new")));
    });
}

#[test]
fn undo_changes_nothing_where_nothing_was_switched() {
    in_every_shell(|sandbox| {
        serving(sandbox, &written());
        sandbox.run(&SITE.back()).exits(0);
        assert_eq!(sandbox.read(FILE), written());
        assert!(sandbox.calls("nginx").is_empty());
    });
}

#[test]
fn switch_restores_every_byte_when_nginx_refuses_the_text() {
    in_every_shell(|sandbox| {
        serving(sandbox, &written());
        sandbox.write("/stubs/nginx.refuses", "127.0.0.1:18072\n");
        sandbox
            .run(&SITE.switch(&servers()))
            .exits(1)
            .says(&["127.0.0.1:18072", "configuration test failed"]);
        assert_eq!(sandbox.read(FILE), written());
        loads(sandbox, &written());
    });
}

#[test]
fn switch_restores_every_byte_when_nginx_reads_another_file() {
    in_every_shell(|sandbox| {
        serving(sandbox, &written());
        // As in a container whose mount shows the file that an editor replaced.
        let elsewhere = Site { file: "/srv/site", ..SITE };
        sandbox.write("/srv/site", written());
        sandbox
            .run(&elsewhere.switch(&servers()))
            .exits(1)
            .says(&["nginx does not read /srv/site: upstream odoo has no server 127.0.0.1:18069 there"]);
        assert_eq!((sandbox.read("/srv/site"), sandbox.read(FILE)), (written(), written()));
    });
}

#[test]
fn switch_fails_when_a_tool_fails_and_undo_restores_every_byte() {
    in_every_shell(|sandbox| {
        serving(sandbox, &written());
        for (words, trouble) in [
            ("-T", Trouble::Fails),
            ("-T", Trouble::Garbage),
            ("-t", Trouble::Fails),
            ("-s reload", Trouble::Fails),
        ] {
            tell(sandbox, "nginx", trouble, words);
            sandbox.run(&SITE.switch(&servers())).exits(1);
            cure(sandbox, "nginx");
            sandbox.run(&SITE.back()).exits(0);
            assert_eq!(sandbox.read(FILE), written(), "{words} {trouble:?}");
            loads(sandbox, &written());
            sandbox.sh(&format!("rm -f {KEEP}")).exits(0);
        }
        assert!(!sandbox.exists("/tmp/hacked"));
    });
}

#[test]
fn switch_fails_when_no_worker_takes_the_new_configuration() {
    // One shell: three hundred looks take three seconds.
    let sandbox = &mut Sandbox::new(Shell::Dash);
    serving(sandbox, &written());
    sandbox.stub("sleep", ":");
    sandbox.write("/stubs/nginx.deaf", "");
    sandbox.run(&SITE.switch(&servers())).exits(1).says(&["its workers still have the old configuration"]);
    loads(sandbox, &written());
    sandbox.sh("rm /stubs/nginx.deaf").exits(0);
    sandbox.run(&SITE.back()).exits(0);
    assert_eq!(sandbox.read(FILE), written());
}

#[test]
fn maintenance_page_replaces_the_site_and_open_brings_it_back_with_other_servers() {
    in_every_shell(|sandbox| {
        serving(sandbox, &written());
        let text = "Back at 9:00 \"sharp\"; } $host \\ {# <script>";
        let shown = page::server(text);
        let at = format!("127.0.0.1:{}", page::PORT);
        let closed = [server("odoo", "127.0.0.1:8069", &at), server("chat", "127.0.0.1:8072", &at)];
        for _ in 0..2 {
            sandbox.run(&SITE.close(&closed, &shown)).exits(0);
            let all = written().replace("127.0.0.1:8069", &at).replace("127.0.0.1:8072", &at);
            assert_eq!(sandbox.read(FILE), format!("{all}\n{shown}\n"));
            loads(sandbox, &format!("{shown}\n"));
            assert_eq!(sandbox.read(KEEP), written());
        }
        for _ in 0..2 {
            sandbox.run(&SITE.open(&servers())).exits(0);
            assert_eq!(sandbox.read(FILE), switched());
            loads(sandbox, &switched());
        }
        // Its undo is the text from before the maintenance.
        sandbox.run(&SITE.back()).exits(0);
        assert_eq!(sandbox.read(FILE), written());
    });
}

#[test]
fn open_keeps_the_new_servers_for_another_try_when_nginx_refuses() {
    in_every_shell(|sandbox| {
        serving(sandbox, &written());
        sandbox
            .run(&SITE.open(&servers()))
            .exits(1)
            .says(&["is gone: the site's text before its maintenance"]);
        assert_eq!(sandbox.read(FILE), written());
        let at = format!("127.0.0.1:{}", page::PORT);
        let closed = [server("odoo", "127.0.0.1:8069", &at)];
        sandbox.run(&SITE.close(&closed, &page::server(page::TEXT))).exits(0);
        tell(sandbox, "nginx", Trouble::Fails, "-t");
        sandbox.run(&SITE.open(&servers())).exits(1);
        assert_eq!(sandbox.read(FILE), switched());
        loads(sandbox, &format!("{}\n", page::server(page::TEXT)));
        cure(sandbox, "nginx");
        sandbox.run(&SITE.open(&servers())).exits(0);
        loads(sandbox, &switched());
    });
}

#[test]
fn switch_works_when_nginx_is_in_a_container() {
    in_every_shell(|sandbox| {
        serving(sandbox, &written());
        docker(sandbox);
        let inside = Site { container: Some("proxy"), ..SITE };
        sandbox.run(&inside.switch(&servers())).exits(1).says(&["no running container of proxy"]);
        assert_eq!(sandbox.read(FILE), written());
        container(sandbox, "c0ffee", "proxy", &[]);
        sandbox.run(&inside.switch(&servers())).exits(0);
        loads(sandbox, &switched());
        let calls = sandbox.calls("docker");
        assert!(calls.contains(&"exec c0ffee nginx -s reload".to_owned()), "{calls:?}");
        tell(sandbox, "docker", Trouble::Fails, " ps ");
        sandbox.run(&inside.back()).exits(1);
        cure(sandbox, "docker");
        sandbox.run(&inside.back()).exits(0);
        assert_eq!(sandbox.read(FILE), written());
    });
}

/// A configuration, what is exchanged, and the configuration afterwards; none where the switch refuses.
struct Shape {
    text: &'static str,
    wanted: Option<&'static [(&'static str, &'static str)]>,
}

const SHAPES: [Shape; 10] = [
    // Comments with braces, quotes and the same words; options behind the address; a server that stays.
    Shape {
        text: "# upstream odoo { server 127.0.0.1:8069; } it's\nupstream odoo {\n\tserver 127.0.0.1:8069 max_fails=0; # 127.0.0.1:8069 }\n\tserver 10.0.0.2:8069 backup;\n\tkeepalive 32;\n}\nupstream chat { server 127.0.0.1:8072; }\nserver { location / { proxy_pass http://odoo; } }\n",
        wanted: Some(&[
            ("\tserver 127.0.0.1:8069 max", "\tserver 127.0.0.1:18069 max"),
            ("{ server 127.0.0.1:8072; }\ns", "{ server 127.0.0.1:18072; }\ns"),
        ]),
    },
    // Several server blocks, a variable in proxy_pass, quoted values with braces and semicolons.
    Shape {
        text: "upstream 'odoo' { server \"127.0.0.1:8069\"; }\nupstream chat { server 127.0.0.1:8072; }\nmap $http_upgrade $up { default \"a;}\"; '' close; }\nserver { set $backend \"http://odoo\"; location / { proxy_pass $backend; add_header X '{\"a\": \"b;c\"}'; } }\nserver { listen 81; location ~ \"^/(a|b){2}$\" { proxy_pass http://127.0.0.1:8069/${uri}; } }\n",
        wanted: Some(&[("\"127.0.0.1:8069\"", "127.0.0.1:18069"), ("127.0.0.1:8072", "127.0.0.1:18072")]),
    },
    // A statement over several lines, with a comment in it; carriage returns; no newline at the end.
    Shape {
        text: "upstream odoo\r\n{\r\n  server\r\n    # the first slot\r\n    127.0.0.1:8069\r\n    fail_timeout=0;\r\n}\r\nupstream chat { server 127.0.0.1:8072; } server { }",
        wanted: Some(&[
            ("127.0.0.1:8069", "127.0.0.1:18069"),
            ("127.0.0.1:8072", "127.0.0.1:18072"),
            ("server { }", "server { }\n"),
        ]),
    },
    // An upstream with the same server under another name stays.
    Shape {
        text: "upstream odoo-copy { server 127.0.0.1:8069; }\nupstream odoo { server 127.0.0.1:8069; }\nupstream chat { server 127.0.0.1:8072; }\n",
        wanted: Some(&[
            ("odoo { server 127.0.0.1:8069", "odoo { server 127.0.0.1:18069"),
            ("127.0.0.1:8072", "127.0.0.1:18072"),
        ]),
    },
    // Both upstreams have a server that only one of them gives up.
    Shape {
        text: "upstream chat { server 127.0.0.1:8072; server 127.0.0.1:8069 backup; }\nupstream odoo { server 127.0.0.1:8069; }\n",
        wanted: Some(&[
            ("127.0.0.1:8072", "127.0.0.1:18072"),
            ("odoo { server 127.0.0.1:8069", "odoo { server 127.0.0.1:18069"),
        ]),
    },
    // Escaped quotes and a `server` block in between.
    Shape {
        text: "server { return 200 \"a \\\" } upstream odoo { server 127.0.0.1:8069; \"; }\nupstream odoo { zone odoo 64k; server 127.0.0.1:8069; }\nupstream chat { server 127.0.0.1:8072; }\n",
        wanted: Some(&[
            ("64k; server 127.0.0.1:8069", "64k; server 127.0.0.1:18069"),
            ("127.0.0.1:8072", "127.0.0.1:18072"),
        ]),
    },
    // Letters of other scripts stay.
    Shape {
        text: "# Система обновляется — 系统\nupstream odoo { server 127.0.0.1:8069; }\nupstream chat { server 127.0.0.1:8072; }\nserver { return 200 'ж'; }\n",
        wanted: Some(&[("127.0.0.1:8069", "127.0.0.1:18069"), ("127.0.0.1:8072", "127.0.0.1:18072")]),
    },
    // The upstreams are in a file that this one includes.
    Shape {
        text: "include /etc/nginx/upstreams.conf;\nserver { location / { proxy_pass http://odoo; } }\n",
        wanted: None,
    },
    // No upstream at all.
    Shape { text: "server { location / { proxy_pass http://127.0.0.1:8069; } }\n", wanted: None },
    // Only one of the two is there.
    Shape {
        text: "upstream odoo { server 127.0.0.1:8069; }\nupstream chat { server unix:/run/chat; }\n",
        wanted: None,
    },
];

#[test]
fn switch_changes_the_named_servers_and_no_other_byte() {
    for (at, shape) in SHAPES.iter().enumerate() {
        let shell = Shell::ALL[at % 3];
        let sandbox = &mut Sandbox::new(shell);
        serving(sandbox, shape.text);
        let ran = sandbox.run(&SITE.switch(&servers()));
        let Some(wanted) = shape.wanted else {
            ran.exits(1).says(&["no longer has the servers that were seen"]);
            assert_eq!(sandbox.read(FILE), shape.text, "{shell:?}");
            continue;
        };
        ran.exits(0);
        let changed =
            wanted.iter().fold(shape.text.to_owned(), |text, (old, new)| text.replacen(old, new, 1));
        assert_eq!(sandbox.read(FILE), changed, "{shell:?}");
        sandbox.run(&SITE.back()).exits(0);
        assert_eq!(sandbox.read(FILE), shape.text, "{shell:?}");
    }
}

#[test]
fn switch_works_with_hostile_names() {
    in_every_shell(|sandbox| {
        let file = "/etc/nginx/sites-enabled/o d'o$(id)`id`;*";
        let keep = "/var/lib/ops/p/runs/r/-k e'e`id`p";
        let text = "upstream o.*\\o { server [::1]:8069; }\nupstream oxxo { server [::1]:8069; }\n";
        serving(sandbox, "");
        sandbox.write(file, text);
        let site = Site { file, keep, ..SITE };
        sandbox.run(&site.switch(&[server("o.*\\o", "[::1]:8069", "[::1]:18069")])).exits(0);
        assert_eq!(sandbox.read(file), text.replacen("[::1]:8069", "[::1]:18069", 1));
        sandbox.run(&site.back()).exits(0);
        assert_eq!(sandbox.read(file), text);
    });
}

#[test]
fn switch_writes_through_a_link_and_leaves_the_link() {
    in_every_shell(|sandbox| {
        serving(sandbox, "");
        sandbox.write("/etc/nginx/sites-available/odoo", written());
        sandbox
            .sh(&format!("chmod 640 /etc/nginx/sites-available/odoo; ln -sfn ../sites-available/odoo {FILE}"))
            .exits(0);
        sandbox.run(&SITE.switch(&servers())).exits(0);
        assert_eq!(sandbox.read("/etc/nginx/sites-available/odoo"), switched());
        sandbox.run(&SITE.back()).exits(0);
        assert_eq!(sandbox.read("/etc/nginx/sites-available/odoo"), written());
        sandbox.sh(&format!("[ -L {FILE} ] && [ \"$(stat -L -c %a {FILE})\" = 640 ]")).exits(0);
    });
}

#[test]
fn switch_leaves_the_site_as_it_was_when_the_disk_is_full() {
    for shell in Shell::each() {
        // Nothing can be kept.
        let sandbox = &mut Sandbox::with_disks(shell, &[("/var/lib", 65536)]);
        quick_sleep(sandbox);
        nginx(sandbox, FILE, &written());
        sandbox.sh("mkdir -p /var/lib/ops/p/runs/r; cat /dev/zero >/var/lib/full 2>/dev/null; :").exits(0);
        sandbox.run(&SITE.switch(&servers())).exits(1);
        assert_eq!(sandbox.read(FILE), written());
        sandbox.sh("rm /var/lib/full").exits(0);
        sandbox.run(&SITE.switch(&servers())).exits(0);
        loads(sandbox, &switched());
    }
}

#[test]
fn maintenance_page_leaves_the_site_as_it_was_when_the_disk_of_nginx_is_full() {
    for shell in Shell::each() {
        let sandbox = &mut Sandbox::with_disks(shell, &[("/etc/nginx/sites-enabled", 16384)]);
        quick_sleep(sandbox);
        sandbox.sh("mkdir -p /var/lib/ops/p/runs/r").exits(0);
        // The text and the page together need a second block, and there is none.
        let text = written() + &format!("# {}\n", "x".repeat(4000 - written().len()));
        nginx(sandbox, "/etc/nginx/before", &text);
        sandbox.sh(&format!("cat /etc/nginx/before >{FILE}; nginx -s reload; cat /dev/zero >/etc/nginx/sites-enabled/.full 2>/dev/null; :")).exits(0);
        let at = format!("127.0.0.1:{}", page::PORT);
        let closed = [server("odoo", "127.0.0.1:8069", &at), server("chat", "127.0.0.1:8072", &at)];
        sandbox.run(&SITE.close(&closed, &page::server(page::TEXT))).exits(1);
        sandbox.sh(&format!("cmp {FILE} /etc/nginx/before")).exits(0);
        sandbox.run(&SITE.back()).exits(0);
        sandbox.sh(&format!("cmp {FILE} /etc/nginx/before")).exits(0);
    }
}
