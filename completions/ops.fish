if command -q ops
complete --keep-order --exclusive --command ops --arguments "(COMPLETE=fish ops -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"

else
# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_ops_global_optspecs
    string join \n config= output= color= v/verbose q/quiet no-input connections= h/help V/version
end

function __fish_ops_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_ops_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_ops_using_subcommand
    set -l cmd (__fish_ops_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c ops -n "__fish_ops_needs_command" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_needs_command" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_needs_command" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_needs_command" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_needs_command" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_needs_command" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_needs_command" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_needs_command" -s V -l version -d 'Print version'
complete -c ops -n "__fish_ops_needs_command" -f -a "deploy" -d 'Put a release on an environment\'s droplets: check, plan, ask, switch, verify, record'
complete -c ops -n "__fish_ops_needs_command" -f -a "rollback" -d 'Go back to a release that the droplets kept: code, and where it has to be, data'
complete -c ops -n "__fish_ops_needs_command" -f -a "install-modules" -d 'Install, update or uninstall Odoo modules of the release that runs, and prove it by SQL'
complete -c ops -n "__fish_ops_needs_command" -f -a "rehearse" -d 'Try the update of a deploy on a copy of the database, while production serves'
complete -c ops -n "__fish_ops_needs_command" -f -a "backup" -d 'Backups that were verified before they count: `ops backup ENV` makes one'
complete -c ops -n "__fish_ops_needs_command" -f -a "restore" -d 'Bring a backup back; what is there now is put aside, and never destroyed'
complete -c ops -n "__fish_ops_needs_command" -f -a "clone" -d 'Copy the data of one environment to another, made harmless'
complete -c ops -n "__fish_ops_needs_command" -f -a "recover" -d 'The droplet is gone: bring the whole stack back onto a bare one, from a backup off site'
complete -c ops -n "__fish_ops_needs_command" -f -a "schedule" -d 'Backups every night, and looks at health, by timers of the droplet, which need no laptop'
complete -c ops -n "__fish_ops_needs_command" -f -a "preflight" -d 'Check whether a deploy could begin, and say what to do where it could not'
complete -c ops -n "__fish_ops_needs_command" -f -a "health" -d 'Look at everything that runs, and say what is wrong, how bad, and what to do about it'
complete -c ops -n "__fish_ops_needs_command" -f -a "harden" -d 'Audit how safe each droplet is, and mend what can be mended'
complete -c ops -n "__fish_ops_needs_command" -f -a "doctor" -d 'Check this laptop, and each hop of the way to each droplet, and say how to put right what is wrong'
complete -c ops -n "__fish_ops_needs_command" -f -a "notify" -d 'Try the channels that others are told by'
complete -c ops -n "__fish_ops_needs_command" -f -a "logs" -d 'What the stack\'s containers log, on all droplets, in one order'
complete -c ops -n "__fish_ops_needs_command" -f -a "exec" -d 'Run a command on a droplet, or in a container of the stack; its exit code is that of ops'
complete -c ops -n "__fish_ops_needs_command" -f -a "shell" -d 'A shell on a droplet, or in a container of the stack'
complete -c ops -n "__fish_ops_needs_command" -f -a "psql" -d 'psql on the stack\'s database, in its own container; on a protected environment it only reads'
complete -c ops -n "__fish_ops_needs_command" -f -a "odoo-shell" -d 'Odoo\'s own shell on the environment\'s database, in a container like the one that serves'
complete -c ops -n "__fish_ops_needs_command" -f -a "audit" -d 'Who did what on an environment, and how it ended; --verify proves that no line was changed'
complete -c ops -n "__fish_ops_needs_command" -f -a "runs" -d 'What was done on an environment: list runs, show one, read its logs'
complete -c ops -n "__fish_ops_needs_command" -f -a "releases" -d 'What ran and can run again'
complete -c ops -n "__fish_ops_needs_command" -f -a "snapshots" -d 'Databases that deploys, installations and rollbacks put aside'
complete -c ops -n "__fish_ops_needs_command" -f -a "lock" -d 'Who may change an environment: one run at a time'
complete -c ops -n "__fish_ops_needs_command" -f -a "config" -d 'The inventory'
complete -c ops -n "__fish_ops_needs_command" -f -a "completions" -d 'Print the completion script of a shell'
complete -c ops -n "__fish_ops_needs_command" -f -a "man" -d 'Write the manual pages into a directory'
complete -c ops -n "__fish_ops_using_subcommand deploy" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l ref -d 'The branch, tag or commit to deploy; else the inventory\'s' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l image -d 'The image of the web service; else what the compose file says' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l strategy -d 'How the web service is brought to the new release; default: as the inventory says' -r -f -a "auto\t'Beside the old one where that works, else in its place; the plan says which and why'
blue-green\t'Beside the old one, or not at all: nobody is interrupted'
recreate\t'In its place: the site is interrupted for seconds'"
complete -c ops -n "__fish_ops_using_subcommand deploy" -l batch -d 'Web droplets that are switched at once, after the first one alone' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l skip -d 'Leave these web droplets out; they keep the release they have' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l retry -d 'Do the rest of this run, which stopped half-way through its droplets' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l update -d 'Update these modules in the database, and no others' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l watch -d 'Compare the release with the one before it for so long after the switch: 10m, or off; default: as the inventory says' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand deploy" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand deploy" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand deploy" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand deploy" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand deploy" -l allow-downgrade -d 'Deploy a ref that lacks commits which run now'
complete -c ops -n "__fish_ops_using_subcommand deploy" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand deploy" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand deploy" -l update-all -d 'Update every module'
complete -c ops -n "__fish_ops_using_subcommand deploy" -l no-update -d 'I know that no module needs an update of the database; with `deploy.update: hash`, a checksum is stored of those that have none'
complete -c ops -n "__fish_ops_using_subcommand deploy" -l no-backup -d 'Make no backup before, whatever deploy.backup.before says'
complete -c ops -n "__fish_ops_using_subcommand deploy" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand deploy" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand deploy" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand deploy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand rollback" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand rollback" -l to -d 'A kept release, or the beginning of its id or commit; else the one before what runs' -r
complete -c ops -n "__fish_ops_using_subcommand rollback" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand rollback" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand rollback" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand rollback" -l strategy -d 'How the web service is brought back; default: as the inventory says' -r -f -a "auto\t'Beside the old one where that works, else in its place; the plan says which and why'
blue-green\t'Beside the old one, or not at all: nobody is interrupted'
recreate\t'In its place: the site is interrupted for seconds'"
complete -c ops -n "__fish_ops_using_subcommand rollback" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand rollback" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand rollback" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand rollback" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand rollback" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand rollback" -l code-only -d 'The code alone, and only where the database fits it'
complete -c ops -n "__fish_ops_using_subcommand rollback" -l with-data -d 'The code and the database that was put aside; what was written since is lost'
complete -c ops -n "__fish_ops_using_subcommand rollback" -l force-code-only -d 'The code alone, although the database does not fit it'
complete -c ops -n "__fish_ops_using_subcommand rollback" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand rollback" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand rollback" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand rollback" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand rollback" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l update -d 'Modules to update, although their code did not change' -r
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l uninstall -d 'Modules to uninstall, with those that need them and with their data' -r
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand install-modules" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l all -d 'What the inventory names and the database does not have'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l repair -d 'Bring what an earlier run of Odoo left half-way to its end'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l list -d 'Show the modules that the running release has, all or those that are named, and stop'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l no-backup -d 'Make no backup before, whatever deploy.backup.before says'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand install-modules" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l ref -d 'The branch, tag or commit to deploy; else the inventory\'s' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l image -d 'The image of the web service; else what the compose file says' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l update -d 'Update these modules, and no others; default: those that a deploy would update' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l test-tags -d 'Run Odoo\'s own tests of these tags afterwards, as Odoo\'s option of the same name' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand rehearse" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l allow-downgrade -d 'Deploy a ref that lacks commits which run now'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l update-all -d 'Update every module'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l rollback -d 'Try the way back, too'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand rehearse" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "create" -d 'Make one'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "list" -d 'List what the repositories have, the newest first, and what is missing of what was promised'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "show" -d 'Show one: what it holds, by its own record'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "verify" -d 'Try whether one can come back; production is not touched'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "export" -d 'Make a zip of one that Odoo\'s own database manager takes, on the droplet'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "pull" -d 'Fetch one to this machine, as the zip that `export` makes'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "import" -d 'Make a backup out of a file of this machine: Odoo\'s own zip, a dump, a folder of click-odoo-backupdb'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "init" -d 'Make the repositories, and keep the secrets of those off site on the droplet'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "prune" -d 'Forget what is older than `backup.keep` in all repositories; every backup ends with this as well'
complete -c ops -n "__fish_ops_using_subcommand backup; and not __fish_seen_subcommand_from create list show verify export pull import init prune key" -a "key" -d 'Add a key for people to all repositories, and print it, once'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l from -d 'Try the copy in this place of backup.offsite; default: the one on the droplet' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l one-of -d 'Of so many parts of the repository read one, another each day: for large ones far away. The backup itself is read wholly' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l drill -d 'Restore it as well, into a server of its own'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l from -d 'Fetch it from this place of backup.offsite, or from `droplet`; else the droplet, or the first that has it' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from export" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l from -d 'Fetch it from this place of backup.offsite, or from `droplet`; else the droplet, or the first that has it' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l file -d 'Where it goes [default: ENV-BACKUP.zip here]' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l keep -d 'Leave the export on the droplet'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l missing-files -d 'So many files that its database names may be missing; else `backup.missing_files`' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand backup; and __fish_seen_subcommand_from key" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand restore" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand restore" -l to -d 'Bring it to this environment instead, made harmless' -r
complete -c ops -n "__fish_ops_using_subcommand restore" -l from -d 'Fetch it from this place of backup.offsite, or from `droplet`; else the droplet, or the first that has it' -r
complete -c ops -n "__fish_ops_using_subcommand restore" -l part -d 'Only the database, with the files that are there; or only files that are missing or damaged, while Odoo serves' -r -f -a "db\t''
filestore\t''"
complete -c ops -n "__fish_ops_using_subcommand restore" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand restore" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand restore" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand restore" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand restore" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand restore" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand restore" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand restore" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand restore" -l keep-code -d 'Keep the code that runs, whichever modules the backup has'
complete -c ops -n "__fish_ops_using_subcommand restore" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand restore" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand restore" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand restore" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand restore" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand clone" -l backup -d 'This backup, or the beginning of its id, or `latest`, instead of a new one' -r
complete -c ops -n "__fish_ops_using_subcommand clone" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand clone" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand clone" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand clone" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand clone" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand clone" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand clone" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand clone" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand clone" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand clone" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand clone" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand clone" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand clone" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand clone" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand recover" -l onto -d 'The bare droplet: its name in the inventory, or `[user@]host[:port]`' -r
complete -c ops -n "__fish_ops_using_subcommand recover" -l from -d 'The place of backup.offsite to fetch it from; else the first that answers' -r
complete -c ops -n "__fish_ops_using_subcommand recover" -l key-file -d 'A file with the key of the backups; else it is asked for' -r -F
complete -c ops -n "__fish_ops_using_subcommand recover" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand recover" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand recover" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand recover" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand recover" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand recover" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand recover" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand recover" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplet'
complete -c ops -n "__fish_ops_using_subcommand recover" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand recover" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand recover" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand recover" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand recover" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -f -a "install" -d 'Put the nightly program and the timers on the droplet, or bring them up to date'
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -f -a "status" -d 'Say whether they are installed as the inventory wants them, how the last went, when the next begins, and what was promised'
complete -c ops -n "__fish_ops_using_subcommand schedule; and not __fish_seen_subcommand_from install status remove" -f -a "remove" -d 'Take them away; the backups that there are stay'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l program -d 'The ops that looks at health there, made for the droplet\'s Linux; this one, where it is not named' -r -F
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand schedule; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand preflight" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand preflight" -l ref -d 'The branch, tag or commit to deploy; else the inventory\'s' -r
complete -c ops -n "__fish_ops_using_subcommand preflight" -l image -d 'The image of the web service; else what the compose file says' -r
complete -c ops -n "__fish_ops_using_subcommand preflight" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand preflight" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand preflight" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand preflight" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand preflight" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand preflight" -l allow-downgrade -d 'Deploy a ref that lacks commits which run now'
complete -c ops -n "__fish_ops_using_subcommand preflight" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand preflight" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand preflight" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand preflight" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand health" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand health" -l only -d 'Only these checks, by id or group' -r
complete -c ops -n "__fish_ops_using_subcommand health" -l fail-on -d 'What ends with exit code 9; what is unknown always does' -r -f -a "warn\t''
crit\t''"
complete -c ops -n "__fish_ops_using_subcommand health" -l confirm -d 'After how many seconds a second look has to confirm a change before it is told; 0: none has to' -r
complete -c ops -n "__fish_ops_using_subcommand health" -l write -d 'Write the answer to this file, at once and whole, instead of stdout' -r -F
complete -c ops -n "__fish_ops_using_subcommand health" -l watch -d 'Go on looking, so many seconds apart, and at once where a container changes' -r
complete -c ops -n "__fish_ops_using_subcommand health" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand health" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand health" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand health" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand health" -l all -d 'Every environment of the inventory'
complete -c ops -n "__fish_ops_using_subcommand health" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand health" -l notify -d 'Tell the channels of `notify` what changed since they were told last'
complete -c ops -n "__fish_ops_using_subcommand health" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand health" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand health" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l only -d 'Only these rules, by id or group' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l except -d 'All but these rules, by id or group' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l profile -d 'How far it goes; else as the inventory says' -r -f -a "base\t'Everybody'
strict\t'Those who pay for more safety with more care'"
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l fail-on -d 'From which severity on it ends with exit code 9' -r -f -a "low\t''
medium\t''
high\t''
critical\t''"
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l audit -d 'Change nothing; so it is with `--output json`, `sarif` and `markdown` as well'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand harden; and not __fish_seen_subcommand_from status" -a "status" -d 'What was changed, what went back, and what waits for a new login; exit code 9 where a person is needed'
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand harden; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand doctor" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand doctor" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand doctor" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand doctor" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand doctor" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand doctor" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand doctor" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand doctor" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand doctor" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand notify; and not __fish_seen_subcommand_from test" -f -a "test" -d 'Send a test through every channel, and show each answer and how long it took'
complete -c ops -n "__fish_ops_using_subcommand notify; and __fish_seen_subcommand_from test" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand notify; and __fish_seen_subcommand_from test" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand notify; and __fish_seen_subcommand_from test" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand notify; and __fish_seen_subcommand_from test" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand notify; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand notify; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand notify; and __fish_seen_subcommand_from test" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand notify; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand logs" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand logs" -l since -d 'Not older than this: 90s, 10m, 2h' -r
complete -c ops -n "__fish_ops_using_subcommand logs" -l tail -d 'So many lines of each container; default: 100, or all that --since leaves' -r
complete -c ops -n "__fish_ops_using_subcommand logs" -l grep -d 'Only lines in which this regular expression is found' -r
complete -c ops -n "__fish_ops_using_subcommand logs" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand logs" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand logs" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand logs" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand logs" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand logs" -s f -l follow -d 'Go on with what is said from now on'
complete -c ops -n "__fish_ops_using_subcommand logs" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand logs" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand logs" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand exec" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand exec" -l service -d 'In the container of this service of the stack' -r
complete -c ops -n "__fish_ops_using_subcommand exec" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand exec" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand exec" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand exec" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand exec" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand exec" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand exec" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand exec" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand exec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand shell" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand shell" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand shell" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand shell" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand shell" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand shell" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand shell" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand shell" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand shell" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand shell" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand psql" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand psql" -l confirm -d 'Confirm a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand psql" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand psql" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand psql" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand psql" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand psql" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand psql" -l write -d 'Let it write on a protected environment'
complete -c ops -n "__fish_ops_using_subcommand psql" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand psql" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand psql" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand psql" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -l confirm -d 'Confirm a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand odoo-shell" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand audit" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand audit" -l limit -d 'At most so many of the newest lines' -r
complete -c ops -n "__fish_ops_using_subcommand audit" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand audit" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand audit" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand audit" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand audit" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand audit" -l verify -d 'Check that every line still names the one before it'
complete -c ops -n "__fish_ops_using_subcommand audit" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand audit" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand audit" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand audit" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -f -a "list" -d 'List the runs of an environment, the newest first'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -f -a "show" -d 'Show one run: who, when, why, and how every step ended'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -f -a "logs" -d 'Print what the steps of a run printed on the droplets'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -f -a "attach" -d 'Watch a run from any laptop, from its begin to its end'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -f -a "resume" -d 'Finish a run whose laptop is gone: does what was not done yet'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -f -a "undo" -d 'Put back what a run did'
complete -c ops -n "__fish_ops_using_subcommand runs; and not __fish_seen_subcommand_from list show logs attach resume undo bundle" -f -a "bundle" -d 'Write everything about a run into one archive for a colleague, without secrets'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -l limit -d 'At most so many' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -l step -d 'Only this step' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from attach" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -l to -d 'The archive to write; must not be there yet' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand runs; and __fish_seen_subcommand_from bundle" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand releases; and not __fish_seen_subcommand_from list" -f -a "list" -d 'List the releases kept on an environment\'s droplets, the newest first'
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand releases; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -f -a "list" -d 'List them, the oldest first'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and not __fish_seen_subcommand_from list drop" -f -a "drop" -d 'Drop some of them for good; never the one that a rollback of what runs needs'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l reason -d 'Why, for colleagues and the journal' -r
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l wait-lock -d 'Wait so long for a lock that somebody else holds: 90s, 10m' -r
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -s n -l dry-run -d 'Show the plan and stop'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand snapshots; and __fish_seen_subcommand_from drop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -f -a "status" -d 'Say who holds the lock, since when, and whether they are alive'
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -f -a "take" -d 'Take the lock by hand, so that nobody deploys while you work'
complete -c ops -n "__fish_ops_using_subcommand lock; and not __fish_seen_subcommand_from status take release" -f -a "release" -d 'Give a lock back that was taken by hand, or take one away from a run that is dead'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -l reason -d 'Why, for those who meet the lock' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from take" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -l droplet -d 'Only these droplets of the environment' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -l confirm -d 'Confirm data loss or a protected environment by its name' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -s K -l ask-become-pass -d 'Ask for the password of sudo on the droplets'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -s y -l yes -d 'Answer yes; covers neither data loss nor a protected environment'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand lock; and __fish_seen_subcommand_from release" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand config; and not __fish_seen_subcommand_from check" -f -a "check" -d 'Check the inventory and show it with every default filled in, secrets hidden'
complete -c ops -n "__fish_ops_using_subcommand config; and __fish_seen_subcommand_from check" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand config; and __fish_seen_subcommand_from check" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand config; and __fish_seen_subcommand_from check" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand config; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand completions" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand completions" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand completions" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand completions" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand completions" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand completions" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand completions" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c ops -n "__fish_ops_using_subcommand man" -l config -d 'The inventory; else $OPS_CONFIG, ops.yaml here or above, your config directory' -r -F
complete -c ops -n "__fish_ops_using_subcommand man" -l output -d 'How results are written; markdown: preflight and health; prometheus, nagios: health only' -r -f -a "human\t''
json\t''
markdown\t'For a ticket; preflight and health only'
prometheus\t'For the textfile collector of Prometheus; health only'
nagios\t'For Nagios and its kin, with their exit codes; health only'
sarif\t'For tools that read findings of analysers; harden only'"
complete -c ops -n "__fish_ops_using_subcommand man" -l color -d 'Colours; auto honours NO_COLOR, CLICOLOR_FORCE and the terminal' -r -f -a "auto\t''
always\t''
never\t''"
complete -c ops -n "__fish_ops_using_subcommand man" -l connections -d 'New SSH connections at once' -r
complete -c ops -n "__fish_ops_using_subcommand man" -s v -l verbose -d 'Say more: the exact commands, the steps\' output; twice: whole scripts'
complete -c ops -n "__fish_ops_using_subcommand man" -s q -l quiet -d 'Say less: only warnings, questions, failures and what was asked for'
complete -c ops -n "__fish_ops_using_subcommand man" -l no-input -d 'Never ask; what would be asked ends with exit code 3'
complete -c ops -n "__fish_ops_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'

end
